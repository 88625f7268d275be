"""``mtl-search top``: the best designs and trials of a sweep."""

import argparse
import sys

from mtl_search.commands.options import add_count, add_folder, add_json
from mtl_search.commands.parsing import DONE, Commands, command

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    one = command(commands, "top", "show the best designs and trials of a sweep", top)
    add_folder(one)
    add_count(one, "designs and trials")
    one.add_argument("--arm", help="of this arm alone")
    add_json(one)


def top(arguments: argparse.Namespace) -> int:
    """Show the best designs and trials."""
    from mtl_search.leaderboard import Leaderboard, sound
    from mtl_search.stores import opened
    from mtl_search.terminal.leaders import show_top, top_json

    with opened(arguments.folder) as sweep, sound(sweep.folder):
        board = Leaderboard(sweep.folder)
        if arguments.json:
            sys.stdout.write(top_json(board, arguments.n, arguments.arm) + "\n")
        else:
            show_top(board, arguments.n, arguments.arm)
    return DONE
