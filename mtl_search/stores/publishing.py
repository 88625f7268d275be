"""Publisher: what is written to a sweep's folder is put into its store, in an order that is right to read."""

import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import final

from mtl_search.errors import StoreError
from mtl_search.leaderboard import LOCK_FILE, LOG_FILE, ORIGIN_FILE, is_partial
from mtl_search.stores.copying import is_table
from mtl_search.stores.log_parts import PublishedLog
from mtl_search.stores.store import Entry, Store

__all__ = ["Publisher"]

PAGE, JOURNAL = "report.html", "journal.log"
APART = frozenset({LOG_FILE, LOCK_FILE, ORIGIN_FILE, PAGE, JOURNAL})
PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0)  # seconds between tries, while the store does not answer
PART = 0.1  # of the time that the page may take: one that takes long is put less often

Stamp = tuple[int, int, int]


@final
class Publisher:
    """Puts what is new in ``folder`` into ``store``; ``check`` says that this is (still) for this process.

    A store that does not answer is tried again for a while. `StoreError` if it then still does not; what was
    not put is put with the next call, if there is one.
    """

    def __init__(self, store: Store, folder: Path, check: Callable[[], None]) -> None:
        self._store, self._folder, self._check = store, folder, check
        self._log = PublishedLog(store, folder / LOG_FILE)
        self._put = dict[str, Stamp]()
        self._page_again = 0.0

    def known(self, entries: Mapping[str, Entry]) -> None:
        """Take all that is in the folder for published, as these objects."""
        self._put = dict(self._files())
        self._log.known(entries)

    def publish(self) -> None:
        """Put what is new: files that others rely on, then the log, then tables, ``trials`` last."""
        self._patiently(self._publish)

    def finish(self) -> None:
        """Put all of it: at the end of a run the objects are those of a folder."""
        self.publish()
        self._patiently(self._log.whole)
        self._patiently(partial(self._write, JOURNAL))

    def publish_page(self) -> None:
        """Put the page if it is another one by now, and that is due."""
        if (began := time.monotonic()) >= self._page_again:
            self._write(PAGE)
            now = time.monotonic()
            self._page_again = now + (now - began) / PART

    def publish_last_page(self) -> None:
        """Put the page once nobody writes it any more."""
        self._patiently(partial(self._write, PAGE))

    def _publish(self) -> None:
        self._check()
        new = sorted(name for name, stamp in self._files() if self._put.get(name) != stamp)
        for name in (name for name in new if not is_table(name)):
            self._write(name)
        self._log.publish()
        for name in sorted(filter(is_table, new), key="trials.parquet".__eq__):
            self._write(name)

    def _write(self, name: str) -> None:
        """Put a file, unless it is not there, or what is there was put."""
        path = self._folder / name
        if path.is_file() and (stamp := _stamp(path)) != self._put.get(name):
            self._store.write(name, path.read_bytes())
            self._put[name] = stamp

    def _files(self) -> Iterator[tuple[str, Stamp]]:
        """Those of the sweep, as they are now."""
        for path in self._folder.rglob("*"):
            name = path.relative_to(self._folder).as_posix()
            if name not in APART and not any(map(is_partial, name.split("/"))) and path.is_file():
                yield name, _stamp(path)

    def _patiently(self, put: Callable[[], None]) -> None:
        for pause in PAUSES:
            try:
                put()
            except StoreError:
                time.sleep(pause)
            else:
                return
        try:
            put()
        except StoreError as error:
            hint = (
                f"what was recorded is kept; go on with: mtl-search resume {shlex.quote(self._store.place)}"
            )
            raise StoreError(error.place, error.expected, error.found, hint) from error


def _stamp(path: Path) -> Stamp:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns
