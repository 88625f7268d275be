"""Failures: strategies count them, leave alone what always fails, and search the rest."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from mtl_search.grouping.bayesian import BayesianGrouping
from mtl_search.grouping.member_space import MemberSpace
from mtl_search.grouping.plain import EverySet, PairsFirst, RandomSets
from mtl_search.grouping.strategy import GroupingStrategy, Measurement, left_alone
from mtl_search.records import TrialState
from mtl_search.search.jobs import Job
from mtl_search.training import failure

MakeBench = Callable[..., Any]
WAYS = ("bayes", "random", "pairs", "exhaustive", "optuna")
THREE: dict[str, Any] = {
    "tasks": {"stage": "multiclass"},
    "data": {"drop": ["patient", "topics"]},
    "budget": {"trials": 20, "reference_trials": 1},
}


def failing(b: Any, fails: Callable[[Job], bool]) -> None:
    plain = b.outcome
    b.outcome = lambda job: failure(RuntimeError("out of memory")) if fails(job) else plain(job)


def searched(b: Any) -> Counter[tuple[tuple[str, ...], TrialState]]:
    return Counter((r.members, r.state) for r in b.records() if r.arm == "search")


@pytest.mark.parametrize("grouping", WAYS)
@pytest.mark.parametrize("slots", [1, 2])
def test_a_set_that_always_fails_is_left_alone_and_the_rest_is_searched(
    bench: MakeBench, grouping: str, slots: int
) -> None:
    b = bench(trial={"members": {"subset": {"min": 2, "max": 2}}}, sampler={"grouping": grouping}, **THREE)
    failing(b, lambda job: job.config.members == ("cost", "ill"))
    b.run(b.open(slots=slots), slots=slots)
    found = searched(b)
    assert found.total() == 20
    assert found[("cost", "ill"), TrialState.FAILED] <= 3 + slots - 1
    assert len({members for members, state in found if state is TrialState.COMPLETE}) == 2


@pytest.mark.parametrize("grouping", WAYS)
def test_no_set_is_searched_of_which_nothing_can_be_compared(bench: MakeBench, grouping: str) -> None:
    """A task that has no reference, or one that cannot be divided by, has no gain."""
    b = bench(trial={"members": {"subset": {"min": 1, "max": 2}}}, sampler={"grouping": grouping}, **THREE)
    failing(b, lambda job: job.config.members == ("ill",) and job.trial_id.startswith("single"))
    b.run(b.open())
    found = {members for members, _ in searched(b)}
    assert ("ill",) not in found
    assert any("ill" in members for members in found), "it may still help others"


@pytest.mark.parametrize("grouping", WAYS)
def test_where_every_set_fails_the_arm_ends_and_the_sweep_does_not(bench: MakeBench, grouping: str) -> None:
    b = bench(trial={"members": {"subset": {"min": 2, "max": 2}}}, sampler={"grouping": grouping}, **THREE)
    failing(b, lambda job: job.trial_id.startswith("search"))
    source = b.open()
    b.run(source)
    assert searched(b).total() <= 9, "three for each set"
    assert source.hopeless is None


def test_an_arm_that_fails_gives_up_alone(bench: MakeBench) -> None:
    b = bench(arms={"mine": {"members": "all", "weighting": {"name": "uncertainty"}}}, budget={"trials": 15})
    failing(b, lambda job: job.trial_id.startswith("mine"))
    source = b.open()
    b.run(source)
    counts = Counter(r.arm for r in b.records())
    assert counts == {"single_task": 4, "shared_equal": 4, "shared_tuned": 4, "mine": 10, "search": 15}
    assert source.hopeless is None


def test_a_task_that_fails_alone_gives_up_alone(bench: MakeBench) -> None:
    b = bench(budget={"reference_trials": 20})
    failing(b, lambda job: job.config.members == ("ill",) and job.trial_id.startswith("single"))
    source = b.open()
    b.run(source)
    alone = Counter(r.members for r in b.records() if r.arm == "single_task")
    assert alone == {("cost",): 20, ("ill",): 10}
    assert source.hopeless is None


def test_without_any_single_task_network_nothing_can_be_compared(bench: MakeBench) -> None:
    b = bench(budget={"reference_trials": 2})
    failing(b, lambda job: job.trial_id.startswith("single"))
    source = b.open()
    b.run(source)
    assert source.hopeless is not None
    assert "all of the 4 single-task trials failed" in source.hopeless


def measured(*sets: tuple[str, ...], failed: bool = True) -> list[Measurement]:
    return [Measurement(members, {} if failed else dict.fromkeys(members, 1.0), failed) for members in sets]


def test_left_alone_after_three_in_a_row() -> None:
    pair, other = ("a", "b"), ("a", "c")
    assert left_alone(measured(pair, pair)) == frozenset()
    assert left_alone(measured(pair, other, pair, pair)) == {pair}
    assert left_alone([*measured(pair, pair), *measured(pair, failed=False), *measured(pair)]) == frozenset()


@pytest.mark.parametrize(
    "build",
    [
        lambda space: RandomSets(space, 0),
        lambda space: PairsFirst(space, 0),
        EverySet,
        lambda space: BayesianGrouping(space, 2, 0),
    ],
)
def test_nothing_is_proposed_where_everything_fails(build: Callable[[MemberSpace], GroupingStrategy]) -> None:
    space = MemberSpace(("a", "b", "c"), min_members=2)
    everything = measured(*(members for members in space.sets() for _ in range(3)))
    assert build(space).propose(everything, []).members == ()
    singles = measured(("a",), ("b",), ("c",), failed=False)
    assert build(space).propose([*singles, *everything], []).members == ()


def test_sets_like_one_that_failed_promise_less() -> None:
    space = MemberSpace(tuple("abcdef"), min_members=3, max_members=3)
    known = measured(*((task,) for task in "abcdef"), failed=False)
    seen = [*known, *measured(("a", "b", "c"), ("a", "b", "d"))]
    assert len({"a", "b"} & set(BayesianGrouping(space, 2, 0).propose(seen, []).members)) < 2
