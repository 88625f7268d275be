import time
from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.design import (
    Branching,
    count_branchings,
    count_designs,
    count_networks,
)
from tests.fixtures.branchings import enumerate_branchings

Trees = Callable[..., st.SearchStrategy[Branching]]


@pytest.mark.parametrize(
    ("n_stages", "known"),
    [
        (1, [1, 1, 1, 1, 1, 1, 1, 1]),
        (2, [1, 2, 5, 15, 52, 203, 877, 4140]),  # OEIS A000110, Bell numbers
        (3, [1, 3, 12, 60, 358, 2471, 19302, 167894]),  # A000258
        (4, [1, 4, 22, 154, 1304, 12915, 146115, 1855570]),  # A000307
        (5, [1, 5, 35, 315, 3455, 44590, 660665, 11035095]),  # A000357
    ],
)
def test_counts_are_the_known_ones(n_stages: int, known: list[int]) -> None:
    assert [count_branchings(n, n_stages) for n in range(1, 9)] == known


@pytest.mark.parametrize("n_stages", [1, 2, 3, 4])
@pytest.mark.parametrize("n_members", [1, 2, 3, 4])
def test_enumeration_gives_each_once_and_as_many_as_counted(n_members: int, n_stages: int) -> None:
    found = list(enumerate_branchings("abcd"[:n_members], n_stages))
    assert len(found) == len(set(found)) == count_branchings(n_members, n_stages)
    assert {(tree.members, tree.n_stages) for tree in found} == {(tuple("abcd"[:n_members]), n_stages)}


@given(st.data())
def test_every_tree_is_enumerated(trees: Trees, data: st.DataObject) -> None:
    tree = data.draw(trees(members="dbca", max_stages=3))
    assert tree in set(enumerate_branchings("abcd", tree.n_stages))


def test_large_counts_are_exact_and_fast() -> None:
    assert count_branchings(30, 2) == 846749014511809332450147  # B(30)
    start = time.process_time()
    assert count_branchings(30, 12) > 10**48
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(("n_members", "n_stages"), [(0, 2), (2, 0), (-1, 3)])
def test_nothing_to_branch_is_refused(n_members: int, n_stages: int) -> None:
    with pytest.raises(ValueError, match=f"expected a member and a stage, found {n_members} and {n_stages}"):
        count_branchings(n_members, n_stages)


def every_network(tasks: str, low: int, high: int, n_stages: int) -> list[Branching]:
    return [
        tree
        for size in range(low, high + 1)
        for members in combinations(tasks, size)
        for tree in enumerate_branchings(members, n_stages)
    ]


@pytest.mark.parametrize(("low", "high", "n_stages"), [(1, 4, 1), (1, 4, 3), (2, 3, 2), (4, 4, 2)])
def test_networks_are_as_many_as_enumerated(low: int, high: int, n_stages: int) -> None:
    assert count_networks(4, low, high, n_stages) == len(every_network("abcd", low, high, n_stages))


def test_networks_larger_than_the_tasks_are_none() -> None:
    assert count_networks(3, 1, 9, 2) == count_networks(3, 1, 3, 2)
    assert count_networks(3, 4, 9, 2) == 0


@pytest.mark.parametrize(
    ("low", "high", "n_stages", "k", "n_auxiliary"),
    [
        (1, 3, 1, 3, 0),
        (1, 3, 2, 2, 0),
        (2, 2, 2, 3, 0),
        (1, 2, 1, 1, 0),
        (1, 3, 2, 2, 1),
        (1, 2, 1, 3, 2),
    ],
)
def test_designs_are_as_many_as_sets_that_cover(
    low: int, high: int, n_stages: int, k: int, n_auxiliary: int
) -> None:
    networks = every_network("abc", low, high, n_stages)
    main = set("abc"[n_auxiliary:])
    covering = [
        chosen
        for size in range(1, k + 1)
        for chosen in combinations(networks, size)
        if main <= {task for tree in chosen for task in tree.members}
    ]
    assert count_designs(3, low, high, n_stages, k, n_auxiliary) == len(covering)
