"""``mtl-search results``: the sweeps in a folder."""

import argparse
import sys
from pathlib import Path

from mtl_search.commands.options import add_json, place
from mtl_search.commands.parsing import DONE, Commands, command

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    one = command(commands, "results", "list the sweeps in a folder and how they stand", results)
    one.add_argument(
        "folder",
        type=place,
        nargs="?",
        default=Path("results"),
        metavar="DIR",
        help="where the sweeps' folders are (default: results)",
    )
    add_json(one)


def results(arguments: argparse.Namespace) -> int:
    """List the sweeps."""
    from mtl_search.stores import opened_all
    from mtl_search.terminal.sweeps import show_sweeps, sweeps_json

    with opened_all(arguments.folder) as folder:
        if arguments.json:
            sys.stdout.write(sweeps_json(folder) + "\n")
        else:
            show_sweeps(folder)
    return DONE
