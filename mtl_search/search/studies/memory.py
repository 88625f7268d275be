"""What the studies of a sweep know of the trials before, from the leaderboard alone."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import optuna
from optuna.distributions import BaseDistribution, distribution_to_json, json_to_distribution
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as OptunaState

from mtl_search.leaderboard import Leaderboard, TrialStart
from mtl_search.records import MetricKind, TrialRecord, TrialState
from mtl_search.sweep.pruners import VALID

__all__ = ["TOLD", "Interrupted", "Past", "distributions_as_text", "recall", "trial_prefix"]

TOLD = {
    TrialState.COMPLETE: OptunaState.COMPLETE,
    TrialState.PRUNED: OptunaState.PRUNED,
    TrialState.FAILED: OptunaState.FAIL,
}


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A trial that was running when a sweep ended, and how often in a row nobody had asked it to end."""

    start: TrialStart
    crashes: int


@dataclass(slots=True)
class Past:
    """Of one study: its finished trials with their records, the interrupted ones that wait to be trained, the
    next number."""

    finished: list[tuple[FrozenTrial, TrialRecord]] = field(default_factory=list)
    interrupted: list[Interrupted] = field(default_factory=list)
    next_number: int = 0


@dataclass(slots=True)
class History:
    """What a trial reported: scores by epoch, and the signed valid values of its main members."""

    scores: dict[int, float] = field(default_factory=dict)
    valid: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def recall(
    board: Leaderboard, records: Iterable[TrialRecord], metrics: Mapping[str, MetricKind]
) -> Mapping[str, Past]:
    """The past of each study by its trial prefix, those without one empty; ``records`` are the search's."""
    pasts: dict[str, Past] = defaultdict(Past)
    histories = _histories(board, metrics)
    finished = sorted(records, key=lambda record: _number(record.trial_id))
    for record in finished:
        past = pasts[_prefix(record.trial_id)]
        past.finished.append((_frozen(record, histories.get(record.trial_id, History())), record))
        past.next_number = _number(record.trial_id) + 1
    starts, stops = board.starts(), board.stops()
    crashes: dict[str, int] = {}
    settled = {record.trial_id for record in finished} | {start.again for start in starts}
    for start in starts:
        past = pasts[_prefix(start.trial_id)]
        past.next_number = max(past.next_number, _number(start.trial_id) + 1)
        crashes[start.trial_id] = crashes.get(start.again or "", 0) + (start.trial_id not in stops)
        if start.trial_id not in settled:
            past.interrupted.append(Interrupted(start, crashes[start.trial_id]))
    return pasts


def trial_prefix(study: str) -> str:
    """What the names of the trials of ``study`` begin with."""
    return study.replace("/", ".")


def distributions_as_text(distributions: Mapping[str, BaseDistribution]) -> dict[str, str]:
    """Each distribution as Optuna's JSON."""
    return {name: distribution_to_json(distribution) for name, distribution in distributions.items()}


def _frozen(record: TrialRecord, history: History) -> FrozenTrial:
    """A record as Optuna has it.

    One whose parameters were not all drawn in its study is a failed one, from which no sampler learns.
    """
    drawn = record.distributions
    params = {name: json.loads(value) for name, value in record.params.items() if name in drawn}
    exact = len(params) == len(record.params) and math.isfinite(record.score)
    state = TOLD[record.state] if exact else OptunaState.FAIL
    return optuna.trial.create_trial(
        state=state,
        value=record.score if state != OptunaState.FAIL else None,
        params=params,
        distributions={name: _distribution(drawn[name]) for name in params},
        user_attrs={VALID: dict(history.valid)},
        intermediate_values=history.scores,
    )


def _histories(board: Leaderboard, metrics: Mapping[str, MetricKind]) -> Mapping[str, History]:
    """What each trial reported."""
    found: dict[str, History] = defaultdict(History)
    epochs = board.epochs().select(["trial_id", "epoch", "task", "valid", "score"])
    for batch in epochs.to_batches(max_chunksize=10_000):  # as Python values, all of them would fill memory
        for trial_id, epoch, task, valid, score in zip(*batch.to_pydict().values(), strict=True):
            history = found[trial_id]
            if not math.isnan(score):
                history.scores[epoch] = score
            if task in metrics:
                history.valid[task].append(metrics[task].signed(valid))
    return found


@lru_cache(maxsize=1024)
def _distribution(text: str) -> BaseDistribution:
    """What ``text``, which most trials of a study share, stands for."""
    return json_to_distribution(text)


def _prefix(trial_id: str) -> str:
    return trial_id.rpartition("-")[0]


def _number(trial_id: str) -> int:
    return int(trial_id.rpartition("-")[2])
