"""run_trial: train one network to its end, in this process and with no sweep around it."""

import math
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mtl_search.data import Dataset
from mtl_search.model import NetworkCost, NetworkCosts
from mtl_search.records import EpochReport, MeanGate, Metric, Resample, Role, Split, TrialState
from mtl_search.training.config import TrialConfig
from mtl_search.training.kinds import AnyConfig, AnyTraining, begin
from mtl_search.training.loop import NonFiniteLossError
from mtl_search.training.score import Score

__all__ = ["N_GROUPS", "NetworkCost", "TrialOutcome", "conclude", "failure", "network_cost", "run_trial"]


FRAMES = 3  # of an error's traceback that are kept, the innermost
N_GROUPS = 20  # of rows of a split: few enough that each holds labels of every task, enough for a variance


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """How a training ended and what was measured at its best epoch.

    If no epoch had a score, there is no best one and ``score`` is NaN. ``lost``: it failed because of the
    infrastructure (a worker, a node or its memory was lost), so that it may well succeed if tried again.
    ``weights``: those of the best epoch on the CPU, if they were asked for. ``outputs``: if test was read,
    what the model says of each member's labelled test rows.
    """

    state: TrialState
    epochs: int
    best_epoch: int | None
    score: float
    metrics: tuple[Metric, ...]
    error: str | None = None
    resamples: tuple[Resample, ...] = ()
    gates: tuple[MeanGate, ...] = ()
    affinities: Mapping[tuple[str, str], float] = field(default_factory=dict)
    lost: bool = False
    weights: Mapping[str, Tensor] | None = field(default=None, compare=False, repr=False)
    outputs: Mapping[str, Tensor] | None = field(default=None, compare=False, repr=False)


def network_cost(config: TrialConfig, dataset: Dataset) -> NetworkCost:
    """Parameters and FLOPs of ``config``'s network, counted without allocating or running it."""
    return NetworkCosts(dataset.tasks, dataset.input_shape).of(config)


def conclude(
    training: AnyTraining,
    dataset: Dataset,
    *,
    read_test: bool = False,
    resample_valid: bool = False,
    keep: bool = False,
) -> TrialOutcome:
    """The outcome of a training that ended well: every metric at its best epoch, and the mean gates there.

    Pruned if epochs were left and patience had not run out. Only ``read_test`` evaluates on test, and
    then also without each of ``N_GROUPS`` groups of its units in turn; ``resample_valid`` does the latter on
    valid. ``keep``: with the network's weights.
    """
    training.restore_best()
    metrics = training.evaluate(dataset.valid, Split.VALID)
    resamples: list[Resample] = []
    outputs: dict[str, Tensor] | None = None
    if resample_valid:
        resamples += training.resample(dataset.valid, Split.VALID, N_GROUPS)
    if read_test:
        if dataset.test is None:
            raise ValueError("read_test needs a dataset with its test rows")
        metrics += training.evaluate(dataset.test, Split.TEST)
        resamples += training.resample(dataset.test, Split.TEST, N_GROUPS)
        outputs = training.outputs(dataset.test)
    return TrialOutcome(
        state=TrialState.COMPLETE if training.finished else TrialState.PRUNED,
        epochs=training.epoch,
        best_epoch=training.best.epoch or None,
        score=training.best.score if training.best.epoch else math.nan,
        metrics=tuple(metrics),
        resamples=tuple(resamples),
        gates=tuple(training.mean_gates(dataset.valid)),
        affinities=training.affinities,
        weights=training.weights() if keep else None,
        outputs=outputs,
    )


def failure(error: BaseException, epochs: int = 0, *, lost: bool = False) -> TrialOutcome:
    """The outcome of a training that ended with ``error``; ``lost`` if that was not the trial's own fault.

    The text is the error's type and message, with the innermost frames below them; for a loss that is not
    finite the message alone, which says all.
    """
    if isinstance(error, NonFiniteLossError):
        text = str(error)
    else:
        frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
        message = f"{type(error).__name__}: {error}".strip()[:2000]
        text = "\n".join([message, *"".join(traceback.format_list(frames)).splitlines()])
    return TrialOutcome(TrialState.FAILED, epochs, None, math.nan, (), text, lost=lost)


def run_trial(
    config: AnyConfig,
    dataset: Dataset,
    *,
    seed: int = 0,
    score: Score | None = None,
    device: str = "cpu",
    on_epoch: Callable[[EpochReport], bool] = lambda report: True,
    read_test: bool = False,
) -> TrialOutcome:
    """Train ``config`` on ``dataset`` and measure it on valid; works in a notebook.

    ``on_epoch`` may return False to stop early. A non-finite loss or running out of memory is a failed
    outcome with its error, not an exception.
    """
    metrics = {name: task.metric for name, task in dataset.tasks.items() if task.role is Role.MAIN}
    training: AnyTraining | None = None
    try:
        training = begin(config, dataset, seed=seed, score=score or Score(metrics), device=device)
        while not training.finished:
            if not on_epoch(training.run_epoch()):
                break
        return conclude(training, dataset, read_test=read_test)
    except (NonFiniteLossError, torch.OutOfMemoryError) as error:
        return failure(error, training.epoch if training else 0)
