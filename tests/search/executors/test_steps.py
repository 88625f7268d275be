"""What is decided does not depend on how many epochs fit into a step, which a busy machine changes."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from mtl_search.data import Dataset
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import TrialState
from mtl_search.search import run_sweep
from mtl_search.search.executors import inline, trainable
from mtl_search.search.executors.place import Place
from mtl_search.search.executors.searcher import SourceSearcher
from mtl_search.search.executors.trainable import TrainJob
from mtl_search.search.jobs import JobSource
from mtl_search.sweep import SweepSpec

RAN = {"started", "finished", "train_seconds", "device_seconds"}


def in_steps(source: JobSource, dataset: Dataset, place: Place) -> None:
    """What Tune does with one worker: step by step, asking about each step that leaves some to do."""
    searcher, number = SourceSearcher(source), 0
    worker: TrainJob = object.__new__(TrainJob)  # Tune's own constructor wants a cluster
    while (config := searcher.suggest(f"t{number}")) != SourceSearcher.FINISHED:
        worker.setup(config, dataset, place)
        while True:
            result = worker.step()
            if result["done"] or searcher.take(f"t{number}", result):
                break
        searcher.on_trial_complete(f"t{number}", result)
        number += 1


def decided(board: Leaderboard) -> list[list[str]]:
    """All of the trials but how long they took."""
    names = [field.name for field in fields(board.records()[0]) if field.name not in RAN]
    return [[repr(getattr(record, name)) for name in names] for record in board.records()]


@pytest.mark.parametrize("seconds", [0.0, 60.0], ids=["one epoch a step", "all epochs in a step"])
@pytest.mark.parametrize("name", ["asha", "median", "hyperband"])
def test_steps_decide_nothing(
    tiny_spec: Callable[..., SweepSpec],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    seconds: float,
) -> None:
    pruner: dict[str, Any] = {"asha": {"reduction_factor": 2}, "median": {"startup_trials": 1}}.get(name, {})
    spec = tiny_spec(
        budget={"trials": 12, "reference_trials": 2},
        sampler={"name": "tpe"},
        pruner={"name": name, "min_epochs": 1, **pruner},
        trial={"epochs": 9, "patience": 4},
    )
    whole = run_sweep(spec, tmp_path / "whole", inline=True).board
    assert {r.state for r in whole.records()} == {TrialState.COMPLETE, TrialState.PRUNED}
    monkeypatch.setattr(trainable, "STEP_SECONDS", seconds)
    monkeypatch.setattr(inline, "run_inline", in_steps)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    steps = run_sweep(spec, tmp_path / "steps", inline=True).board
    assert decided(steps) == decided(whole)
    assert steps.frame("epochs").drop(columns="seconds").equals(whole.frame("epochs").drop(columns="seconds"))
