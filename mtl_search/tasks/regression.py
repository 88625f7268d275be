"""A number."""

# N rows, B rows of a batch, C copies, K = 1

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Self, final

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, model_validator
from torch import Tensor
from torch.nn import functional as F
from typing_extensions import override

from mtl_search.errors import LabelError
from mtl_search.records import MetricKind, Role
from mtl_search.tasks.base import Column, Task, TaskOptions, mean_loss
from mtl_search.tasks.boosting import Boosting
from mtl_search.tasks.columns import as_array, numbers, of_rows, place
from mtl_search.tasks.metrics import PINBALL, REGRESSION, Measure, pinball, pinball_losses
from mtl_search.tasks.transforms import AnyTransform, Log1p, Quantiles
from mtl_search.tasks.weighted_metrics import weighted_pinball

__all__ = ["Regression", "losses_of"]


@final
class Quantile(BaseModel):
    """The loss of a quantile of the target: the value that a share ``quantile`` of targets lies below."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    quantile: float = Field(gt=0.0, lt=1.0)


@final
@dataclass(frozen=True, slots=True)
class Regression(Task):
    """A task of one number, standardised by the train rows; metrics are in its own unit.

    ``delta``: where the Huber loss turns from squares to absolute values, in standard deviations of the
    train targets; infinite for the mean squared error, 0 for the mean absolute error. With a ``quantile`` the
    number is that quantile of the target, learned by the pinball loss (Koenker and Bassett 1978). With a
    ``transform`` all of that is of the transformed target; a quantile or a median stays one when it is turned
    back, a mean becomes another kind of mean (of logarithms: nearly a geometric one).

    >>> import pyarrow as pa
    >>> task = Regression.Config().fit("cost", [pa.chunked_array([[1.0, 3.0, None]])])
    >>> task.mean, task.scale
    (2.0, 1.0)
    """

    name: str
    role: Role
    metric: MetricKind
    mean: float
    scale: float
    delta: float
    quantile: float | None = None
    transform: AnyTransform | None = None
    weight: float = 1.0
    kind: Literal["regression"] = "regression"

    @final
    class Config(TaskOptions):
        """Options: ``loss``, by default the one that the metric asks for: ``mse`` for rmse and r2, ``mae``
        (absolute values) for mae; or ``huber`` (less moved by outliers) with its ``delta``, or
        ``{quantile: 0.9}``, whose metric is ``pinball`` unless another is named. ``transform``: what is
        learned, ``log1p`` or ``quantile`` (ranks in train, as a normal variable).
        """

        kind: Literal["regression"] = "regression"
        metric: Literal["rmse", "mae", "r2", "pinball"] = "rmse"
        loss: Literal["mse", "mae", "huber"] | Quantile | None = None
        delta: PositiveFloat = 1.0
        transform: Literal["log1p", "quantile"] | None = None

        @model_validator(mode="before")
        @classmethod
        def _metric_of_a_quantile(cls, options: Any) -> Any:
            if not isinstance(options, dict) or "metric" in options:
                return options
            return {**options, "metric": "pinball"} if isinstance(options.get("loss"), dict) else options

        @model_validator(mode="after")
        def _pinball_of_a_quantile(self) -> Self:
            if self.metric == "pinball" and not isinstance(self.loss, Quantile):
                raise ValueError("metric pinball is of a quantile: loss: {quantile: 0.5}, say")
            return self

        @property
        def _delta(self) -> float:
            """Of the loss, which follows the metric if none is named."""
            loss = self.loss or ("mae" if self.metric == "mae" else "mse")
            return self.delta if loss == "huber" else 0.0 if loss == "mae" else float("inf")

        @override
        def strata(self, name: str, columns: Sequence[Column]) -> list[NDArray[np.int64]]:
            return [np.where(np.isnan(numbers(columns[0], name)), -1, 0)]

        @override
        def fit(
            self, name: str, train_columns: Sequence[Column], weights_N: NDArray[np.float64] | None = None
        ) -> "Regression":
            values_N = numbers(train_columns[0], name)
            known_N = ~np.isnan(values_N)
            values_N, weights_N = values_N[known_N], of_rows(weights_N, known_N)
            if len(values_N) == 0 or values_N.min() == values_N.max():
                found = f"only {values_N[0]}" if len(values_N) else "no label"
                raise LabelError(place(name), "different values in the train rows", found)
            transform = self._fit_transform(values_N, weights_N)
            learned_N = values_N if transform is None else transform.forward(values_N, name)
            with np.errstate(over="ignore"):
                mean = np.average(learned_N, weights=weights_N)
                scale = float(np.sqrt(np.average((learned_N - mean) ** 2, weights=weights_N)))
            if not 0 < scale < math.inf:
                found = f"{values_N.min():g} to {values_N.max():g}"
                hint = "give them in another unit"
                raise LabelError(place(name), "numbers whose spread a number can hold", found, hint)
            return Regression(
                name=name,
                role=self.role,
                weight=self.weight,
                metric=PINBALL if self.metric == "pinball" else REGRESSION[self.metric].kind,
                mean=float(mean),
                scale=scale,
                delta=self._delta,
                quantile=self.loss.quantile if isinstance(self.loss, Quantile) else None,
                transform=transform,
            )

        def _fit_transform(
            self, values_N: NDArray[np.float64], weights_N: NDArray[np.float64] | None
        ) -> Log1p | Quantiles | None:
            if self.transform is None:
                return None
            return Log1p() if self.transform == "log1p" else Quantiles.fit(values_N, weights_N)

    @property
    @override
    def n_outputs(self) -> int:
        return 1

    @property
    @override
    def measures(self) -> Mapping[str, Measure]:
        if self.quantile is None:
            return REGRESSION
        quantile = self.quantile
        weighted = partial(weighted_pinball, quantile=quantile)
        return {**REGRESSION, PINBALL.name: Measure(PINBALL, partial(pinball, quantile=quantile), weighted)}

    @property
    @override
    def boosting(self) -> Boosting:
        if self.quantile is not None:
            return Boosting(({"objective": "quantile", "alpha": self.quantile},))
        if self.delta == float("inf"):
            return Boosting(({"objective": "regression"},))
        if self.delta == 0:
            return Boosting(({"objective": "regression_l1"},))
        return Boosting(({"objective": "huber", "alpha": self.delta},))

    @override
    def encode(self, columns: Sequence[Column]) -> tuple[Tensor, Tensor]:
        """Transformed and standardised targets as float32."""
        values_N = numbers(columns[0], self.name)
        labelled_N = ~np.isnan(values_N)
        if self.transform is not None:
            values_N = self.transform.forward(values_N, self.name)
        targets_N = np.where(labelled_N, (values_N - self.mean) / self.scale, 0.0)
        return torch.from_numpy(targets_N.astype(np.float32)), torch.from_numpy(labelled_N)

    @override
    def seen(self, columns: Sequence[Column]) -> tuple[list[Column], dict[str, int]]:
        """All of them: a number is known by its neighbours."""
        return list(columns), {}

    @override
    def loss(
        self, outputs_BK: Tensor, targets_B: Tensor, labelled_B: Tensor, weights_B: Tensor | None = None
    ) -> Tensor:
        """The mean loss of standardised values, of which Huber's is without torch's factor 1/2."""
        values_B, targets_B = outputs_BK[:, 0], targets_B.masked_fill(~labelled_B, 0.0)
        if self.quantile is not None:
            losses_B = pinball_losses(values_B, targets_B, self.quantile)
        else:
            losses_B = losses_of(values_B, targets_B, self.delta)
        return mean_loss(losses_B, labelled_B, weights_B)

    @override
    def combine(self, outputs_NCK: Tensor) -> Tensor:
        """The mean in the unit that is learned: under a transform it is what a loss there asks for."""
        return outputs_NCK.mean(1)

    @override
    def predictions(self, outputs_NK: Tensor) -> Tensor:
        """Numbers in the target's own unit."""
        learned_N = outputs_NK[:, 0].double() * self.scale + self.mean
        return learned_N if self.transform is None else self.transform.predicted(learned_N)

    @override
    def decode(self, predictions: Tensor) -> dict[str, pa.Array]:
        return {"": as_array(predictions)}

    @override
    def truths(self, targets_N: Tensor) -> Tensor:
        learned_N = targets_N.double() * self.scale + self.mean
        return learned_N if self.transform is None else self.transform.inverse(learned_N)

    @override
    def signals(self, targets_N: Tensor) -> Tensor:
        return targets_N[:, None]

    @override
    def describe(self) -> str:
        of = "" if self.transform is None else f" after {self.transform.kind}"
        return f"mean {self.mean:.4g}, standard deviation {self.scale:.4g}{of}"


def losses_of(values: Tensor, targets: Tensor, delta: float) -> Tensor:
    """The loss of each value: squares up to an error of ``delta``, Huber's line from there on."""
    if delta == float("inf"):
        return F.mse_loss(values, targets, reduction="none")
    if delta == 0:
        return F.l1_loss(values, targets, reduction="none")
    return 2.0 * F.huber_loss(values, targets, reduction="none", delta=delta)
