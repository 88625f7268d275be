"""Two sweeps in the threads of one process: neither is any other than it would be alone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mtl_search.search import run_sweep
from mtl_search.sweep import SweepSpec


def test_two_sweeps_at_once_are_what_each_is_alone(
    tiny_spec: Callable[..., SweepSpec], tmp_path: Path
) -> None:
    """Where one draws from the other's generator, its networks begin with other weights."""
    trial = {"trunk": {"name": "mlp", "stages": 2, "width": 8, "dropout": 0.2}}
    budget = {"trials": 1, "reference_trials": 1}

    def scores(name: str) -> list[tuple[str, float]]:
        spec = tiny_spec(name=name, trial=trial, budget=budget)  # the name alone decides nothing
        records = run_sweep(spec, tmp_path, inline=True).board.records()
        return [(record.trial_id, record.score) for record in records]

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(scores, ("one", "other"))
    assert one == other == scores("alone")
