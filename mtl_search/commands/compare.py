"""``mtl-search compare``: several sweeps side by side."""

import argparse
from pathlib import Path

from mtl_search.commands.parsing import DONE, Commands, command

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    one = command(commands, "compare", "set several sweeps side by side", compare)
    one.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="the folders of the sweeps")


def compare(arguments: argparse.Namespace) -> int:
    """Set several sweeps side by side."""
    from mtl_search.leaderboard import Leaderboard
    from mtl_search.terminal.comparing import show_comparison

    show_comparison([Leaderboard(folder) for folder in arguments.folders])
    return DONE
