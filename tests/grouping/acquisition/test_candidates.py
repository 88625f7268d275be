"""Looking at all sets of a small space, and at the promising ones of a large one."""

import numpy as np

from mtl_search.grouping.acquisition.candidates import SCORED, climb, neighbours, pool
from mtl_search.grouping.member_space import Members, MemberSpace

LARGE = MemberSpace(tuple(f"t{i:02}" for i in range(24)), auxiliary=("x", "y"), min_members=2, max_members=20)
SMALL = MemberSpace(tuple("abcde"), min_members=2)


def test_a_small_space_is_looked_at_whole() -> None:
    assert set(pool(SMALL, (), np.random.default_rng(0))) == set(SMALL.sets())


def test_of_a_large_space_a_sample_and_what_is_near() -> None:
    near = ("t00", "t01", "t02")
    sets = pool(LARGE, [near], np.random.default_rng(0))
    assert len(sets) == len(set(sets)) > 250
    assert all(members in LARGE for members in sets)
    assert len(set(neighbours(near, LARGE)) & set(sets)) > 50
    many = [LARGE.draw(np.random.default_rng(seed)) for seed in range(20)]
    assert len(pool(LARGE, many, np.random.default_rng(0))) < 500


def test_neighbours_differ_in_one_member_or_exchange_one() -> None:
    assert set(neighbours(("a", "b"), SMALL)) == {
        *[tuple(sorted(("a", "b", new))) for new in "cde"],
        *[tuple(sorted((kept, new))) for kept in "ab" for new in "cde"],
    }
    assert ("a",) in neighbours(("a", "b"), MemberSpace(tuple("abcde")))


def test_neighbours_stay_in_the_space() -> None:
    assert neighbours(("a", "b"), MemberSpace(tuple("abc"), max_members=2, min_members=2)) == [
        ("b", "c"),
        ("a", "c"),
    ]
    assert neighbours(("a", "b"), MemberSpace(tuple("abc"), only=(("a", "b"), ("a", "b", "c")))) == [
        ("a", "b", "c")
    ]


def test_a_climb_finds_a_top_that_no_sample_holds() -> None:
    wanted = {f"t{i:02}" for i in range(0, 24, 2)}

    def likeness(sets: list[Members]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.array([-float(len(wanted ^ set(members))) for members in sets])

    start = pool(LARGE, (), np.random.default_rng(0))
    sets, scores = climb(LARGE, start, likeness)
    assert scores.max() >= likeness(start).max() + 3
    np.testing.assert_array_equal(scores, likeness(sets))
    assert len(sets) == len(set(sets))


def test_a_small_space_is_scored_once() -> None:
    calls: list[int] = []

    def score(sets: list[Members]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        calls.append(len(sets))
        return np.zeros(len(sets))

    climb(SMALL, list(SMALL.sets()), score)
    assert calls == [26]
    assert SMALL.count < SCORED
