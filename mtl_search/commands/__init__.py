"""The commands, one small file each.

A command is added like this: ``commands/forecast.py`` has ``add``, which makes its parser with
``parsing.command`` and takes the options that other commands have too from ``options``, and the function that
runs it: from the parsed arguments to an exit code. It parses, calls the room that does the work, and prints;
nothing else. Imports that cost time (torch, Ray, pandas, rich) stand inside that function, so that ``--help``
and the shell's completion answer at once. One line in `COMMANDS`, which is the order of the help, makes
it known; its help, its completion, its exit codes and the shape of its errors come by themselves.

It is argparse rather than typer: each command takes a folder or a file and a few options, as short in either,
and the help stays as fast as Python's start (argparse takes 10 ms to import, typer 50, and 130 with the help
that rich draws). What argparse lacks, `parsing` has in few lines: errors of the same shape as all our others,
and suggestions. shtab makes the completion scripts from the parser.
"""

import argparse
from collections.abc import Sequence

from mtl_search.commands import (
    check,
    clean,
    compare,
    completion,
    dashboard,
    evaluate,
    export,
    new,
    predict,
    report,
    results,
    resume,
    run,
    submit,
    top,
    watch,
)
from mtl_search.commands.parsing import Parser, Version

__all__ = ["COMMANDS", "parse", "parser"]

COMMANDS = (
    new.add,
    check.add,
    run.add,
    resume.add,
    submit.add,
    watch.add,
    results.add,
    dashboard.add,
    top.add,
    compare.add,
    report.add,
    export.add,
    predict.add,
    evaluate.add,
    clean.add,
    completion.add,
)


def parser() -> Parser:
    """All commands and their options."""
    root = Parser(
        prog="mtl-search",
        description="Search which tasks to train together, where to split them, how to weight their losses.",
        epilog="Options of a command: mtl-search COMMAND --help",
        allow_abbrev=False,
    )
    root.add_argument("--version", action=Version, nargs=0, help="show the version and exit")
    commands = root.add_subparsers(metavar="COMMAND")
    for add in COMMANDS:
        add(commands)
    return root


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The arguments of one command, with the function that runs it; ``SystemExit`` after help and errors."""
    root = parser()
    arguments, unknown = root.parse_known_args(argv)
    if "command" not in arguments:
        if unknown:
            root.refuse(unknown)
        root.print_help()
        root.exit()
    if unknown:
        arguments.parser.refuse(unknown)
    return arguments
