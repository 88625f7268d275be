"""Opening: what reads a folder reads a URI as well, from a copy that is gone afterwards."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import final

from mtl_search.errors import BundleError, LeaderboardError, UserError
from mtl_search.leaderboard import SWEEP_FILE, Origin
from mtl_search.scratch import scratch_folder
from mtl_search.stores.copying import SweepCopy, fetch, is_kept, is_sweep, no_more
from mtl_search.stores.store import Store, is_plain
from mtl_search.uris import local_path

__all__ = ["Opened", "opened", "opened_all", "opened_folder", "told_of"]


@final
@dataclass(frozen=True, slots=True)
class Opened:
    """The folder of a sweep, or a copy of what is in a store."""

    folder: Path
    copy: SweepCopy | None = None

    def look_again(self) -> None:
        """Make the copy what is there now."""
        if self.copy is not None:
            self.copy.look()

    def put(self, name: str) -> None:
        """A file that was made in the folder belongs to the sweep."""
        if self.copy is not None:
            self.copy.store.write(name, (self.folder / name).read_bytes())


@contextmanager
def opened(place: Path | str, *, kept: bool = False) -> Iterator[Opened]:
    """The sweep in a folder or below a URI, for as long as the block lasts.

    ``kept``: with its trained networks and what belongs to them. Errors within name the URI.
    """
    if (path := local_path(place)) is not None:
        yield Opened(path)
        return
    store = Store.at(str(place))
    with _copied(store) as folder:
        copy = SweepCopy(store, folder, is_kept if kept else no_more)
        copy.look()
        yield Opened(folder, copy)


@contextmanager
def opened_all(place: Path | str) -> Iterator[Path]:
    """The folder with the sweeps' folders in it, or one of a sweep; of a URI, copies of what they say."""
    if (path := local_path(place)) is not None:
        yield path
        return
    store = Store.at(str(place))
    with _copied(store) as folder:
        names: dict[str, list[str]] = {}
        for name in filter(is_plain, entries := store.entries()):
            names.setdefault(name.partition("/")[0], []).append(name.partition("/")[2])
        if is_sweep(entries):
            SweepCopy(store, folder).look()
        else:
            found = {one: of_it for one, of_it in names.items() if is_sweep(of_it) or SWEEP_FILE in of_it}
            if not entries:
                raise LeaderboardError(store.place, "a folder with sweeps in it", "nothing")
            for one in found:
                (folder / one).mkdir()
                if is_sweep(names[one]):
                    SweepCopy(store.below(one), folder / one).look()
                else:
                    fetch(store.below(one), [SWEEP_FILE], folder / one)
                    Origin(store.below(one).place, at_work=False).note(folder / one)
            Origin(store.place, at_work=False).note(folder)
        yield folder


@contextmanager
def opened_folder(place: Path | str) -> Iterator[Path]:
    """A folder, whatever is in it; of a URI a copy of all. `BundleError` if there is nothing."""
    if (path := local_path(place)) is not None:
        yield path
        return
    store = Store.at(str(place))
    with _copied(store) as folder:
        names = [name for name in store.entries() if is_plain(name)]
        if not names:
            raise BundleError(store.place, "a folder", "nothing there")
        fetch(store, names, folder)
        yield folder


@contextmanager
def _copied(store: Store) -> Iterator[Path]:
    """A folder for a copy, of the same name."""
    with scratch_folder() as scratch:
        folder = scratch / (store.last or "results")
        folder.mkdir()
        with told_of(folder, store.place):
            yield folder


@contextmanager
def told_of(folder: Path, place: str) -> Iterator[None]:
    """Errors name the place, not the folder that is a copy of it."""
    try:
        yield
    except UserError as error:
        raise _renamed(error, lambda text: text.replace(str(folder), place)) from error.__cause__


def _renamed(error: UserError, change: Callable[[str], str]) -> UserError:
    hint = None if error.hint is None else change(error.hint)
    return type(error)(change(error.place), change(error.expected), change(error.found), hint)
