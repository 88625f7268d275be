from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.design import Branching, close_cuts
from tests.fixtures.branchings import enumerate_branchings

Trees = Callable[..., st.SearchStrategy[Branching]]
Cuts = dict[tuple[str, str], int]


def cuts_of(tree: Branching) -> Cuts:
    return {(a, b): tree.cut(a, b) for a, b in combinations(tree.members, 2)}


def random_cuts(data: st.DataObject, n_stages: int) -> Cuts:
    return {pair: data.draw(st.integers(1, n_stages)) for pair in combinations("abcde", 2)}


@pytest.mark.parametrize("n_stages", [1, 2, 3])
def test_every_tree_is_reached_by_its_own_cuts(n_stages: int) -> None:
    for tree in enumerate_branchings("abcd", n_stages):
        assert close_cuts(cuts_of(tree), tree.members, n_stages) == tree


@given(st.data())
def test_every_tree_of_any_size_is_reached(trees: Trees, data: st.DataObject) -> None:
    tree = data.draw(trees())
    assert close_cuts(cuts_of(tree), tree.members, tree.n_stages) == tree


@given(st.data(), st.integers(1, 5))
def test_closing_a_closed_sample_changes_nothing(data: st.DataObject, n_stages: int) -> None:
    tree = close_cuts(random_cuts(data, n_stages), "abcde", n_stages)
    assert (tree.members, tree.n_stages) == (tuple("abcde"), n_stages)
    assert close_cuts(cuts_of(tree), "abcde", n_stages) == tree


@given(st.data())
def test_the_order_of_tasks_and_pairs_changes_nothing(data: st.DataObject) -> None:
    cuts = random_cuts(data, 4)
    turned = {pair[::-1] if data.draw(st.booleans()) else pair: cut for pair, cut in cuts.items()}
    shuffled = dict(data.draw(st.permutations(list(turned.items()))))
    members = data.draw(st.permutations("abcde"))
    assert close_cuts(shuffled, members, 4) == close_cuts(cuts, "abcde", 4)


@given(st.data())
def test_closing_stays_within_the_range_of_the_cuts(data: st.DataObject) -> None:
    cuts = random_cuts(data, 6)
    closed = cuts_of(close_cuts(cuts, "abcde", 6)).values()
    assert min(cuts.values()) <= min(closed)
    assert max(closed) <= max(cuts.values())
    assert max(closed) == max(cuts.values())  # the closest pair merges first, at its own cut


def test_groups_merge_at_their_average_rounded_half_upwards() -> None:
    tree = close_cuts({("a", "b"): 4, ("a", "c"): 1, ("b", "c"): 2}, "abc", 4)
    assert cuts_of(tree) == {("a", "b"): 4, ("a", "c"): 2, ("b", "c"): 2}
    tree = close_cuts({("a", "b"): 4, ("a", "c"): 1, ("b", "c"): 1}, "abc", 4)
    assert cuts_of(tree) == {("a", "b"): 4, ("a", "c"): 1, ("b", "c"): 1}


def test_the_average_counts_members_not_groups() -> None:
    far = {("a", "d"): 4, ("b", "d"): 1, ("c", "d"): 1}
    tree = close_cuts({("a", "b"): 5, ("a", "c"): 5, ("b", "c"): 5} | far, "abcd", 5)
    assert tree.cut("a", "d") == 2  # (4 + 1 + 1) / 3, not ((4 + 1) / 2 + 1) / 2


def test_ties_go_by_name() -> None:
    tree = close_cuts({("a", "b"): 2, ("b", "c"): 2, ("a", "c"): 1}, "abc", 4)
    assert tree.cut("a", "b") == 2
    assert str(close_cuts({("a", "b"): 3, ("b", "c"): 3, ("a", "c"): 1}, "abc", 3)) == (
        "a b c / a b c / a b | c"
    )


def test_other_pairs_are_ignored_and_one_member_needs_none() -> None:
    assert str(close_cuts({("a", "b"): 1, ("a", "z"): 9}, "ab", 2)) == "a b / a | b"
    assert str(close_cuts({}, ["a"], 2)) == "a / a"


@pytest.mark.parametrize(("cuts", "found"), [({}, "None"), ({("a", "b"): 0}, "0"), ({("b", "a"): 4}, "4")])
def test_a_cut_that_is_missing_or_outside_is_refused(cuts: Cuts, found: str) -> None:
    with pytest.raises(ValueError, match=f"cut of a and b: expected 1 to 3, found {found}"):
        close_cuts(cuts, "ab", 3)
