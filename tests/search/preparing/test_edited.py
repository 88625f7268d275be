"""A sweep file that was edited between two runs: told, or refused where results would be mixed."""

from collections.abc import Callable
from typing import Any

import pytest

from mtl_search.errors import SpecError
from mtl_search.search.preparing.edited import changes_since
from mtl_search.sweep.file import leaves

MakeBench = Callable[..., Any]
MINE = {"arms": {"mine": {"members": "all"}}}


@pytest.fixture
def begun(bench: MakeBench) -> Any:
    """A sweep with an arm of the user's, all of which were begun."""
    b = bench(**MINE)
    b.run(b.open())
    board = b.open().ledger.board
    board.note_sweep(leaves(b.spec))
    return board


def changes(board: Any, spec: Any) -> list[str]:
    return changes_since(board, spec, board.records())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, []),
        ({"budget": {"trials": 7}}, ["budget.trials is 7 now, and was 3"]),
        ({"resources": {"minutes": 3}}, ["resources.minutes is 3 now, and was nothing"]),
        ({"sampler": {"name": "tpe"}}, ['sampler.name is "tpe" now, and was "random"']),
        (
            {"arms": {**MINE["arms"], "more": {"members": "all"}}},
            ['arms.more.members is "all" now, and was nothing'],
        ),
    ],
    ids=str,
)
def test_what_is_for_what_is_still_to_come_is_told(
    begun: Any, tiny_spec: Callable[..., Any], change: dict[str, Any], said: list[str]
) -> None:
    assert changes(begun, tiny_spec(**{**MINE, **change})) == said


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"trial": {"epochs": 5}}, "trial.epochs: expected 2, as trials were trained with, found 5"),
        ({"trial": {"patience": 1}}, "trial.patience: expected nothing"),
        ({"name": "other"}, 'name: expected "tiny"'),
        ({"arms": None}, 'arms.mine.members: expected "all".*found nothing'),
        ({"arms": {"mine": {"members": ["cost", "ill"]}}}, "arms.mine.members"),
    ],
    ids=str,
)
def test_what_trials_were_trained_with_is_not_changed(
    begun: Any, tiny_spec: Callable[..., Any], change: dict[str, Any], place: str
) -> None:
    with pytest.raises(SpecError, match=place) as refused:
        changes(begun, tiny_spec(**{**MINE, **change}))
    assert "cannot be mixed" in str(refused.value)


def test_an_alternative_that_a_waiting_trial_has_is_not_removed(
    bench: MakeBench, tiny_spec: Callable[..., Any]
) -> None:
    """One that was handed out and has not ended: a resume would train it with what is not in the space."""
    ways = [{"name": "pcgrad"}, {"name": "uncertainty"}]
    b = bench(trial={"weighting": {"one_of": ways}})
    b.open().next()
    board = b.open().ledger.board
    board.note_sweep(leaves(b.spec))
    assert b.records() == []
    with pytest.raises(SpecError, match=r"trial\.weighting.*as trials were trained with") as refused:
        changes(board, tiny_spec(trial={"weighting": {"one_of": ways[1:]}}))
    assert "cannot be mixed" in str(refused.value)


def test_before_the_first_trial_everything_can_be_changed(
    bench: MakeBench, tiny_spec: Callable[..., Any]
) -> None:
    b = bench()
    board = b.open().ledger.board
    board.note_sweep(leaves(b.spec))
    assert changes(board, tiny_spec(trial={"epochs": 5})) == ["trial.epochs is 5 now, and was 2"]


def test_it_is_noted_once_until_it_changes(begun: Any, tiny_spec: Callable[..., Any]) -> None:
    def noted() -> int:
        return (begun.path / "trials.log").read_bytes().count(b'\n{"sweep": ')

    begun.note_sweep(leaves(tiny_spec(**MINE)))
    assert noted() == 1
    begun.note_sweep(leaves(tiny_spec(budget={"trials": 9}, **MINE)))
    assert noted() == 2
    assert begun.sweep()["budget", "trials"] == "9"
