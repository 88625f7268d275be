"""How long the report page of a large sweep takes and how big it is: ``write_report`` on made-up tables.

The peer is Optuna's own history, importance and parallel-coordinate figures of as many trials, drawn and
written as HTML with Plotly inside, since that is what one would otherwise make by hand.

    python -m benchmarks.report [--quick] [--trials 5000]
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import optuna
from optuna import visualization

from mtl_search.report import write_report
from tests.fixtures.sweeps import synthetic_sweep

Result = TypeVar("Result")
TARGET_SECONDS, TARGET_MIB = 20.0, 15.0


def main() -> None:
    """Write both and print what they took."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="200 trials: shows that it runs, not how fast")
    parser.add_argument("--trials", type=int, default=5_000, help="trials of the search arm")
    arguments = parser.parse_args()
    trials = 200 if arguments.quick else arguments.trials
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sweep"
        board = synthetic_sweep(path, trials=trials)
        n = board.trials().num_rows
        seconds, page = timed(lambda: write_report(path))
        size = page.stat().st_size / 2**20
        study = made_up(n)
        peer_seconds, peer_size = timed(lambda: peer(study))
    print(f"{n:,} trials        seconds       MiB")
    print(f"report page    {seconds:12.1f} {size:9.1f}   (targets: {TARGET_SECONDS:g} s, {TARGET_MIB:g} MiB)")
    print(f"Optuna's three {peer_seconds:12.1f} {peer_size:9.1f}\n")
    figures = {
        "trials": n,
        "seconds": seconds,
        "mib": size,
        "peer_seconds": peer_seconds,
        "peer_mib": peer_size,
        "ratio_seconds": seconds / peer_seconds,
    }
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))


def timed(call: Callable[[], Result]) -> tuple[float, Result]:
    """How long ``call`` takes in seconds, and what it returns."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def made_up(n: int) -> optuna.Study:
    """A study of ``n`` trials with eight parameters."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0), direction="maximize")
    study.optimize(objective, n_trials=n)
    return study


def peer(study: optuna.Study) -> float:
    """Optuna's figures of ``study`` as HTML; the size in MiB."""
    figures = (
        visualization.plot_optimization_history(study),
        visualization.plot_param_importances(study),
        visualization.plot_parallel_coordinate(study),
    )
    pages = [figure.to_html(include_plotlyjs=index == 0) for index, figure in enumerate(figures)]
    return sum(len(page.encode()) for page in pages) / 2**20


def objective(trial: optuna.Trial) -> float:
    """A made-up value of eight parameters."""
    return sum(trial.suggest_float(f"x{index}", 0.0, 1.0) * index for index in range(8))


if __name__ == "__main__":
    main()
