"""A cluster that is simulated: so many slots, made-up trainings, and a driver whose time is its own.

The search, its store, Tune's searcher and the live view's snapshots are the real ones, in their course. What
is played is Tune, its workers and the clock. The driver's clock (`time.monotonic`) goes on by the processor's
time that the driver uses, and jumps to the next event where it would wait. An event that comes while the
driver is at work waits its turn, and a worker that has reported an epoch waits for the answer, as with Tune.
"""

import heapq
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import final
from unittest import mock

from typing_extensions import override

from benchmarks.made_up import MadeUp
from mtl_search.data import Dataset
from mtl_search.search.executors.base import Executor
from mtl_search.search.executors.place import Place
from mtl_search.search.executors.searcher import SourceSearcher
from mtl_search.search.executors.trainable import PACK, PLACEMENT, PROGRESS
from mtl_search.search.jobs import ArmStanding, Job, JobSource, Placement
from mtl_search.training import Progress

__all__ = ["Clock", "Simulated", "Times"]

SPREAD = 0.5  # a training takes its mean, more or less by this share


@final
class Clock:
    """The driver's, in seconds; ``used`` is the processor's time that it has taken."""

    def __init__(self) -> None:
        self._began, self._skipped, self._left_out = time.process_time(), 0.0, 0.0

    @property
    def used(self) -> float:
        """Seconds that the driver was at work."""
        return time.process_time() - self._began - self._left_out

    def now(self) -> float:
        """Seconds since it began."""
        return self.used + self._skipped

    def wait_until(self, moment: float) -> None:
        """Let time pass, unless it has."""
        self._skipped += max(0.0, moment - self.now())

    def work(self, seconds: float) -> None:
        """Let the driver be busy with what is not done here."""
        self._skipped += seconds

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """What is done in the block is not the driver's."""
        before = time.process_time()
        yield
        self._left_out += time.process_time() - before

    @contextmanager
    def in_place_of_the_real_one(self) -> Iterator[None]:
        """Whoever asks for ``time.monotonic`` in the block is told this."""
        with mock.patch.object(time, "monotonic", self.now):
            yield


@final
@dataclass(slots=True)
class Times:
    """What became of all slots' time, in seconds of a slot, and of the driver's, in its own."""

    busy: float = 0.0
    of_plan: float = 0.0  # idle, for the next training depends on those that run
    of_driver: float = 0.0  # idle, for the driver had something else to do
    ask: float = 0.0
    results: float = 0.0
    tell: float = 0.0
    trials: int = 0
    steps: int = 0


@final
@dataclass(slots=True)
class _Slot:
    """One place: since when it is free, and within which time there was nothing to train."""

    free: float = 0.0
    nothing: tuple[float, float] | None = None


@final
@dataclass(slots=True)
class _Pack:
    """A training of one job, as far as it has come."""

    name: str
    slot: _Slot
    steps: list[list[Progress]]
    seconds: float  # of a step
    began: float
    ended: float = field(default=0.0)  # of the step that runs


@final
class Simulated(Executor):
    """So many slots, each of which trains for ``seconds`` a trial and reports each of its epochs.

    ``of_tune``: what Tune itself takes of the driver for a trial and for a step, in seconds.
    """

    def __init__(
        self,
        slots: int,
        made_up: MadeUp,
        clock: Clock,
        *,
        seconds: float,
        of_tune: tuple[float, float] = (0.0, 0.0),
        looked: Callable[[], None] = lambda: None,
    ) -> None:
        self.slots, self.place, self.dashboard = slots, Place(1, 0.0), None
        self.clock, self.times = clock, Times()
        self._made_up, self._seconds, self._of_tune, self._looked = made_up, seconds, of_tune, looked
        self._slots = [_Slot() for _ in range(slots)]
        self._ends: list[tuple[float, int, _Pack]] = []  # of steps
        self._count = 0

    @property
    @override
    def has_bfloat16(self) -> bool:
        return False

    @override
    def show(self, arms: Sequence[ArmStanding]) -> None:
        """Nothing."""

    @override
    def run(
        self, source: JobSource, dataset: Dataset, waiting: Callable[[str], None] = lambda why: None
    ) -> None:
        searcher = SourceSearcher(source)
        searcher.set_max_concurrency(self.slots)
        for slot in self._slots:
            slot.free = max(slot.free, self.clock.now())
        while True:
            self._fill(searcher)
            if not self._ends:
                for slot in self._slots:
                    self._count_idle(slot)
                return
            ended, _, pack = heapq.heappop(self._ends)
            self.clock.wait_until(ended)
            self._end_step(searcher, pack)

    def _fill(self, searcher: SourceSearcher) -> None:
        """Hand out what there is to free slots, the one that is free for longest first."""
        while self._slots:
            before = self.clock.now()
            name = f"{self._count}"
            found = searcher.suggest(name)
            now = self.clock.now()
            if found is None or found == SourceSearcher.FINISHED:
                for slot in self._slots:
                    since = before if slot.nothing is None else slot.nothing[0]
                    slot.nothing = max(since, slot.free), now
                return
            self._count += 1
            self.times.trials += 1
            self.clock.work(self._of_tune[0])
            self.times.ask += now - before
            self._begin(name, found[PACK][0])

    def _begin(self, name: str, job: Job) -> None:
        slot = self._slots.pop(0)
        now = self._count_idle(slot)
        with self.clock.standing_still():
            steps = self._steps(job)
            share = zlib.crc32(f"{job.trial_id} {job.seed}".encode()) / 2**32
            seconds = self._seconds * (1 + SPREAD * (2 * share - 1)) / len(steps)
        self._go_on(_Pack(name, slot, steps, seconds, now))

    def _count_idle(self, slot: _Slot) -> float:
        """Count what a slot was idle until now."""
        now = self.clock.now()
        begin, end = slot.nothing or (now, now)
        self.times.of_plan += end - begin
        self.times.of_driver += now - slot.free - (end - begin)
        slot.free, slot.nothing = now, None
        return now

    def _steps(self, job: Job) -> list[list[Progress]]:
        """What each step of a training brings: an epoch."""
        reports = self._made_up.reports(job)
        last = Progress(job.trial_id, reports[-1], ended=True, outcome=self._made_up.outcome(job))
        return [*([Progress(job.trial_id, report)] for report in reports[:-1]), [last]]

    def _go_on(self, pack: _Pack) -> None:
        pack.ended = self.clock.now() + pack.seconds
        heapq.heappush(self._ends, (pack.ended, self.times.steps, pack))
        self.times.steps += 1

    def _end_step(self, searcher: SourceSearcher, pack: _Pack) -> None:
        """What Tune does with a result."""
        before, progress = self.clock.now(), pack.steps.pop(0)
        self.times.busy += pack.seconds
        self.clock.work(self._of_tune[1])
        result = {
            PROGRESS: progress,
            PLACEMENT: Placement(pack.ended - pack.began, 1.0, "cpu", "simulated"),
        }
        if pack.steps and not searcher.take(pack.name, result):
            now = self.clock.now()
            self.times.results += now - before
            self.times.of_driver += now - pack.ended
            self._go_on(pack)
            return
        searcher.on_trial_complete(pack.name, result)
        self.times.tell += self.clock.now() - before
        pack.slot.free = pack.ended
        self._slots.append(pack.slot)
        with self.clock.standing_still():
            self._looked()
