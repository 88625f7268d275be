"""The inline executor: jobs one after another in this process, for debugging and for tests of the search."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from types import FrameType
from typing import ClassVar, final

import torch
from typing_extensions import override

from mtl_search.data import Dataset
from mtl_search.errors import ResourceError
from mtl_search.search.executors.base import Executor
from mtl_search.search.executors.device_use import UseMeter
from mtl_search.search.executors.limits import Watchdog
from mtl_search.search.executors.place import Place
from mtl_search.search.jobs import ArmStanding, JobSource
from mtl_search.sweep.settings import Resources
from mtl_search.training import SoloTrainer, Trainer

__all__ = ["Inline", "run_inline", "stop_on_sigint"]


@final
class Inline(Executor):
    """One job after another in this process."""

    in_process: ClassVar[bool] = True

    def __init__(self, resources: Resources) -> None:
        available = torch.cuda.device_count()
        wanted = resources.gpu if resources.gpu != "auto" else float(available > 0)
        if wanted > available:
            raise ResourceError(
                "resources.gpu", f"at most the {available} GPUs of this machine", f"{wanted:g}"
            )
        if resources.team > 1:
            one, hint = "one worker for a trial in this process", "without --inline Ray starts the others"
            raise ResourceError("resources", one, f"{resources.team}", hint)
        self.place = Place(resources.cpu, wanted, resources.minutes, resources.memory)
        self.slots, self.dashboard = 1, None

    @property
    @override
    def has_bfloat16(self) -> bool:
        return self.place.gpus > 0 and torch.cuda.is_bf16_supported()

    @override
    def run(
        self, source: JobSource, dataset: Dataset, waiting: Callable[[str], None] = lambda why: None
    ) -> None:
        run_inline(source, dataset, self.place)

    @override
    def show(self, arms: Sequence[ArmStanding]) -> None:
        """Nothing: there is nobody to look but the terminal and the page, which have it already."""


def run_inline(
    source: JobSource, dataset: Dataset, place: Place, trainer: type[Trainer] = SoloTrainer
) -> None:
    """Train all jobs of ``source``; Ctrl-C stops after the epoch that is running."""
    torch.set_num_threads(place.threads)
    with stop_on_sigint(source) as asked:
        while not isinstance(pack := source.next_pack(trainer.size), str):
            start = time.perf_counter()
            training, watchdog = trainer(pack, dataset, place.device), Watchdog(place, asked)
            with closing(UseMeter(on_gpu=place.gpus > 0)) as meter:
                while training.live:
                    for progress in watchdog.step(training):
                        seconds = time.perf_counter() - start
                        if source.take(progress, place.placement(seconds, len(pack), meter.use())):
                            training.stop(progress.trial_id)


@contextmanager
def stop_on_sigint(source: JobSource) -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into ``source.interrupt()``, the second into the usual KeyboardInterrupt.

    The same for SIGTERM, by which a scheduler or a shutdown ends a process. Outside the main thread no signal
    arrives, and nothing is done. What it makes says whether there was one.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    signals = (signal.SIGINT, signal.SIGTERM)

    def interrupt(signum: int, frame: FrameType | None) -> None:
        asked.set()
        source.interrupt()
        for one in signals:
            signal.signal(one, signal.default_int_handler)

    before = {one: signal.signal(one, interrupt) for one in signals}
    try:
        yield asked.is_set
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
