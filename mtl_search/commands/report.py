"""``mtl-search report``: the page of a sweep."""

import argparse
import sys

from mtl_search.commands.options import add_folder
from mtl_search.commands.parsing import DONE, Commands, command

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    add_folder(command(commands, "report", "write the page of a sweep", report))


def report(arguments: argparse.Namespace) -> int:
    """Write the page of a sweep."""
    from mtl_search.leaderboard import sound
    from mtl_search.report import write_report

    with sound(arguments.folder):
        sys.stdout.write(f"{write_report(arguments.folder)}\n")
    return DONE
