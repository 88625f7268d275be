"""A sweep that another process runs, looked at from its folder: once, or until it ends."""

import shlex
import time
from collections.abc import Callable
from pathlib import Path

from mtl_search.leaderboard import Leaderboard, Standing, place_of, standing
from mtl_search.search import observed, still_since
from mtl_search.stores import Opened
from mtl_search.terminal.live import LiveView
from mtl_search.terminal.progress import draw, line
from mtl_search.terminal.words import duration, plain_console

__all__ = ["look_once", "observe"]

EVERY = 2.0  # seconds between two looks
PART = 0.1  # of the time that looking may take: at a large sweep it comes less often
PATIENCE = 60.0  # seconds without any change, and as long as `LONGEST` of the longest trial so far
LONGEST = 3.0


def look_once(path: Path) -> None:
    """Print where the sweep in folder ``path`` stands: the view in a terminal, else one line."""
    console, snapshot = plain_console(), observed(path)
    if console.is_terminal:
        console.print(draw(snapshot, 0.0))
    else:
        console.print(line(snapshot), soft_wrap=True)


def observe(sweep: Opened, sleep: Callable[[float], None] = time.sleep) -> str:
    """Show the sweep until nobody works on it; why it looks so, empty if it came to its end."""
    path = sweep.folder
    Leaderboard(path)  # or there is none
    with LiveView(plain_console()) as view:
        known = 0.0
        began = time.monotonic()
        while True:
            changed = still_since(path)
            if changed != known:
                known = changed
                view.changed(observed(path))
            now = standing(path)
            if now is Standing.DONE:
                return ""
            if now is Standing.INTERRUPTED and (why := _abandoned(path, time.time() - changed)):
                return why
            took = time.monotonic() - began
            sleep(max(EVERY, took / PART - took))
            began = time.monotonic()
            sweep.look_again()


def _abandoned(path: Path, still: float) -> str:
    """That nobody works on a sweep whose lock is free, which may be held on another machine, out of sight."""
    trials = Leaderboard(path).trials().select(["started", "finished"]).to_pylist()
    longest = max(((row["finished"] - row["started"]).total_seconds() for row in trials), default=0.0)
    if still < max(PATIENCE, LONGEST * longest):
        return ""
    return (
        f"nobody seems to work on it: its lock is free, and nothing has changed for {duration(still)}; "
        f"go on with: mtl-search resume {shlex.quote(place_of(path))}"
    )
