"""What tasks with a label at every position of an input have in common: its pixels, its tokens, its steps.

Losses are means over the labelled positions of all rows, so a row with more of them counts more. Metrics are
computed of sums a row, whose totals say all that a metric needs: nobody ever holds the outputs of all rows,
and rows are weighted or left out without going back to their positions.
"""

# N rows, B rows of a batch, X positions (one axis or several), K classes, S sums

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, ClassVar, Self, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, PrivateAttr
from torch import Tensor
from torch.nn import functional as F
from typing_extensions import override

from mtl_search.errors import DataError, nearest
from mtl_search.records import MetricKind
from mtl_search.tasks.base import Column, Layout, Level, Task, TaskOptions
from mtl_search.tasks.columns import listing
from mtl_search.tasks.metrics import Measure

__all__ = [
    "NO_LABEL",
    "DenseOptions",
    "DenseTask",
    "Sums",
    "class_losses",
    "counts_by_class",
    "known_codes",
    "mean_f1",
    "mean_iou",
    "measure_of_sums",
    "share_right",
    "shares_by_class",
]

Sums: TypeAlias = NDArray[np.float64]

AT_ONCE = 2**22  # positions that are looked at together, which bounds the memory

NO_LABEL = -1  # the code of a position without a label; as uint8 it reads 255

AXES: Mapping[Level, int] = {"pixel": 2, "token": 1}
INPUTS: Mapping[Level, str] = {"pixel": "an image", "token": "a text or a series"}


