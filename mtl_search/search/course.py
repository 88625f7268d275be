"""The course of a sweep: its phases one after the other, and the tables that it leaves."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from mtl_search.analysis import summarise
from mtl_search.data import Dataset
from mtl_search.leaderboard import Leaderboard, example_rows, input_rows, place_of, stage_rows
from mtl_search.search.designs.composing import design_records
from mtl_search.search.designs.finalists import with_controls
from mtl_search.search.designs.plans import NetworkPlan, PlannedTraining
from mtl_search.search.designs.stages import stages_of
from mtl_search.search.designs.untried import Untried
from mtl_search.search.ending import left_out, nothing_confirmed, nothing_final
from mtl_search.search.executors import Executor
from mtl_search.search.forecast.clock import RunClock
from mtl_search.search.forecast.counts import Step
from mtl_search.search.forecast.forecast import Forecast
from mtl_search.search.forecast.predictions import Predictions
from mtl_search.search.forecast.stage import Stage
from mtl_search.search.jobs import JobSource
from mtl_search.search.ledger import Ledger
from mtl_search.search.phases.catch_up import CatchUp, until_settled
from mtl_search.search.phases.conductor import Conductor
from mtl_search.search.phases.confirmation import Confirmation
from mtl_search.search.phases.ensembles import measured_ensembles
from mtl_search.search.phases.examples import examples
from mtl_search.search.phases.replication import Replication
from mtl_search.search.phases.sequence import Phases
from mtl_search.search.phases.watched import Watched, Watcher
from mtl_search.search.snapshot import Snapshot, take
from mtl_search.search.studies.mirror import Mirror
from mtl_search.stores import Home
from mtl_search.sweep.spec import SweepSpec

__all__ = ["Course", "SweepResult", "Watch"]

EPOCHS = 0.5  # seconds between two looks at epochs
LOOKING = 0.02
STEPS = {
    Conductor: Step.SEARCH,
    CatchUp: Step.CATCH_UP,
    Replication: Step.REPLICATION,
    Confirmation: Step.CONFIRMATION,
}


@dataclass(frozen=True, slots=True)
class SweepResult:
    """How a run of a sweep ended; ``hopeless`` says why it has no answer if it ended without one.

    ``forced``: it was interrupted twice, so that its designs and summary are those of before. What is in
    ``path`` is there as long as this, if it is a copy of what is in a store.
    """

    path: Path
    interrupted: bool
    hopeless: str | None
    forced: bool = False
    home: Home | None = None

    @property
    def place(self) -> str:
        """Where people find it: a path or a URI."""
        return place_of(self.path)

    @property
    def board(self) -> Leaderboard:
        """The sweep's tables."""
        return Leaderboard(self.path)


class Watch:
    """Callbacks of a run, which do nothing here; the command line has its own."""

    def started(self, spec: SweepSpec, dataset: Dataset, executor: Executor, path: Path) -> None:
        """Everything is checked and the first trial is about to be placed."""

    def edited(self, changes: Sequence[str]) -> None:
        """A sweep goes on, and its file was changed since it was last run."""

    def waiting(self, why: str) -> None:
        """No trial can be placed, and why; until one is."""

    def changed(self, snapshot: Snapshot) -> None:
        """A trial started or ended, or has gone on."""

    def stopping(self) -> None:
        """Ctrl-C: what is in training is being stopped; a second one stops everything at once."""

    def ended(self, seconds: float, predicted: float | None) -> None:
        """The sweep came to its end after so many seconds of this run; what was predicted at a third of them,
        if anything was."""


