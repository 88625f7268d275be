"""Finalists: which of the composed designs are confirmed."""

from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.search.arms import SEARCH
from mtl_search.search.settings import Budget

__all__ = ["finalists"]


def finalists(designs: Sequence[Mapping[str, Any]], budget: Budget) -> list[Mapping[str, Any]]:
    """Rows of the table of designs.

    Of each arm its smallest design, which is the plain baseline, and its best. Of the search every number of
    networks, and runners-up until there are ``budget.finalists``.
    """
    if budget.finalists == 0 or budget.seeds == 0:
        return []
    chosen: list[Mapping[str, Any]] = []
    for arm in dict.fromkeys(design["arm"] for design in designs):
        rows = [design for design in designs if design["arm"] == arm]
        first = [design for design in rows if design["rank"] == 1]
        if arm == SEARCH:
            others = sorted((d for d in rows if d["rank"] > 1), key=lambda d: -d["delta_m"])
            chosen += first + others[: max(0, budget.finalists - len(first))]
        else:
            smallest = min(first, key=lambda design: design["n_networks"])
            best = max(first, key=lambda design: design["delta_m"])
            chosen += [smallest] if smallest is best else [smallest, best]
    return chosen
