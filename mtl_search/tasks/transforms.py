"""Transforms of a number to learn: in another unit the loss is fairer, and what it says is turned back."""

# N rows, L landmarks

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, final

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from scipy.special import ndtri
from torch import Tensor
from typing_extensions import override

from mtl_search.errors import DataError
from mtl_search.tasks.columns import count_rows, place

__all__ = ["AnyTransform", "Log1p", "Quantiles", "Transform"]

LANDMARKS = 256  # evenly spaced in the normal distribution, so that they reach into the tails

Values = NDArray[np.float64]


class Transform(ABC):
    """A strictly increasing function of a target, fitted on train; its values are what is learned."""

    __slots__ = ()

    @abstractmethod
    def forward(self, values_N: Values, name: str) -> Values:
        """The values as they are learned, NaN where they are; DataError for those that cannot be."""

    @abstractmethod
    def inverse(self, learned_N: Tensor) -> Tensor:
        """The values in their own unit again, exactly."""

    @abstractmethod
    def predicted(self, learned_N: Tensor) -> Tensor:
        """What a network's outputs mean in the target's own unit."""


@final
@dataclass(frozen=True, slots=True)
class Log1p(Transform):
    """log(1 + y): a factor counts the same at every size, and 0 may occur.

    >>> Log1p().forward(np.array([0.0, 99.0]), "cost").round(2).tolist()
    [0.0, 4.61]
    """

    kind: Literal["log1p"] = "log1p"

    @override
    def forward(self, values_N: Values, name: str) -> Values:
        low_N = values_N[values_N <= -1]
        if len(low_N):
            found = f"{count_rows(len(low_N))} at or below it, down to {low_N.min():g}"
            hint = "transform: quantile takes any number; values that mean no label go under missing"
            raise DataError(place(name), "numbers above -1, as transform: log1p needs them", found, hint)
        return np.log1p(values_N)

    @override
    def inverse(self, learned_N: Tensor) -> Tensor:
        return learned_N.expm1()

    @override
    def predicted(self, learned_N: Tensor) -> Tensor:
        return learned_N.expm1()


@final
@dataclass(frozen=True, slots=True)
class Quantiles(Transform):
    """The rank among the train rows, as a normal variable: any shape becomes a bell.

    Linear between landmarks, and beyond them for labels. Predictions stay within the range of train: there
    is no telling how far beyond it a rank lies.

    >>> fitted = Quantiles.fit(np.array([1.0, 10.0, 100.0]))
    >>> fitted.forward(np.array([1.0, 10.0, 100.0]), "cost").round(2).tolist()
    [-0.97, 0.0, 0.97]
    """

    values: tuple[float, ...]
    scores: tuple[float, ...]
    """Of the values: normal quantiles of their ranks."""
    kind: Literal["quantile"] = "quantile"

    @classmethod
    def fit(cls, values_N: Values, weights_N: Values | None = None) -> "Quantiles":
        """Of at least two values that differ; equal ones share their middle rank."""
        values, position_N = np.unique(values_N, return_inverse=True)
        counts = np.bincount(position_N, weights_N)
        scores = ndtri((counts.cumsum() - counts / 2) / counts.sum())
        if len(values) > LANDMARKS:
            scores_L = np.linspace(scores[0], scores[-1], LANDMARKS)
            values, scores = np.interp(scores_L, scores, values), scores_L
            rises = np.diff(values, prepend=-np.inf) > 0
            values, scores = values[rises], scores[rises]
        return cls(tuple(values.tolist()), tuple(scores.tolist()))

    @override
    def forward(self, values_N: Values, name: str) -> Values:
        return _linear(torch.tensor(values_N), self.values, self.scores).numpy()

    @override
    def inverse(self, learned_N: Tensor) -> Tensor:
        return _linear(learned_N, self.scores, self.values)

    @override
    def predicted(self, learned_N: Tensor) -> Tensor:
        return self.inverse(learned_N.clamp(self.scores[0], self.scores[-1]))


AnyTransform: TypeAlias = Annotated[Log1p | Quantiles, Field(discriminator="kind")]


def _linear(at_N: Tensor, from_: tuple[float, ...], to: tuple[float, ...]) -> Tensor:
    """The piecewise linear function through the landmarks, the outer pieces without an end."""
    from_L, to_L = at_N.new_tensor(from_), at_N.new_tensor(to)
    piece_N = torch.searchsorted(from_L, at_N.contiguous()).clamp(1, len(from_) - 1)
    slopes = to_L.diff() / from_L.diff()
    return to_L[piece_N - 1] + (at_N - from_L[piece_N - 1]) * slopes[piece_N - 1]
