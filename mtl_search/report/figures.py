"""A figure of the page: plotly's data with colours by name, so that light and dark are the page's choice."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mtl_search.arm_names import SEARCH, SHARED_EQUAL, SHARED_TUNED, SINGLE_TASK, TREES

__all__ = ["BAD", "GOOD", "PAPER", "Figure", "Panel", "colour", "figure", "palette", "panel", "with_alpha"]

GOOD, BAD, PAPER = "var(--good)", "var(--bad)", "var(--card)"

_OF_ARMS = {
    SEARCH: "var(--search)",
    SINGLE_TASK: "var(--single)",
    SHARED_EQUAL: "var(--equal)",
    SHARED_TUNED: "var(--tuned)",
    TREES: "var(--trees)",
}
_OTHERS = tuple(f"var(--s{number})" for number in range(1, 9))
_DIGITS = 5  # of numbers in the page: more than any pixel shows


@dataclass(frozen=True, slots=True)
class Panel:
    """One drawing: plotly's data and layout as JSON, and its height in pixels."""

    title: str
    json: str
    height: int


@dataclass(frozen=True, slots=True)
class Figure:
    """Drawings under one title, with what to see in them and a legend of names, colours and shapes.

    Panels stand side by side if there is room, one below the other on a phone; of ``choice`` one is shown
    at a time. ``listed`` has what is most worth reading in it as rows, for screens on which it is small.
    """

    key: str
    title: str
    note: str
    legend: tuple[tuple[str, str, str], ...]
    panels: tuple[Panel, ...]
    choice: bool = False
    listed: tuple[tuple[str, ...], ...] = ()


def panel(
    traces: Sequence[Mapping[str, Any]],
    layout: Mapping[str, Any],
    *,
    title: str = "",
    height: int = 340,
) -> Panel:
    """A drawing; colours are CSS variables (``var(--good)``), which the page's script replaces."""
    content = _plain({"data": list(traces), "layout": {"showlegend": False, **layout, "height": height}})
    return Panel(title, json.dumps(content, allow_nan=False), height)


def figure(
    key: str,
    title: str,
    note: str,
    *panels: Panel,
    legend: Iterable[tuple[str, str, str]] = (),
    choice: bool = False,
    listed: Iterable[tuple[str, ...]] = (),
) -> Figure:
    """A figure of ``panels``; ``legend`` has (name, colour, shape): a line, dot, ring or diamond."""
    return Figure(key, title, note, tuple(legend), panels, choice, tuple(listed))


def colour(arm: str, arms: Sequence[str]) -> str:
    """The colour of an arm, the same in all figures."""
    users = [name for name in arms if name not in _OF_ARMS]
    return _OF_ARMS[arm] if arm in _OF_ARMS else _OTHERS[users.index(arm) % len(_OTHERS)]


def palette(names: Iterable[str]) -> dict[str, str]:
    """Colours for names that are no arms."""
    return {name: _OTHERS[at % len(_OTHERS)] for at, name in enumerate(names)}


def with_alpha(name: str, alpha: float) -> str:
    """The colour ``name`` made transparent: the script reads the alpha after a slash."""
    return f"{name}/{alpha:g}"


def _plain(item: Any) -> Any:
    """``item`` as JSON can say it: NaN and infinity are null, numbers have few digits."""
    if isinstance(item, Mapping):
        return {name: _plain(part) for name, part in item.items()}
    if isinstance(item, np.ndarray):
        return _plain(item.tolist())
    if isinstance(item, list | tuple):
        return [_plain(part) for part in item]
    if isinstance(item, np.generic):
        return _plain(item.item())
    if isinstance(item, float):
        return float(f"{item:.{_DIGITS}g}") if math.isfinite(item) else None
    return item
