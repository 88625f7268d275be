"""What every kind of task offers: the target's encoding, the head, the loss and the metrics."""

# N rows, B rows of a batch, C copies, K outputs of the task

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self, TypeAlias, final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from mtl_search.features import FeatureSpec, linear_on
from mtl_search.own import path_of
from mtl_search.records import MetricKind, Role
from mtl_search.tasks.boosting import Boosting
from mtl_search.tasks.metrics import Measure

__all__ = ["Column", "Layout", "Level", "Task", "TaskOptions", "mean_log_odds", "mean_loss"]

Column: TypeAlias = pa.ChunkedArray
Level: TypeAlias = Literal["row", "pixel", "token"]


@final
@dataclass(frozen=True, slots=True)
class Layout:
    """An input that labels of parts of a row may lie over.

    ``positions``: the height and width of an image, or the largest length of a text or a series.
    """

    column: str
    positions: tuple[int, ...]


class Task(ABC):
    """One target of a network, fitted on the train rows; the final classes are frozen and picklable.

    Targets are encoded once for all rows. A missing label is False in ``labelled_N``, its target is 0,
    and neither the loss nor a metric depends on it.
    """

    __slots__ = ()

    level: ClassVar[Level] = "row"
    """What has a label: a row, each pixel of its image or each token of its text."""

    name: str
    role: Role
    metric: MetricKind
    """The default metric, which trials are compared by."""
    kind: str
    """Its name in a sweep file."""
    weight: float
    """How much a main task counts in delta_m, relative to the others."""

    @property
    @abstractmethod
    def n_outputs(self) -> int:
        """K, the width of the head."""

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Of the outputs for one row."""
        return (self.n_outputs,)

    @property
    @abstractmethod
    def measures(self) -> Mapping[str, Measure]:
        """The metrics of this kind by name."""

    @property
    def metrics(self) -> tuple[MetricKind, ...]:
        """The metrics that ``evaluate`` returns."""
        return tuple(measure.kind for measure in self.measures.values())

    @property
    def boosting(self) -> Boosting | None:
        """How boosted trees learn it; None if they cannot, and it has no such reference."""
        return None

    @abstractmethod
    def encode(self, columns: Sequence[Column]) -> tuple[Tensor, Tensor]:
        """``(targets_N or targets_NK, labelled_N)`` of the columns that ``Config.source_columns`` names.

        Raises DataError for a value that training cannot have seen (a new class, an infinite number).
        """

    @abstractmethod
    def seen(self, columns: Sequence[Column]) -> tuple[list[Column], dict[str, int]]:
        """The columns without labels that training has not seen, which are missing then, and how often each
        of those occurs.

        Raises DataError for labels of another type than training's.
        """

    def head(self, spec: FeatureSpec) -> nn.Module:
        """From features to B x K outputs: the mean over positions, if any, and a linear layer."""
        return linear_on(spec, self.n_outputs)

    @abstractmethod
    def loss(
        self, outputs_BK: Tensor, targets_B: Tensor, labelled_B: Tensor, weights_B: Tensor | None = None
    ) -> Tensor:
        """The mean loss over the labelled rows; there must be at least one.

        ``weights_B`` multiply the rows' losses and nothing is divided by their sum: their mean over all rows
        of training should be 1, and a batch of light rows counts less than one of heavy ones.
        """

    @abstractmethod
    def combine(self, outputs_NCK: Tensor) -> Tensor:
        """The outputs_NK of an ensemble of C networks, given theirs.

        Their predictions are the mean of the C predictions, or the nearest that the kind has; finite wherever
        the outputs are. There is no default: the mean of outputs would be wrong for probabilities.
        """

    @abstractmethod
    def predictions(self, outputs_NK: Tensor) -> Tensor:
        """What the outputs say, in float64: probabilities, or numbers in the target's own unit."""

    @abstractmethod
    def decode(self, predictions: Tensor) -> dict[str, pa.Array]:
        """Predictions as columns for people, by what their names add to the task's.

        ``""`` is the class as it was written or the number, ``"_probability"`` that of the positive class,
        ``"_probability_<class>"`` that of each class or label. ``predictions`` may be a mean over networks.
        """

    @abstractmethod
    def truths(self, targets_N: Tensor) -> Tensor:
        """The targets as ``predictions`` are compared with them: classes, or numbers in their own unit."""

    def evidence(self, outputs_NK: Tensor, targets_N: Tensor) -> tuple[Tensor, Tensor]:
        """What measures are computed of, row by row: the predictions and the truths.

        Of a task with many labels a row it is less: sums that say all that a metric needs, so that nobody
        holds the predictions of all rows.
        """
        return self.predictions(outputs_NK), self.truths(targets_N)

    def evaluate(
        self, outputs_NK: Tensor, targets_N: Tensor, weights_N: Tensor | None = None
    ) -> dict[str, float]:
        """Every metric over labelled rows, NaN if it is undefined (one class present, say)."""
        evidence = self.evidence(outputs_NK, targets_N)
        return {name: measure(*evidence, weights_N) for name, measure in self.measures.items()}

    def evaluate_default(
        self, outputs_NK: Tensor, targets_N: Tensor, weights_N: Tensor | None = None
    ) -> float:
        """The default metric alone, fast enough for every epoch."""
        measure = self.measures[self.metric.name]
        return measure(*self.evidence(outputs_NK, targets_N), weights_N)

    @abstractmethod
    def signals(self, targets_N: Tensor) -> Tensor:
        """N x S numbers that no input should resemble: the number, or 0 and 1 per class; NaN: unknown."""

    @abstractmethod
    def describe(self) -> str:
        """What the train labels look like, in a few words."""


