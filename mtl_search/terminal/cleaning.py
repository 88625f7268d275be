"""``clean``: the encoded rows that were kept in files are removed; results are not touched."""

from contextlib import nullcontext
from pathlib import Path

from mtl_search.data.cache import Cache, Cached, as_size
from mtl_search.data.room import CACHE
from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard import Standing, standing
from mtl_search.terminal.words import plain_console

__all__ = ["clean_folder"]


def clean_folder(folder: Path, *, dry_run: bool = False) -> None:
    """Remove, or only name, what is in the cache of the sweeps in ``folder``.

    A UserError if there is no such folder, a sweep at work there, whose workers may yet open it, or a process
    that writes there.
    """
    if not folder.is_dir():
        found = "a file" if folder.exists() else "no such folder"
        raise LeaderboardError(str(folder), "a folder with sweeps in it", found)
    cache, console = Cache(folder / CACHE), plain_console()
    entries = cache.entries()
    running = [path.name for path in sorted(folder.glob("[!.]*")) if standing(path) is Standing.RUNNING]
    if entries and running and not dry_run:
        hint = "its workers read from there: clean when it has ended"
        raise LeaderboardError(str(folder), "no sweep at work", running[0], hint)
    did = "would remove" if dry_run else "removed"
    with nullcontext() if dry_run or not entries else cache.alone(wait=False):
        for entry in entries:
            if not dry_run:
                entry.remove()
            console.print(f"{did} {entry.path}: {_what(entry)}, {as_size(entry.nbytes)}", soft_wrap=True)
    if not entries:
        console.print(f"nothing to remove in {folder}", soft_wrap=True)


def _what(entry: Cached) -> str:
    return "rows that were never all written" if entry.source is None else f"encoded rows of {entry.source}"
