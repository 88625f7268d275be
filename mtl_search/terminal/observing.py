"""A sweep that another process runs, looked at from its folder: once, or until it ends."""

import shlex
import time
from collections.abc import Callable
from pathlib import Path

from mtl_search.leaderboard import Leaderboard, Standing, place_of, standing
from mtl_search.search import idle_for, observed, still_since
from mtl_search.stores import Opened
from mtl_search.terminal.live import LiveView
from mtl_search.terminal.progress import draw, line
from mtl_search.terminal.words import duration, plain_console

__all__ = ["abandoned", "look_once", "observe"]

EVERY = 2.0  # seconds between two looks
PART = 0.1  # of the time that looking may take: at a large sweep it comes less often


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
            if standing(path) is Standing.DONE:
                return ""
            if why := abandoned(path):
                return why
            took = time.monotonic() - began
            sleep(max(EVERY, took / PART - took))
            began = time.monotonic()
            sweep.look_again()


def abandoned(path: Path) -> str:
    """That nobody seems to work on a sweep that has not come to its end; empty if somebody may."""
    if not (still := idle_for(path)):
        return ""
    return (
        f"nobody seems to work on it: its lock is free, and nothing has changed for {duration(still)}; "
        f"go on with: mtl-search resume {shlex.quote(place_of(path))}"
    )
