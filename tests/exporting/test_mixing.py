"""Mixing: trees for the tasks that test showed them to be better for, and for no others."""

import dataclasses
from pathlib import Path

import pytest

from mtl_search.analysis.significance import Verdict
from mtl_search.bundle import Predictor
from mtl_search.errors import BundleError
from mtl_search.exporting import export
from mtl_search.exporting.mixing import with_trees
from mtl_search.leaderboard import Leaderboard

SUPPORT2 = Path(__file__).parent.parent.parent / "results" / "support2"


def judge(monkeypatch: pytest.MonkeyPatch, board: Leaderboard, better: set[str]) -> None:
    """Have trees be better than the recommended design for these tasks, and for no others."""
    judged = [
        dataclasses.replace(
            one,
            tasks=tuple(
                dataclasses.replace(t, vs_trees_verdict=Verdict.WORSE if t.task in better else Verdict.NONE)
                for t in one.tasks
            ),
        )
        for one in board.summary_records()
    ]
    monkeypatch.setattr(Leaderboard, "summary_records", lambda self: judged)


def test_trees_serve_what_they_are_better_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board, better = Leaderboard(SUPPORT2), {"log_charges", "hospital_death"}
    judge(monkeypatch, board, better)
    (row,) = [one for one in board.summary_records() if one.chosen]
    made = export(SUPPORT2, tmp_path / "model", allow_trees=True, seeds=1)
    predictor = Predictor.load(made.path)
    served = {task: model.kind for model in predictor.description.models for task in model.tasks}
    assert {task for task, kind in served.items() if kind == "trees"} == better
    assert served.keys() == {one.task for one in row.tasks}
    assert all(f"`{task}`" in predictor.card for task in better)
    mixed = with_trees(board, next(one for one in board.design_records() if one.chosen))
    assert mixed is not None
    (of_trees,) = [one for one in board.summary_records() if "trees" in one.arms]
    gains = {one.task: one.gain for one in of_trees.tasks}
    assert {one.task: one.gain for one in mixed.tested.tasks if one.task in better} == {
        task: gains[task] for task in better
    }


def test_only_the_recommended_design_is_compared_with_trees() -> None:
    board = Leaderboard(SUPPORT2)
    other = next(one for one in board.design_records() if not one.chosen)
    with pytest.raises(BundleError, match="expected the recommended design"):
        with_trees(board, other)


def test_where_trees_are_nowhere_better_nothing_is_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    board = Leaderboard(SUPPORT2)
    judge(monkeypatch, board, set())
    assert with_trees(board, next(one for one in board.design_records() if one.chosen)) is None
