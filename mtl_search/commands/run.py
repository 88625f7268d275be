"""``mtl-search run``: a new sweep."""

import argparse

from mtl_search.commands.ending import conclude
from mtl_search.commands.options import add_execution, add_file, add_name, add_results, check_may_be_seen
from mtl_search.commands.parsing import Commands, command

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    one = command(commands, "run", "run a sweep", run)
    add_file(one)
    add_results(one)
    add_name(one)
    add_execution(one)


def run(arguments: argparse.Namespace) -> int:
    """Run a new sweep."""
    from mtl_search.search import run_sweep
    from mtl_search.sweep import load_sweep
    from mtl_search.terminal.watching import watching

    if not arguments.inline:
        check_may_be_seen("--results", arguments.results)
    spec = load_sweep(arguments.file)
    with watching(quiet=arguments.quiet) as watch:
        result = run_sweep(
            spec,
            arguments.results,
            name=arguments.name,
            trials=arguments.trials,
            hours=arguments.hours,
            inline=arguments.inline,
            address=arguments.address,
            dashboard=not arguments.no_dashboard,
            watch=watch,
        )
    return conclude(result, arguments.quiet)
