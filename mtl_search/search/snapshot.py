"""Snapshot: where a sweep stands, as plain values for whatever shows it."""

import math
import time
from dataclasses import dataclass

from mtl_search.records import Phase
from mtl_search.search.phases.conductor import Conductor
from mtl_search.search.phases.retraining import Retraining

__all__ = ["ArmProgress", "Snapshot", "take", "take_retraining"]


@dataclass(frozen=True, slots=True)
class ArmProgress:
    """One arm: trials by what became of them, how many there will be (None: nobody knows yet), the best so
    far."""

    name: str
    complete: int
    pruned: int
    failed: int
    running: int
    planned: int | None
    best: float  # delta_m of its best design so far in percent, NaN while there is none


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole sweep at one moment; ``seconds_left`` is None while there is nothing to estimate it from.

    Under a budget of hours ``planned`` is what the time will do for, by the mean of the trials so far, and
    while arms are trained ``seconds_left`` is what the whole command has left.
    """

    phase: Phase
    arms: tuple[ArmProgress, ...]
    done: int  # trials of the phase, and how many there will be: of a replication, in this round of it
    planned: int | None
    seconds: float
    seconds_left: float | None
    note: str


def take(conductor: Conductor, started: float, done_before: int) -> Snapshot:
    """Where ``conductor`` stands; ``started`` is a ``time.monotonic()``, when ``done_before`` trials were
    there."""
    arms = tuple(_arm(conductor, index) for index in range(len(conductor.arms)))
    done = sum(arm.complete + arm.pruned + arm.failed for arm in arms)
    planned = None if any(arm.planned is None for arm in arms) else sum(arm.planned or 0 for arm in arms)
    seconds = time.monotonic() - started
    fresh = done - done_before
    left = seconds / fresh * max(0, planned - done) if planned is not None and fresh >= 3 else None
    if conductor.hours is not None:
        left = max(0.0, conductor.hours.left)
    return Snapshot(Phase.SEARCH, arms, done, planned, seconds, left, conductor.note)


def take_retraining(retraining: Retraining, before: Snapshot, started: float, done_before: int) -> Snapshot:
    """Where ``retraining`` stands, below the arms and phases as the ``before`` one left them."""
    done, planned = retraining.done, retraining.planned
    row = ArmProgress(
        retraining.phase.value,
        done - retraining.failed,
        0,
        retraining.failed,
        retraining.running,
        planned,
        math.nan,
    )
    seconds = time.monotonic() - started
    fresh = done - done_before
    left = seconds / fresh * (planned - done) if fresh >= 3 else None
    arms = (*before.arms, row)
    return Snapshot(retraining.phase, arms, done, planned, seconds, left, retraining.purpose)


def _arm(conductor: Conductor, index: int) -> ArmProgress:
    arm, ledger = conductor.arms[index], conductor.ledger
    states = ledger.states[arm.name]
    running = sum(one.study.arm is arm for one in conductor.running.values())
    return ArmProgress(
        arm.name,
        states["complete"],
        states["pruned"],
        states["failed"],
        running,
        conductor.planned(arm),
        conductor.incumbents.delta_m(arm.name),
    )
