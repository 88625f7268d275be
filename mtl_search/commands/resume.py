"""``mtl-search resume``: a sweep goes on."""

import argparse

from mtl_search.commands.ending import conclude
from mtl_search.commands.options import add_execution, add_folder, check_may_be_seen
from mtl_search.commands.parsing import Commands, command
from mtl_search.errors import UserError

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    one = command(commands, "resume", "go on with a sweep, or give its search more trials or hours", resume)
    add_folder(one)
    add_execution(one)
    one.add_argument(
        "--references", action="store_true", help="give the references their part of --trials or --hours too"
    )


def resume(arguments: argparse.Namespace) -> int:
    """Go on with a sweep."""
    from mtl_search.search import resume_sweep
    from mtl_search.terminal.watching import watching

    if not arguments.inline:
        check_may_be_seen("DIR", arguments.folder)
    if arguments.references and arguments.trials is None and arguments.hours is None:
        raise UserError("--references", "--trials N or --hours H with it", "neither")
    with watching(quiet=arguments.quiet) as watch:
        result = resume_sweep(
            arguments.folder,
            trials=arguments.trials,
            hours=arguments.hours,
            references=arguments.references,
            inline=arguments.inline,
            address=arguments.address,
            dashboard=not arguments.no_dashboard,
            watch=watch,
        )
    return conclude(result, arguments.quiet)
