"""What Ray's dashboard costs a sweep: the same small sweep with and without it, in turns, in one run.

``start``: from the command to the line that says where the results are, when Ray has started and the first
trial is about to be placed; ``whole``: to the end.

    python -m benchmarks.dashboard [--quick] [--rounds 5]
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.progress import track

PARTS = ("start", "whole")
TARGET = 1.05  # of the time without it
SWEEP = {
    "name": "dashboard",
    "data": {"source": "support2", "drop": ["death", "log_cost", "care_intensity"]},
    "tasks": {"hospital_death": "binary", "log_stay": "regression", "log_charges": "regression"},
    "budget": {"trials": 24, "reference_trials": 6, "repeats": 0, "finalists": 0, "seeds": 0},
    "references": {"linear": False, "trees": False},
    "sampler": {"name": "random", "grouping": "random"},
    "pruner": {"name": "none"},
    "trial": {
        "members": {"subset": {"min": 1, "max": 3}},
        "sharing": {"split": {"int": [1, 2]}},
        "trunk": {"name": "mlp", "stages": 2, "width": 64},
        "optimizer": {"name": "adamw", "lr": {"float": [1e-4, 1e-2], "log": True}},
        "epochs": 8,
        "batch_size": 256,
    },
}


def main() -> None:
    """Run both in turns and print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one round of a few trials: shows that it runs")
    parser.add_argument("--rounds", type=int, default=5, help="of both (default: 5)")
    arguments = parser.parse_args()
    sweep = {**SWEEP, "budget": {**SWEEP["budget"], "trials": 2, "reference_trials": 1}}  # type: ignore[dict-item]
    times: dict[str, list[tuple[float, ...]]] = {"without": [], "with": []}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sweep.yaml"
        file.write_text(json.dumps(sweep if arguments.quick else SWEEP), encoding="utf-8")
        for number in track(range(1 if arguments.quick else arguments.rounds), "rounds"):
            for name in (*times,) if number % 2 else reversed((*times,)):
                options = ["--no-dashboard"] if name == "without" else []
                times[name].append(run(file, f"{name}{number}", options))
    medians = {
        name: [statistics.median(part) for part in zip(*found, strict=True)] for name, found in times.items()
    }
    print(f"{'seconds':>8} {'without':>8} {'with':>8} {'ratio':>6}")
    for part, without, with_ in zip(PARTS, medians["without"], medians["with"], strict=True):
        print(f"{part:>8} {without:8.1f} {with_:8.1f} {with_ / without:6.2f}")
    print(f"target: at most {TARGET} of the whole time\n{json.dumps(medians)}")


def run(file: Path, name: str, options: list[str]) -> tuple[float, ...]:
    """Seconds to the start and to the end of one sweep."""
    command = [sys.executable, "-m", "mtl_search.cli", "run", str(file), "--results", str(file.parent)]
    began, start = time.perf_counter(), 0.0
    with subprocess.Popen([*command, "--name", name, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("results in "):
                start = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"the sweep ended with {process.returncode}")
    return start, time.perf_counter() - began


if __name__ == "__main__":
    main()
