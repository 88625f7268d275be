"""``mtl-search clean``: what a sweep does not need to be read is removed."""

import argparse
from pathlib import Path

from mtl_search.commands.options import here
from mtl_search.commands.parsing import DONE, Commands, command

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    one = command(commands, "clean", "remove the encoded rows that were kept in files, and say which", clean)
    one.add_argument(
        "folder",
        type=here,
        nargs="?",
        default=Path("results"),
        metavar="DIR",
        help="where the sweeps' folders are (default: results)",
    )
    one.add_argument("--dry-run", action="store_true", help="only say what would be removed")


def clean(arguments: argparse.Namespace) -> int:
    """Remove what can be made again."""
    from mtl_search.terminal.cleaning import clean_folder

    clean_folder(arguments.folder, dry_run=arguments.dry_run)
    return DONE
