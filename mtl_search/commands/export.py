"""``mtl-search export``: a design of a sweep as a bundle."""

import argparse
import sys

from mtl_search.commands.options import add_device, add_folder, add_own_code, add_quiet, here, positive
from mtl_search.commands.parsing import DONE, Commands, command
from mtl_search.errors import UserError

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    one = command(commands, "export", "make a model of a sweep, one folder to predict with", export)
    add_folder(one)
    one.add_argument("out", type=here, metavar="OUT", help="the folder to make")
    one.add_argument("--design", metavar="ID", help="as top shows it (default: the recommended design)")
    one.add_argument("--arm", help="the best design of this arm")
    one.add_argument("--networks", type=positive, metavar="K", help="with --arm: of this many networks")
    one.add_argument("--seeds", type=positive, metavar="N", help="take so many networks each (default: all)")
    one.add_argument("--allow-trees", action="store_true", help="boosted trees for tasks they are better for")
    one.add_argument("--final", action="store_true", help="train again, on all rows, test among them")
    one.add_argument("--onnx", action="store_true", help="add the model as one ONNX program")
    one.add_argument("--torch-export", action="store_true", help="add the model as one program for PyTorch")
    add_own_code(one)
    add_device(one)
    add_quiet(one)


def export(arguments: argparse.Namespace) -> int:
    """Make the bundle."""
    from mtl_search.exporting import export as make
    from mtl_search.leaderboard import sound
    from mtl_search.stores import opened
    from mtl_search.terminal.exporting import epochs_bar, show_exported

    if arguments.design is not None and arguments.arm is not None:
        raise UserError("--arm", "either --arm or --design", "both")
    if arguments.networks is not None and arguments.arm is None:
        raise UserError("--networks", "--arm ARM with it", "none")
    with (
        opened(arguments.folder, kept=True) as sweep,
        sound(sweep.folder),
        epochs_bar(arguments.quiet) as on_epoch,
    ):
        made = make(
            sweep.folder,
            arguments.out,
            design=arguments.design,
            arm=arguments.arm,
            networks=arguments.networks,
            seeds=arguments.seeds,
            allow_trees=arguments.allow_trees,
            final=arguments.final,
            device=arguments.device,
            onnx=arguments.onnx,
            torch_export=arguments.torch_export,
            own_code=arguments.allow_own_code,
            on_epoch=on_epoch,
        )
    if arguments.quiet:
        sys.stdout.write(f"{made.path}\n")
    else:
        show_exported(made)
    return DONE
