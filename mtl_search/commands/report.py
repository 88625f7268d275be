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
    from mtl_search.leaderboard import place_of, sound
    from mtl_search.report import write_report
    from mtl_search.stores import opened

    with opened(arguments.folder) as sweep, sound(sweep.folder):
        page = write_report(sweep.folder)
        sweep.put(page.name)
        sys.stdout.write(f"{place_of(sweep.folder)}/{page.name}\n")
    return DONE
