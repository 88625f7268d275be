"""``mtl-search new``: from a table to a sweep file."""

import argparse
import sys
from pathlib import Path

from mtl_search.commands.options import add_json, add_quiet
from mtl_search.commands.parsing import DONE, Commands, command

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    one = command(commands, "new", "look at a table and write a sweep file for it", new)
    one.add_argument("table", metavar="TABLE", help="a path, a URI, or a bundled table's name")
    one.add_argument("--tasks", metavar="A,B", help="the columns to predict; class* takes all that begin so")
    one.add_argument("--out", type=Path, metavar="FILE", help="(default: the table's name with .yaml)")
    one.add_argument("--minutes", type=_minutes, metavar="M", help="a budget that fits this time here")
    one.add_argument("--force", action="store_true", help="replace FILE")
    add_json(one)
    add_quiet(one)


def new(arguments: argparse.Namespace) -> int:
    """Look, ask if need be, and write."""
    from mtl_search import drafting
    from mtl_search.terminal.drafting import ask_tasks, draft_json, show_draft, show_look

    source = arguments.table
    file = arguments.out or Path(f"{drafting.name_of(source)}.yaml")
    drafting.check_free(file, force=arguments.force)
    look = drafting.look_at(source, drafting.read_sample(source, Path.cwd()))
    silent = arguments.json or arguments.quiet
    text = arguments.tasks
    if text is None:
        if silent or not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise drafting.needs_tasks(look)
        show_look(look)
        text = ask_tasks(look)
    data = drafting.draft_data(look, drafting.columns_named(text, list(look.profiles)))
    draft = drafting.drafted(data, file, minutes=arguments.minutes)
    drafting.save_draft(draft, file)
    if arguments.json:
        sys.stdout.write(draft_json(draft, file) + "\n")
    elif arguments.quiet:
        sys.stdout.write(f"{file}\n")
    else:
        if arguments.tasks is not None:
            show_look(look)
        show_draft(draft, file)
    return DONE


def _minutes(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of minutes above 0, found {text!r}")
    return value
