"""Folder: a new sweep's own."""

import shlex
from pathlib import Path

from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard import LOCK_FILE, SCHEMAS, is_partial
from mtl_search.sweep.file import SWEEP_FILE

__all__ = ["is_free", "make_folder", "taken"]


def make_folder(path: Path) -> None:
    """Make the folder of a new sweep; UserError if that cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LeaderboardError(
            str(path), "a folder that can be made", error.strerror or str(error)
        ) from error


def is_free(path: Path) -> bool:
    """Whether a sweep can begin in ``path``: nothing is there but what one leaves that was killed before its
    log was made."""
    if not path.exists():
        return True
    there = {entry.name for entry in path.iterdir() if not is_partial(entry.name)} if path.is_dir() else {""}
    ours = {LOCK_FILE, SWEEP_FILE, *(f"{table}.parquet" for table in SCHEMAS)} - {"trials.parquet"}
    return not there or (LOCK_FILE in there and there <= ours)


def taken(path: Path) -> LeaderboardError:
    """That a sweep is there already."""
    hint = f"mtl-search resume {shlex.quote(str(path))}, or --name NAME"
    return LeaderboardError(str(path), "no sweep of this name yet", "a folder", hint)
