"""Home: where a process works on a sweep, in its folder or on a copy of what is in a store."""

import shlex
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import final
from weakref import finalize

from typing_extensions import override

from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard import (
    LOCK_FILE,
    SCHEMAS,
    SWEEP_FILE,
    Origin,
    check_is_sweep,
    is_partial,
    only_process,
)
from mtl_search.scratch import scratch_folder
from mtl_search.stores.claim import Claim, is_claim, repeated
from mtl_search.stores.copying import SweepCopy, is_kept, is_sweep
from mtl_search.stores.opening import told_of
from mtl_search.stores.publishing import Publisher
from mtl_search.stores.store import Store
from mtl_search.uris import local_path

__all__ = ["Home", "home_at", "new_home"]

OURS = frozenset({SWEEP_FILE, *(f"{table}.parquet" for table in SCHEMAS)}) - {"trials.parquet"}
PAGE = 15.0  # seconds between two looks whether the page is another by now


class Home(ABC):
    """Where one process works on a sweep: in ``folder``, which people know as ``place``."""

    folder: Path
    place: str

    @abstractmethod
    def is_free(self) -> bool:
        """Whether a sweep can begin here: nothing is there but what one leaves that was killed before its log
        was made."""

    @abstractmethod
    def alone(self, *, new: bool) -> AbstractContextManager[None]:
        """While no other process works on it; a ``new`` one is begun, else there has to be one."""

    @abstractmethod
    def publish(self) -> None:
        """Take what was written to where it is to be, before anybody counts on it."""

    @abstractmethod
    def publish_page(self) -> None:
        """The same for the page, which is written again when the work is over."""

    def check_free(self) -> None:
        """LeaderboardError if a sweep is there already."""
        if not self.is_free():
            hint = f"mtl-search resume {shlex.quote(self.place)}, or --name NAME"
            raise LeaderboardError(self.place, "no sweep of this name yet", "a folder", hint)


@final
class FolderHome(Home):
    """The folder itself, under its lock."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.place = folder, str(folder)

    @override
    def is_free(self) -> bool:
        path = self.folder
        if not path.is_dir():
            return not path.exists()
        there = {entry.name for entry in path.iterdir() if not is_partial(entry.name)}
        return not there or (LOCK_FILE in there and there <= OURS | {LOCK_FILE})

    @override
    @contextmanager
    def alone(self, *, new: bool) -> Iterator[None]:
        if new:
            self._make()
        else:
            check_is_sweep(self.folder)
        with only_process(self.folder):
            yield

    @override
    def publish(self) -> None:
        """It is there."""

    @override
    def publish_page(self) -> None:
        """It is there."""

    def _make(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            found = error.strerror or str(error)
            raise LeaderboardError(self.place, "a folder that can be made", found) from error


@final
class StoreHome(Home):
    """A copy, under a claim in the ``store``; it is there as long as this, and is not gone on from."""

    def __init__(self, store: Store) -> None:
        stack = ExitStack()
        self.folder = stack.enter_context(scratch_folder()) / store.last
        self.folder.mkdir()
        finalize(self, stack.close)
        self.place, self._store = store.place, store
        self._claim = Claim(store)
        self._publisher = Publisher(store, self.folder, self._claim.check)

    @override
    def is_free(self) -> bool:
        self._store.check_writable()
        return {name for name in self._store.entries() if not is_claim(name)} <= OURS

    @override
    @contextmanager
    def alone(self, *, new: bool) -> Iterator[None]:
        self._store.check_writable()
        if not new and not is_sweep(self._store.entries()):
            raise LeaderboardError(self.place, "the folder of a sweep", "none there")
        with told_of(self.folder, self.place), self._claim.held():
            if new:
                Origin(self.place, at_work=True).note(self.folder)
            else:
                self._publisher.known(SweepCopy(self._store, self.folder, is_kept).look())
            with repeated(self._publisher.publish_page, PAGE):
                yield
            self._publisher.finish()
        Origin(self.place, at_work=False).note(self.folder)

    @override
    def publish(self) -> None:
        self._publisher.publish()

    @override
    def publish_page(self) -> None:
        self._publisher.publish_last_page()


def new_home(results: Path | str, name: str) -> Home:
    """That of a new sweep among ``results``, a folder or a URI."""
    path = local_path(results)
    return StoreHome(Store.at(str(results)).below(name)) if path is None else FolderHome(path / name)


def home_at(place: Path | str) -> Home:
    """That of a sweep in a folder or below a URI."""
    path = local_path(place)
    return StoreHome(Store.at(str(place))) if path is None else FolderHome(path)
