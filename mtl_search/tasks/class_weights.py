"""How much the classes of a task count in its loss, as a sweep file says it."""

# K classes

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, PositiveFloat

from mtl_search.errors import DataError, nearest
from mtl_search.tasks.columns import Label, place

__all__ = ["ClassWeights", "class_weights"]


def _with_text_keys(value: object) -> object:
    """Keys as JSON keeps them, so that a class 3 and a class "3" are written alike."""
    return {str(key): factor for key, factor in value.items()} if isinstance(value, Mapping) else value


ClassWeights = (
    Annotated[dict[str, PositiveFloat], BeforeValidator(_with_text_keys)] | Literal["balanced"] | None
)
"""A factor per class (1 where not named), or ``balanced`` for as much weight on each class."""


def class_weights(
    said: Mapping[str, float] | Literal["balanced"] | None,
    name: str,
    classes: Sequence[Label],
    counts_K: NDArray[np.float64],
) -> tuple[float, ...]:
    """A weight for each class, from how often it occurs in train; empty if all count the same.

    >>> class_weights("balanced", "stage", ["i", "ii"], np.array([30.0, 10.0]))
    (0.6666666666666666, 2.0)
    """
    if said is None:
        return ()
    if said == "balanced":
        return tuple((counts_K.sum() / (len(classes) * counts_K)).tolist())
    names = [str(label) for label in classes]
    if unknown := [label for label in said if label not in names]:
        hint = nearest(unknown[0], names)
        raise DataError(place(name), "class_weights of classes in train", repr(unknown[0]), hint)
    return tuple(said.get(label, 1.0) for label in names)
