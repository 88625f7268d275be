"""SweepCopy: a sweep of a store in a folder, as it was when one last looked."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import final

from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard import LOG_FILE, SCHEMAS, SWEEP_FILE, Origin
from mtl_search.stores.claim import at_work
from mtl_search.stores.log_parts import LogCopy, is_of_log
from mtl_search.stores.store import Entry, Store, is_plain

__all__ = ["SweepCopy", "fetch", "is_kept", "is_sweep", "is_table", "no_more"]

TRIES = 10  # looks at a sweep that changes while it is copied
TABLES = frozenset(f"{table}.parquet" for table in SCHEMAS)
KEPT = re.compile(r"networks/[^/]+/[^/]+|outputs/[^/]+|\.hours")


def is_table(name: str) -> bool:
    """Whether a file is a table."""
    return name in TABLES


def is_kept(name: str) -> bool:
    """Whether a file is one that only some need: of the networks, their outputs, the hours."""
    return KEPT.fullmatch(name) is not None


def no_more(name: str) -> bool:
    """None of those."""
    return False


def is_sweep(names: Iterable[str]) -> bool:
    """Whether there is a sweep among these objects."""
    return any(is_of_log(name) or name == "trials.parquet" for name in names)


@final
class SweepCopy:
    """A copy in ``folder`` of the sweep in ``store``: its file, log and tables, and of its other files those
    that are ``wanted``."""

    def __init__(self, store: Store, folder: Path, wanted: Callable[[str], bool] = no_more) -> None:
        self.store, self.folder = store, folder
        self._wanted, self._known = wanted, dict[str, Entry]()
        self._log = LogCopy(store, folder / LOG_FILE)

    def look(self) -> dict[str, Entry]:
        """Make the copy what is there now; its objects. `LeaderboardError` if there is no sweep."""
        for _ in range(TRIES):
            try:
                return self._look()
            except FileNotFoundError:  # it has changed since it was listed
                continue
        raise LeaderboardError(self.store.place, "a sweep that can be copied", "objects that come and go")

    def _look(self) -> dict[str, Entry]:
        entries = self.store.entries()
        if not is_sweep(entries):
            raise LeaderboardError(self.store.place, "the folder of a sweep", "none there")
        new = {name: one for name, one in entries.items() if self._takes(name) and self._is_new(name, one)}
        fetch(self.store, new, self.folder)
        self._known |= new
        entries = self.store.entries()  # the log after the tables, so that it has all that they have
        self._log.look(entries)
        Origin(self.store.place, at_work(self.store, entries)).note(self.folder)
        return entries

    def _takes(self, name: str) -> bool:
        return is_plain(name) and (is_table(name) or name == SWEEP_FILE or self._wanted(name))

    def _is_new(self, name: str, entry: Entry) -> bool:
        return entry.put is None or self._known.get(name) != entry


def fetch(store: Store, names: Iterable[str], folder: Path) -> None:
    """Make files of objects, in a ``folder`` of our own."""
    for name, content in store.read_all(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
