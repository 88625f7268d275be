"""``mtl-search watch``: the live view of a sweep that another process runs."""

import argparse
import sys

from mtl_search.commands.options import add_folder
from mtl_search.commands.parsing import DONE, NOTHING, Commands, command

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    one = command(commands, "watch", "look at a sweep that another process or machine runs", watch)
    add_folder(one)
    one.add_argument("--once", action="store_true", help="print how it stands now, and end")


def watch(arguments: argparse.Namespace) -> int:
    """Show the sweep until it ends; Ctrl-C ends the view alone."""
    from mtl_search.leaderboard import Leaderboard, sound
    from mtl_search.stores import opened
    from mtl_search.terminal.leaders import show_end
    from mtl_search.terminal.observing import look_once, observe

    with opened(arguments.folder) as sweep, sound(sweep.folder):
        if arguments.once:
            look_once(sweep.folder)
            return DONE
        why = observe(sweep)
        look_once(sweep.folder)
        if why:
            sys.stderr.write(f"mtl-search: {why}\n")
            return NOTHING
        show_end(Leaderboard(sweep.folder))
    return DONE
