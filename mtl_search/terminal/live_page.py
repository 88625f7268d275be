"""The live page: while a sweep runs its page is written again every 20 seconds."""

import logging
import threading
import time
from pathlib import Path
from typing import Self, final

from typing_extensions import override

from mtl_search.data import Dataset
from mtl_search.report import write_report
from mtl_search.search import Executor, Watch
from mtl_search.sweep import SweepSpec

__all__ = ["LivePage"]

_LOGGER = logging.getLogger(__name__)

EVERY = 20.0  # seconds between two pages
PART = 0.1  # of the time that writing may take: the page of a large sweep comes less often


@final
class LivePage(Watch):
    """Writes the page in a thread of its own, which only reads what is recorded.

    A page that cannot be written is no reason to stop a sweep: a warning says why, once, and the next one is
    tried all the same.
    """

    def __init__(self) -> None:
        self._path = Path()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write, name="live page", daemon=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Wait for a page that is being written, so that the last one is not overwritten by it."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    @override
    def started(self, spec: SweepSpec, dataset: Dataset, executor: Executor, path: Path) -> None:
        self._path = path
        self._thread.start()

    @override
    def stopping(self) -> None:
        self._over.set()

    def _write(self) -> None:
        failed, wait = False, 0.0  # the first one at once: there is something to open
        while not self._over.wait(wait):
            began = time.monotonic()
            try:
                write_report(self._path)
            except Exception as error:
                level, failed = logging.DEBUG if failed else logging.WARNING, True
                _LOGGER.log(level, "the page of %s was not written: %r", self._path, error)
            took = time.monotonic() - began
            wait = max(EVERY - took, took / PART)
