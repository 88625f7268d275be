"""What any member strategy must keep to, and what the plain ones promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.grouping.member_space import MemberSpace
from mtl_search.grouping.plain import EverySet, PairsFirst, RandomSets
from mtl_search.grouping.strategy import GroupingStrategy, Measurement, draw_least_trained

TASKS = tuple("abcdefghij")


@st.composite
def spaces(draw: st.DrawFn) -> MemberSpace:
    n_tasks = draw(st.integers(1, 6))
    n_main = draw(st.integers(1, n_tasks))
    smallest = draw(st.integers(1, n_tasks))
    return MemberSpace(TASKS[:n_main], TASKS[n_main:n_tasks], smallest, draw(st.integers(smallest, n_tasks)))


def trained(*sets: tuple[str, ...]) -> list[Measurement]:
    return [Measurement(members, dict.fromkeys(members, 0.0)) for members in sets]


def run(strategy: GroupingStrategy, steps: int) -> list[tuple[str, ...]]:
    chosen: list[tuple[str, ...]] = []
    for _ in range(steps):
        chosen.append(strategy.propose(trained(*chosen), []).members)
    return chosen


@given(spaces(), st.integers(0, 5))
def test_random_trains_every_set_once_before_any_twice(space: MemberSpace, seed: int) -> None:
    chosen = run(RandomSets(space, seed), space.count + 1)
    assert len(set(chosen[:-1])) == space.count
    assert chosen[-1] in space


def test_random_depends_on_its_seed_alone() -> None:
    space = MemberSpace(TASKS)
    assert run(RandomSets(space, 1), 10) == run(RandomSets(space, 1), 10) != run(RandomSets(space, 2), 10)


def test_random_counts_what_is_running_as_chosen() -> None:
    space = MemberSpace(("a", "b"))
    assert RandomSets(space, 0).propose(trained(("a",)), [("a", "b")]).members == ("b",)


@pytest.mark.parametrize("seed", range(3))
def test_pairs_come_first_each_once_in_an_order_of_the_seed(seed: int) -> None:
    space = MemberSpace(TASKS[:4], ("x", "y"))
    chosen = run(PairsFirst(space, seed), 20)
    assert sorted(chosen[:14]) == [m for m in space.sets() if len(m) == 2]
    assert chosen[:14] != sorted(chosen[:14])
    assert all(len(members) != 2 for members in chosen[14:])
    assert chosen[:14] != run(PairsFirst(space, seed + 1), 14)


def test_pairs_that_the_space_forbids_are_not_trained() -> None:
    assert {len(m) for m in run(PairsFirst(MemberSpace(TASKS[:5], min_members=3), 0), 8)} <= {3, 4, 5}


@given(spaces())
def test_every_set_is_trained_in_order_and_then_again(space: MemberSpace) -> None:
    assert run(EverySet(space), space.count + 1) == [*space.sets(), next(space.sets())]


def test_every_set_starts_at_once_where_there_are_a_billion() -> None:
    space = MemberSpace(tuple(f"t{i:02}" for i in range(30)))
    assert EverySet(space).propose(trained(("t00",)), [("t01",)]).members == ("t02",)


def test_the_least_trained_set_is_drawn() -> None:
    space = MemberSpace(("a", "b"))
    seen = {("a",): 2, ("b",): 1, ("a", "b"): 2}
    assert draw_least_trained(space, seen, np.random.default_rng(0)) == ("b",)
