"""The tree nearest to any cuts: how one integer per pair of tasks becomes a branching."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import combinations
from math import floor

from mtl_search.design.branching import Branching

__all__ = ["close_cuts"]

Pair = tuple[str, str]


def close_cuts(cuts: Mapping[Pair, int], members: Iterable[str], n_stages: int) -> Branching:
    """The branching that average linkage makes of one cut in ``1 .. n_stages`` per pair of members.

    The two groups with the largest average cut merge first, of equal ones those first by name, and share
    that average, rounded, half upwards. The cuts of a tree give that tree, so every tree can be reached.
    Pairs may be in either order; those with other tasks are ignored.

    >>> str(close_cuts({("a", "b"): 2, ("a", "c"): 1, ("b", "c"): 2}, ["a", "b", "c"], n_stages=2))
    'a b c / a b c'
    """
    names = sorted(members)
    totals = {(a, b): Fraction(_cut(cuts, a, b, n_stages)) for a, b in combinations(names, 2)}
    groups: dict[str, tuple[str, ...]] = {name: (name,) for name in names}  # by first name
    closed = [[n_stages] * len(names) for _ in names]
    while totals:
        a, b = min(totals, key=lambda pair: (-_average(totals, groups, pair), pair))
        shared = floor(_average(totals, groups, (a, b)) + Fraction(1, 2))
        for x in groups[a]:
            for y in groups[b]:
                i, j = names.index(x), names.index(y)
                closed[i][j] = closed[j][i] = shared
        groups[a] += groups.pop(b)
        del totals[a, b]
        for other in groups.keys() - {a}:
            totals[_pair(a, other)] += totals.pop(_pair(b, other))
    return Branching.from_cuts(names, n_stages, closed)


def _average(totals: Mapping[Pair, Fraction], groups: Mapping[str, tuple[str, ...]], pair: Pair) -> Fraction:
    return totals[pair] / (len(groups[pair[0]]) * len(groups[pair[1]]))


def _pair(a: str, b: str) -> Pair:
    return (a, b) if a < b else (b, a)


def _cut(cuts: Mapping[Pair, int], a: str, b: str, n_stages: int) -> int:
    cut = cuts[a, b] if (a, b) in cuts else cuts.get((b, a))
    if cut is None or not 1 <= cut <= n_stages:
        raise ValueError(f"cut of {a} and {b}: expected 1 to {n_stages}, found {cut}")
    return cut
