"""The sets of a space: listed, counted, drawn."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.grouping.member_space import MemberSpace

TASKS = tuple("abcdefg")


@st.composite
def spaces(draw: st.DrawFn) -> MemberSpace:
    n_tasks = draw(st.integers(1, 7))
    n_main = draw(st.integers(1, n_tasks))
    smallest = draw(st.integers(1, n_tasks))
    largest = draw(st.none() | st.integers(smallest, n_tasks))
    return MemberSpace(TASKS[:n_main], TASKS[n_main:n_tasks], smallest, largest)


@given(spaces())
def test_a_space_lists_each_of_its_sets_once_and_counts_them(space: MemberSpace) -> None:
    sets = list(space.sets())
    assert len(sets) == len(set(sets)) == space.count
    assert all(members in space for members in sets)
    assert [len(members) for members in sets] == sorted(len(members) for members in sets)
    every = itertools.chain.from_iterable(itertools.combinations(TASKS[:7], size) for size in range(8))
    assert set(sets) == {members for members in every if members in space}


@pytest.mark.parametrize("members", [(), ("b", "a"), ("a", "a"), ("x",), ("a", "z"), ("a", "b", "c", "x")])
def test_what_is_no_set_of_a_space_is_not_in_it(members: tuple[str, ...]) -> None:
    assert members not in MemberSpace(("a", "b", "c"), ("x",), max_members=3)


@pytest.mark.parametrize(
    "arguments",
    [
        {"main": ()},
        {"main": ("a", "a")},
        {"main": ("a",), "auxiliary": ("a",)},
        {"main": ("a", "b"), "min_members": 0},
        {"main": ("a", "b"), "min_members": 2, "max_members": 1},
        {"main": ("a", "b"), "max_members": 3},
        {"main": ("a", "b"), "only": ()},
        {"main": ("a", "b"), "only": (("a", "c"),)},
        {"main": ("a", "b"), "max_members": 1, "only": (("a", "b"),)},
    ],
)
def test_a_space_cannot_be_invalid(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        MemberSpace(**arguments)  # type: ignore[arg-type]


def test_a_space_of_given_sets_holds_those_alone() -> None:
    space = MemberSpace(("a", "b", "c"), only=(("c", "b"), ("a",), ("a",)))
    assert list(space.sets()) == [("a",), ("b", "c")]
    assert ("b", "c") in space
    assert ("a", "b") not in space
    assert {space.draw(np.random.default_rng(seed)) for seed in range(20)} == {("a",), ("b", "c")}


def test_draws_are_uniform_in_spaces_too_large_to_list() -> None:
    space = MemberSpace(tuple(f"t{i:02}" for i in range(24)), auxiliary=("x", "y"), min_members=2)
    assert space.listed() is None
    rng = np.random.default_rng(0)
    drawn = [space.draw(rng) for _ in range(2000)]
    assert all(members in space for members in drawn)
    assert np.mean([len(members) for members in drawn]) == pytest.approx(13, abs=0.3)
    assert np.mean(["x" in members for members in drawn]) == pytest.approx(0.5, abs=0.05)


def test_draws_from_a_large_space_hold_a_main_task() -> None:
    space = MemberSpace(("t",), auxiliary=tuple(f"x{i:02}" for i in range(20)))
    rng = np.random.default_rng(0)
    assert all("t" in space.draw(rng) for _ in range(50))
