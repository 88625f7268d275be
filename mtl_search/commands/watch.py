"""``mtl-search watch``: the live view of a sweep that another process runs."""

import argparse
import sys

from mtl_search.commands.options import add_folder
from mtl_search.commands.parsing import DONE, NOTHING, Commands, command
from mtl_search.errors import without_controls

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    one = command(commands, "watch", "look at a sweep that another process or machine runs", watch)
    add_folder(one)
    one.add_argument("--once", action="store_true", help="print how it stands now, and end")


def watch(arguments: argparse.Namespace) -> int:
    """Show the sweep until it ends; Ctrl-C ends the view alone. The exit code is that of ``run``."""
    from mtl_search.leaderboard import Leaderboard, sound, without_answer
    from mtl_search.stores import opened
    from mtl_search.terminal.leaders import show_end
    from mtl_search.terminal.observing import abandoned, look_once, observe

    with opened(arguments.folder) as sweep, sound(sweep.folder):
        left = abandoned(sweep.folder) if arguments.once else observe(sweep)
        look_once(sweep.folder)
        if not left and not arguments.once:
            show_end(Leaderboard(sweep.folder))
        why = left or without_answer(sweep.folder)
    if not why:
        return DONE
    sys.stderr.write(f"mtl-search: {without_controls(why)}\n")
    return NOTHING
