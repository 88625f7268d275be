"""``mtl-search compare``: several sweeps side by side."""

import argparse
import sys
from contextlib import ExitStack

from mtl_search.commands.options import add_json, place
from mtl_search.commands.parsing import DONE, Commands, command

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    one = command(
        commands, "compare", "set sweeps side by side, and judge the others against the first", compare
    )
    one.add_argument("folders", type=place, nargs="+", metavar="DIR", help="the folders of the sweeps")
    add_json(one)


def compare(arguments: argparse.Namespace) -> int:
    """Set several sweeps side by side."""
    from mtl_search.leaderboard import Leaderboard, sound
    from mtl_search.stores import opened
    from mtl_search.terminal.comparing import comparison_json, show_comparison

    with ExitStack() as stack:
        folders = [stack.enter_context(opened(folder)).folder for folder in arguments.folders]
        boards = [Leaderboard(folder) for folder in folders]
        stack.enter_context(sound(*folders))
        if arguments.json:
            sys.stdout.write(comparison_json(boards) + "\n")
        else:
            show_comparison(boards)
    return DONE