def mean_loss(losses: Tensor, known: Tensor, weights_B: Tensor | None) -> Tensor:
    """The mean of the losses, B or B x any shape, where they are known; each times the weight of its row."""
    if weights_B is not None:
        losses = losses * weights_B.view(-1, *[1] * (losses.ndim - 1))
    return (losses * known).sum() / known.sum()


def mean_log_odds(outputs_NCK: Tensor) -> Tensor:
    """The log-odds of the mean over copies of the probabilities, in logarithms: no probability is rounded."""
    return F.logsigmoid(outputs_NCK).logsumexp(1) - F.logsigmoid(-outputs_NCK).logsumexp(1)


class TaskOptions(BaseModel, ABC):
    """The options that all kinds share.

    ``role``, and for a main task its ``weight`` in delta_m; ``column``, if the labels are in another
    column than that of the task's name; ``missing``, values of that column that mean no label.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    role: Role = Field(default=Role.MAIN, strict=False)
    weight: PositiveFloat = 1.0
    column: Annotated[str, Field(min_length=1)] | None = None
    missing: Annotated[tuple[int | float | str, ...], Field(strict=False)] = ()
    kind: str = ""
    metric: str = ""
    """The one of the kind's metrics that trials are compared by; each kind says which there are."""

    def model_post_init(self, context: object) -> None:
        """Name a kind of the user's own by its import path, from which it is read again: that of the task,
        whose ``Config`` this is."""
        if (path := path_of(type(self))) is not None:
            object.__setattr__(self, "kind", path.removesuffix(".Config"))

    @model_validator(mode="after")
    def _weight_counts(self) -> Self:
        if self.weight != 1.0 and self.role is not Role.MAIN:
            raise ValueError("a weight is of a main task; an auxiliary one does not count in delta_m")
        return self

    def source_columns(self, task_name: str) -> tuple[str, ...]:
        """The columns that hold the labels."""
        return (self.column or task_name,)

    def laid_over(self, layouts: Mapping[str, Layout]) -> Self:
        """These options, knowing the input that the labels lie over, if each row has many.

        A DataError if none of the inputs, by column, is such a one, or several are and none is named.
        """
        return self

    @abstractmethod
    def strata(self, name: str, columns: Sequence[Column]) -> list[NDArray[np.int64]]:
        """Codes a row, -1 without a label: rows of one code should be in every split.

        The columns are those of the whole table: DataError if its labels are not those that the options say.
        """

    @abstractmethod
    def fit(
        self, name: str, train_columns: Sequence[Column], weights_N: NDArray[np.float64] | None = None
    ) -> Task:
        """The task, from the labels of the train rows and their weights."""
