"""``mtl-search predict``: what a model says of the rows of a table."""

import argparse
import sys

from mtl_search.commands.options import add_device, add_json, add_own_code, add_quiet, here, place, positive
from mtl_search.commands.parsing import DONE, Commands, command

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    one = command(commands, "predict", "predict the rows of a table, of any size, with a model", predict)
    one.add_argument("bundle", type=place, metavar="BUNDLE", help="a model, as export makes it")
    one.add_argument("table", metavar="TABLE", help="a file, a folder of Parquet parts or a URI")
    one.add_argument("out", type=here, metavar="OUT", help="a file ending in .parquet, .csv or .feather")
    one.add_argument(
        "--keep",
        type=lambda text: tuple(text.split(",")),
        default=(),
        metavar="A,B",
        help="columns of TABLE that come first in OUT, an id for example",
    )
    add_own_code(one)
    add_device(one)
    one.add_argument(
        "--batch", type=positive, default=16_384, metavar="N", help="rows at a time (default: 16384)"
    )
    add_json(one)
    add_quiet(one)


def predict(arguments: argparse.Namespace) -> int:
    """Predict all rows."""
    from mtl_search.bundle import Predictor
    from mtl_search.bundle.predicting import predict_table, thread_a_batch
    from mtl_search.stores import opened_folder
    from mtl_search.terminal.predicting import rows_bar, show_predicted
    from mtl_search.terminal.programs import as_json

    with opened_folder(arguments.bundle) as folder:
        model = Predictor.load(folder, device=arguments.device, own_code=arguments.allow_own_code)
    with rows_bar(arguments.quiet or arguments.json) as on_progress, thread_a_batch() as threads:
        counts = predict_table(
            model,
            arguments.table,
            arguments.out,
            keep=arguments.keep,
            batch=arguments.batch,
            threads=threads,
            on_progress=on_progress,
        )
    if arguments.json:
        sys.stdout.write(as_json({"out": arguments.out, **counts.to_dict()}) + "\n")
    elif arguments.quiet:
        sys.stdout.write(f"{arguments.out}\n")
    else:
        show_predicted(counts, model, arguments.out)
    return DONE