@final
class Course:
    """One process's part of a sweep, up to its end or an interruption; ``began`` is when the process did."""

    def __init__(
        self,
        spec: SweepSpec,
        dataset: Dataset,
        executor: Executor,
        board: Leaderboard,
        mirror: Mirror,
        watch: Watch,
        began: float,
    ) -> None:
        self._spec, self._dataset, self._executor, self._watch = spec, dataset, executor, watch
        self._board, self._clock = board, RunClock(began)
        tasks = dataset.tasks.items()
        metrics = {name: task.metric for name, task in tasks if name in spec.settings.main_tasks}
        board.recover()
        self._ledger = Ledger(board, metrics)
        self._visible = dataset.without_test()  # all that is seen before the confirmation
        self._conductor = Conductor(
            spec,
            self._visible,
            self._ledger,
            mirror,
            slots=executor.slots,
            bfloat16=executor.has_bfloat16,
            in_process=executor.in_process,
            began=began,
        )
        self._replication = Replication(spec, self._visible, self._ledger, self._conductor.hours)
        self._catch_up = CatchUp(self._conductor, self._replication)
        self._stage = Stage(self._conductor, self._catch_up, self._replication)
        self._forecast = Forecast(spec, self._visible, self._ledger, self._clock, executor.slots)
        self._predictions = Predictions()
        self._next_look, self._missed = 0.0, False  # whether a start or an end was not looked at
        self._settled = False  # whether search, catch-up and replication came to their end

    def run(self) -> SweepResult:
        """Train all arms, make their designs and confirm the best of them."""
        spec, ledger, board = self._spec, self._ledger, self._board
        if others := self._dataset.input_shape.others:
            board.write("inputs", input_rows({one.column: f"{one.kind}, {one.what}" for one in others}))
        self._watch.started(spec, self._dataset, self._executor, board.path)
        self._train(Phases(self._conductor, self._after_search()), self._visible)
        hopeless = self._conductor.hopeless
        if hopeless is None and (lost := self._replication.lost):
            hopeless = nothing_final(lost)
        left_over = self._left_over()
        if self._settled:
            ledger.settle_references()
        designs = design_records(spec, ledger, final=self._settled)
        networks: list[NetworkPlan] = []
        if self._settled:
            designs, networks = with_controls(designs, spec.settings, ledger, self._dataset)
        board.write_designs(designs)
        if stages := stages_of(board, self._dataset.input_shape):
            board.write("stages", stage_rows(stages))
        interrupted = hopeless is None and not (self._settled and self._confirm(networks))
        if self._settled and not interrupted:
            board.write_ensembles(measured_ensembles(board, self._dataset, designs, spec.settings.main_tasks))
            if shown := examples(board, self._dataset, designs, spec.settings.tasks):
                board.write("examples", example_rows(shown))
        board.settle({task: value for task, value in ledger.yardsticks.items() if math.isfinite(value)})
        notes = left_out(spec.settings, ledger, *left_over)
        trials, metrics, resamples, tasks = map(board.frame, ("trials", "metrics", "resamples", "tasks"))
        before, ensembles = board.summary_records(), board.frame("ensembles")
        summary = summarise(
            trials, metrics, resamples, designs, tasks, before, ensembles=ensembles, notes=notes
        )
        board.write_summary(summary)
        if hopeless is None and not interrupted and not summary and spec.settings.budget.confirms:
            hopeless = nothing_confirmed(designs, board.records())
        if not interrupted:
            board.end(hopeless)
        if hopeless is None and not interrupted:
            seconds = self._clock.seconds
            self._watch.ended(seconds, self._predictions.at_a_third(seconds))
        return SweepResult(board.path, interrupted, hopeless)

    def _train(self, source: JobSource, dataset: Dataset) -> None:
        """Have all jobs of ``source`` trained, and the watch told of it."""
        self._clock.opened()
        self._look()
        watcher = Watcher(self._look, self._worked, self._watch.stopping)
        self._executor.run(Watched(source, watcher), dataset, self._watch.waiting)
        self._next_look = 0.0
        self._look()

    def _after_search(self) -> Iterator[JobSource]:
        conductor, replication = self._conductor, self._replication
        if conductor.hopeless is not None:
            return
        for source in until_settled(conductor, self._catch_up, replication):
            self._stage.step = STEPS[type(source)]
            yield source
            if conductor.interrupted or conductor.hopeless is not None or replication.interrupted:
                return
        self._settled = not replication.lost

    def _confirm(self, networks: Sequence[NetworkPlan]) -> bool:
        """Train finalists and controls on new seeds and read test; whether that came to its end."""
        hours = self._conductor.hours
        confirmation = Confirmation(self._spec.settings, self._dataset, self._ledger, networks, hours)
        self._stage.confirmation, self._stage.step = confirmation, Step.CONFIRMATION
        if hours is not None:
            hours.confirming()
        if confirmation.done < confirmation.planned:
            self._train(confirmation, self._dataset)
        return not confirmation.interrupted

    def _worked(self, ended: bool) -> None:
        """A trial has ended, or gone on by an epoch."""
        self._clock.worked()
        self._look(0.0 if ended else EPOCHS)

    def _look(self, wait: float = 0.0) -> None:
        """Tell the watch how things stand, ``wait`` seconds after the last time or later, and so that looking
        takes a `LOOKING` part of the time at most."""
        before = time.monotonic()
        if before < self._next_look + (0.0 if self._missed else wait):
            self._missed |= not wait
            return
        self._missed = False
        self._follow()
        snapshot = take(self._stage, self._forecast, self._clock)
        if snapshot.seconds_left is not None:
            self._predictions.note(snapshot.seconds, snapshot.seconds_left)
        self._executor.show([arm.standing for arm in snapshot.arms])
        self._watch.changed(snapshot)
        now = time.monotonic()
        self._next_look = now + (now - before) / LOOKING

    def _follow(self) -> None:
        """A cluster may have more nodes by now, or fewer."""
        self._forecast.slots = self._executor.slots
        if self._conductor.hours is not None:
            self._conductor.hours.slots = self._executor.slots

    def _left_over(self) -> tuple[list[Untried], list[PlannedTraining]]:
        """What catch-up and replication would go on with, had they more time."""
        if not self._settled or self._conductor.hours is None:
            return [], []
        return self._catch_up.left(), self._replication.left()
