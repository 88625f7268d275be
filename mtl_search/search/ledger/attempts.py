"""Attempts: how often a training that failed is tried again.

What the infrastructure lost (a worker, a node, memory) says nothing of the network, so it is tried again, up
to ``resources.retries`` times, since a network may be what kills its workers. A network that is trained again
on a new seed had no error on its first one, so that an error of its own is tried again too: it may be an
accident that was not recognised as one of the machine. A resume is a new chance, but not for ever for errors
of a network's own.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from mtl_search.records import EpochReport, TrialRecord, TrialState

__all__ = [
    "add_epoch",
    "attempt_name",
    "given_up",
    "is_tried_again",
    "lost_name",
    "may_train",
    "was_given_up",
]

GIVEN_UP = re.compile(r"lost (once|\d+ times), the last time with ")  # how the error begins of one that was
OWN = 2  # trainings in one run that may end with an error of the network's own
OWN_EVER = 4  # the same over all runs


def may_train(attempts: Sequence[TrialRecord], in_this_run: int, retries: int) -> bool:
    """Whether a network should be trained on a seed after ``attempts``, the newest last.

    ``in_this_run``: how many of them this run has made; ``retries``: how often one run tries again what was
    lost.
    """
    if any(attempt.state == TrialState.COMPLETE for attempt in attempts):
        return False
    if not attempts or attempts[-1].lost:
        return in_this_run <= retries
    return in_this_run < OWN and sum(not attempt.lost for attempt in attempts) < OWN_EVER


def add_epoch(history: list[EpochReport], report: EpochReport, before: Sequence[EpochReport]) -> None:
    """Add an epoch to the history of a trial, which may go on from the middle of the attempt ``before``: then
    the epochs up to there are part of it."""
    if not history:
        history.extend(before[: report.epoch - 1])
    history.append(report)


def attempt_name(trial_id: str, number: int) -> str:
    """What attempt ``number``, counted from 1, at the trial of that name is called.

    >>> attempt_name("replication-1f", 1), attempt_name("replication-1f", 2)
    ('replication-1f', 'replication-1f.2')
    """
    return trial_id if number == 1 else f"{trial_id}.{number}"


def lost_name(trial_id: str, number: int) -> str:
    """What loss ``number`` of a trial of the search is called; its own name is for how it ends."""
    return f"{trial_id}.lost{number}"


def given_up(record: TrialRecord, losses: int) -> TrialRecord:
    """A trial of the search that was lost too often: it fails, as one that may be what kills its workers."""
    often = "once" if losses == 1 else f"{losses} times"
    return replace(record, lost=False, error=f"lost {often}, the last time with {record.error}")


def was_given_up(record: TrialRecord) -> bool:
    """Whether a trial of the search failed because it was lost too often."""
    return record.state == TrialState.FAILED and GIVEN_UP.match(str(record.error)) is not None


def is_tried_again(record: TrialRecord) -> bool:
    """Whether ``record`` is a loss after which its trial of the search was tried again."""
    return record.lost and ".lost" in record.trial_id
