"""``mtl-search check``: what a sweep file would search."""

import argparse
import sys

from mtl_search.commands.options import add_file, add_json
from mtl_search.commands.parsing import DONE, Commands, command

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    one = command(commands, "check", "check a sweep file and its data, and show what it would search", check)
    add_file(one)
    one.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the sampled trial that is shown (default: 0)"
    )
    add_json(one)


def check(arguments: argparse.Namespace) -> int:
    """Check a sweep file and its data, and show what it would search."""
    from mtl_search.data import load_dataset
    from mtl_search.search import check_constraints, check_teams, judged_by
    from mtl_search.sweep import load_sweep
    from mtl_search.terminal.checking import check_json, show_check

    spec = load_sweep(arguments.file)
    dataset = load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)
    spec, dataset = judged_by(spec, dataset)
    check_constraints(spec, dataset)
    check_teams(spec, dataset)
    if arguments.json:
        sys.stdout.write(check_json(spec, dataset) + "\n")
    else:
        show_check(spec, dataset, seed=arguments.seed)
    return DONE