class DenseTask(Task, ABC):
    """A task with labels at the positions of one input; a row is labelled if any of its positions is.

    Encoded targets are N x X: codes of classes, -1 or 255 where there is no label, or numbers, NaN there.
    Outputs are N x K x X for pixels and N x X x K for tokens.
    """

    __slots__ = ()

    over: str
    """The input that the labels lie over."""
    positions: tuple[int, ...]
    """X: the height and width of the image as networks read it, or the largest length."""

    @property
    @override
    def output_shape(self) -> tuple[int, ...]:
        width = (self.n_outputs,)
        return (*width, *self.positions) if self.level == "pixel" else (*self.positions, *width)

    def extents(self, columns: Sequence[Column]) -> NDArray[np.int64] | None:
        """N x A: how long the labels of each row are along each axis of X, as they are stored, to be compared
        with the input that they lie over; -1 where a row has none or does not say, None if no row does."""
        return None

    @override
    def signals(self, targets_N: Tensor) -> Tensor:
        """Summaries of the rows, NaN of a row without a label."""
        rows = max(1, AT_ONCE // math.prod(self.positions))
        return torch.cat([self.summaries(targets_B) for targets_B in targets_N.split(rows)])

    @abstractmethod
    def summaries(self, targets_B: Tensor) -> Tensor:
        """The same of so many rows as may be looked at together: B x S."""

    @abstractmethod
    @override
    def evidence(self, outputs_NK: Tensor, targets_N: Tensor) -> tuple[Tensor, Tensor]:
        """``(sums_NS, n_labelled_N)``, sums as float64; those of a row with outputs that are not finite are
        NaN."""


class DenseOptions(TaskOptions, ABC):
    """The options of these tasks: ``over``, the input that the labels lie over (default: the only one of a
    kind that fits). ``missing`` are values of a position, such as an ignored class.
    """

    level: ClassVar[Level]

    over: Annotated[str, Field(min_length=1)] | None = None
    _layout: Layout | None = PrivateAttr(default=None)

    @override
    def laid_over(self, layouts: Mapping[str, Layout]) -> Self:
        fitting = [name for name, of in layouts.items() if len(of.positions) == AXES[self.level]]
        if self.over is not None and self.over not in fitting:
            expected = f"the name of an input that is {INPUTS[self.level]}"
            raise DataError("over", expected, repr(self.over), nearest(self.over, fitting or layouts))
        if self.over is None and len(fitting) != 1:
            found = listing(fitting) if fitting else "none"
            hint = "say which with over" if fitting else "declare it under data.inputs"
            raise DataError(self.kind, f"{INPUTS[self.level]} among the inputs", found, hint)
        known = self.model_copy()
        known._layout = layouts[self.over or fitting[0]]
        return known

    @property
    def layout(self) -> Layout:
        """The input that the labels lie over; ``laid_over`` found it."""
        if self._layout is None:
            raise ValueError(f"a task of kind {self.kind} is laid over an input before it is fitted")
        return self._layout


def known_codes(codes_BX: Tensor, labelled_B: Tensor | None, n_classes: int) -> Tensor:
    """The codes as int64, ``NO_LABEL`` where there is none of a class or the row is said not to be labelled.

    >>> codes_BX = torch.tensor([[0, 1, 255], [1, 1, 0]], dtype=torch.uint8)
    >>> known_codes(codes_BX, torch.tensor([True, False]), 2).tolist()
    [[0, 1, -1], [-1, -1, -1]]
    """
    codes_BX = codes_BX.long()
    known_BX = (codes_BX >= 0) & (codes_BX < n_classes)
    if labelled_B is not None:
        known_BX &= by_row(labelled_B, codes_BX)
    return codes_BX.masked_fill(~known_BX, NO_LABEL)


def class_losses(
    logits_BKX: Tensor, codes_BX: Tensor, weights_K: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """``(losses_BX, counts_BX)``: the cross-entropy at each position by the weight of its class, and that
    weight, which the mean divides by; both 0 where the code is ``NO_LABEL``."""
    losses_BX = F.cross_entropy(logits_BKX, codes_BX, weights_K, ignore_index=NO_LABEL, reduction="none")
    known_BX = codes_BX != NO_LABEL
    if weights_K is None:
        return losses_BX, known_BX.to(losses_BX.dtype)
    return losses_BX, weights_K[codes_BX.clamp_min(0)] * known_BX


def by_row(values_B: Tensor, like_BX: Tensor) -> Tensor:
    """A value a row, to be broadcast over its positions."""
    return values_B.view(-1, *[1] * (like_BX.ndim - 1))


def counts_by_class(said_NX: Tensor, codes_NX: Tensor, n_classes: int) -> Tensor:
    """N x 3K as float64: of each class the labelled positions that are said rightly to be of it, that are
    said to be of it, and that are of it.

    >>> said_NX, codes_NX = torch.tensor([[0, 1, 1, 0]]), torch.tensor([[0, 0, 1, -1]])
    >>> counts_by_class(said_NX, codes_NX, 2).tolist()
    [[1.0, 1.0, 1.0, 2.0, 2.0, 1.0]]
    """
    said_NP, codes_NP = said_NX.flatten(1), codes_NX.flatten(1)
    said_NP = said_NP.masked_fill(codes_NP == NO_LABEL, NO_LABEL)
    right_NP = codes_NP.masked_fill(said_NP != codes_NP, NO_LABEL)
    return torch.cat([_counts(of_NP, n_classes) for of_NP in (right_NP, said_NP, codes_NP)], dim=1).double()


def _counts(codes_NP: Tensor, n_classes: int) -> Tensor:
    """N x K: how often each class occurs in a row; ``NO_LABEL`` falls into a bin of its own."""
    bins = n_classes + 1
    starts_N1 = torch.arange(1, len(codes_NP) * bins + 1, bins, device=codes_NP.device)[:, None]
    counts = torch.bincount((codes_NP + starts_N1).flatten(), minlength=len(codes_NP) * bins)
    return counts.view(-1, bins)[:, 1:]


def shares_by_class(codes_NX: Tensor, n_classes: int) -> Tensor:
    """N x K: the share of each class in the labelled positions of a row, NaN where there is none."""
    there_NK = counts_by_class(codes_NX, codes_NX, n_classes)[:, :n_classes]
    return there_NK / there_NK.sum(1, keepdim=True)


def share_right(totals_S: Sums) -> float:
    """Of all labelled positions, from the totals of ``counts_by_class``."""
    right_K, _, there_K = totals_S.reshape(3, -1)
    return _ratio(right_K.sum(), there_K.sum())


def mean_iou(totals_S: Sums) -> float:
    """The mean over classes of intersection over union; classes that neither occur nor are said are left out,
    as torchmetrics' Jaccard index does."""
    right_K, said_K, there_K = totals_S.reshape(3, -1)
    return _mean_ratio(right_K, said_K + there_K - right_K)


def mean_f1(totals_S: Sums) -> float:
    """The mean over classes of F1, which is the Dice coefficient; over the same classes."""
    right_K, said_K, there_K = totals_S.reshape(3, -1)
    return _mean_ratio(2.0 * right_K, said_K + there_K)


def measure_of_sums(kind: MetricKind, of_totals: Callable[[Sums], float]) -> Measure:
    """The metric that ``of_totals`` computes of the totals over rows; the sums of a row count by its weight.

    >>> error = measure_of_sums(MetricKind("mse", False), lambda totals_S: totals_S[0] / totals_S[1])
    >>> error(torch.tensor([[6.0, 2.0], [0.0, 1.0]]), torch.tensor([2, 1]))
    2.0
    """

    def of(sums_NS: Tensor, _: Tensor) -> Tensor:
        return torch.tensor(of_totals(sums_NS.double().sum(0).cpu().numpy()), dtype=torch.float64)

    def weighted(sums_NS: Sums, _: NDArray[np.float64], weights_N: Sums) -> float:
        return float(of_totals(weights_N @ sums_NS))

    return Measure(kind, of, weighted)


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def _mean_ratio(parts_K: Sums, wholes_K: Sums) -> float:
    there_K = wholes_K > 0
    return float((parts_K[there_K] / wholes_K[there_K]).mean()) if there_K.any() else float("nan")
