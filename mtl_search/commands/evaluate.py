"""``mtl-search evaluate``: what a bundle's predictions are worth on a labelled table."""

import argparse
import sys

from mtl_search.commands.options import add_json, add_own_code, place
from mtl_search.commands.parsing import DONE, Commands, command

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    one = command(commands, "evaluate", "judge a model on a table whose labels are known", evaluate)
    one.add_argument("bundle", type=place, metavar="BUNDLE", help="the folder of a bundle")
    one.add_argument("table", metavar="TABLE", help="a table with inputs and labels: a path or a URI")
    few = "(default: 500, fewer for a large table; 0: no intervals)"
    one.add_argument("--bootstrap", type=_whole, metavar="N", help=f"samples that intervals are of {few}")
    one.add_argument("--seed", type=_whole, default=0, metavar="N", help="of these samples (default: 0)")
    add_own_code(one)
    add_json(one)


def evaluate(arguments: argparse.Namespace) -> int:
    """Predict the table and compare."""
    from mtl_search.bundle import Predictor
    from mtl_search.bundle.evaluating import evaluate, read_labelled
    from mtl_search.data.sources import located
    from mtl_search.stores import opened_folder
    from mtl_search.terminal.evaluated import evaluation_json, show_evaluation

    with opened_folder(arguments.bundle) as folder:
        predictor = Predictor.load(folder, own_code=arguments.allow_own_code)
    table = read_labelled(predictor, arguments.table)
    with located(arguments.table):
        found = evaluate(predictor, table, bootstrap=arguments.bootstrap, seed=arguments.seed)
    if arguments.json:
        sys.stdout.write(evaluation_json(found) + "\n")
    else:
        show_evaluation(found, arguments.table)
    return DONE


def _whole(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < 0:
        raise argparse.ArgumentTypeError(f"expected a whole number from 0, found {text!r}")
    return value
