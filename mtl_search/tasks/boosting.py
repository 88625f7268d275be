"""Boosting: what boosted trees must know of a task to learn it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

__all__ = ["Boosting"]


@final
@dataclass(frozen=True, slots=True)
class Boosting:
    """The models that make up a task's outputs, side by side, each by its parameters for LightGBM.

    There is one model of the whole target, or one for each column of it. What they give before any link
    (log-odds, logits, the standardised number) are the task's outputs. ``unknown``: the target of a column
    that is missing in a labelled row. ``class_weights``: how much the rows of each class count; empty if all
    count the same.
    """

    models: tuple[Mapping[str, str | float], ...]
    unknown: float | None = None
    class_weights: tuple[float, ...] = ()
