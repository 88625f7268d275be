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
    from mtl_search.terminal.leaders import show_end
    from mtl_search.terminal.observing import look_once, observe

    with sound(arguments.folder):
        if arguments.once:
            look_once(arguments.folder)
            return DONE
        if why := observe(arguments.folder):
            look_once(arguments.folder)
            sys.stderr.write(f"mtl-search: {why}\n")
            return NOTHING
        look_once(arguments.folder)
        show_end(Leaderboard(arguments.folder))
    return DONE
