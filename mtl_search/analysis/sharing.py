"""How the members of a network share it, as a word and as a number."""

import math
from collections.abc import Collection

from mtl_search.design.branching import read_stages

__all__ = ["HARD", "experts_of", "shared_stages", "way_of_sharing"]

HARD = "hard"


def way_of_sharing(text: str, members: Collection[str]) -> str:
    """The way of sharing that ``text`` describes, without its options; `HARD` if it is a branching.

    >>> way_of_sharing("age cost / age | cost", ["age", "cost"]), way_of_sharing("mmoe(experts=4)", ["age"])
    ('hard', 'mmoe')
    """
    return HARD if math.isfinite(shared_stages(text, members)) else text.partition("(")[0]


def experts_of(text: str, members: Collection[str]) -> str:
    """The ``text`` of a way of sharing that is no branching, options and all; else an empty one.

    >>> experts_of("mmoe(experts=4)", ["age", "cost"]), experts_of("age cost", ["age", "cost"])
    ('mmoe(experts=4)', '')
    """
    return text if len(members) > 1 and way_of_sharing(text, members) != HARD else ""


def shared_stages(text: str, members: Collection[str]) -> float:
    """How many stages two members go through together, mean over pairs; NaN if ``text`` is no branching."""
    stages, n = read_stages(text), len(members)
    if sorted(name for node in stages[0] for name in node) != sorted(members):
        return math.nan
    return sum(math.comb(len(node), 2) for nodes in stages for node in nodes) / max(math.comb(n, 2), 1)
