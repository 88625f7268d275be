"""Options that several commands have, each spelled and explained once."""

import argparse
from pathlib import Path

from mtl_search.errors import Mismatch, UserError
from mtl_search.uris import local_path, shown

__all__ = [
    "add_budget",
    "add_count",
    "add_device",
    "add_execution",
    "add_folder",
    "add_json",
    "add_name",
    "add_own_code",
    "add_quiet",
    "add_results",
    "check_may_be_seen",
    "here",
    "hours",
    "place",
    "positive",
]


def place(text: str) -> Path | str:
    """A path, or the URI of something that is in no folder."""
    path = local_path(text)
    return text if path is None else path


def here(text: str) -> Path:
    """A path, to something that is in a folder."""
    path = local_path(text)
    if path is None:
        raise argparse.ArgumentTypeError(f"expected a path, found a URI: {shown(text)}")
    return path


def check_may_be_seen(option: str, where: Path | str) -> None:
    """UserError for a URI with a secret: Ray shows the command of a driver to all who see its dashboard."""
    if shown(str(where)) != str(where):
        hint = "give it by the environment (AWS_ACCESS_KEY_ID ...), a role or a file"
        raise UserError(
            option, "a URI without a secret, which Ray's dashboard would show", shown(str(where)), hint
        )


def add_folder(one: argparse.ArgumentParser) -> None:
    """``DIR``, the folder of a sweep or the URI of one, as ``folder``."""
    one.add_argument("folder", type=place, metavar="DIR", help="the folder of a sweep, or its URI")


def add_file(one: argparse.ArgumentParser) -> None:
    """``FILE``, a sweep file, as ``file``."""
    one.add_argument("file", type=Path, metavar="FILE", help="a sweep file")


def add_json(one: argparse.ArgumentParser) -> None:
    """``--json``: the output is for a program."""
    one.add_argument("--json", action="store_true", help="print JSON, for programs")


def add_count(one: argparse.ArgumentParser, what: str) -> None:
    """``-n``: how many of ``what`` are shown, 10 if it is not given."""
    one.add_argument("-n", type=positive, default=10, metavar="N", help=f"how many {what} (default: 10)")


def add_results(one: argparse.ArgumentParser) -> None:
    """``--results``: the folder that sweeps' folders are in."""
    folder = Path("results")
    one.add_argument(
        "--results",
        type=place,
        default=folder,
        metavar="DIR",
        help="where its folder is made: a path, or a URI (default: results)",
    )


def add_name(one: argparse.ArgumentParser) -> None:
    """``--name``: that of the sweep's folder."""
    one.add_argument("--name", type=named, help="of the folder in DIR (default: the sweep's name)")


def add_quiet(one: argparse.ArgumentParser) -> None:
    """``--quiet``: nothing but the path of what was made."""
    one.add_argument("--quiet", action="store_true", help="print nothing but the result's path")


def add_device(one: argparse.ArgumentParser) -> None:
    """``--device``: what networks compute on."""
    one.add_argument("--device", default="cpu", metavar="D", help="cpu or cuda (default: cpu)")


def add_own_code(one: argparse.ArgumentParser) -> None:
    """``--allow-own-code``: what was made with own classes may import them."""
    one.add_argument(
        "--allow-own-code",
        action="store_true",
        help="import the own classes it names: their code is run",
    )


def add_budget(one: argparse.ArgumentParser) -> None:
    """``--trials`` or ``--hours`` in the place of what the sweep file says."""
    budget = one.add_mutually_exclusive_group()
    budget.add_argument("--trials", type=positive, metavar="N", help="of the search and of each arm of yours")
    budget.add_argument("--hours", type=hours, metavar="H", help="of the whole sweep, what it used included")


def add_execution(one: argparse.ArgumentParser) -> None:
    """How a sweep is run, and how long."""
    one.set_defaults(records=True)
    add_budget(one)
    one.add_argument("--address", metavar="A", help="of a running Ray cluster (default: a local one)")
    one.add_argument("--no-dashboard", action="store_true", help="without Ray's dashboard")
    one.add_argument("--inline", action="store_true", help="one trial after another, without Ray")
    add_quiet(one)


def named(text: str) -> str:
    """What a sweep may be called."""
    from mtl_search.sweep.settings import check_name

    try:
        return check_name(text)
    except Mismatch as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from None


def positive(text: str) -> int:
    """A whole number from 1."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, found {text!r}")
    return value


def hours(text: str) -> float:
    """A number of hours above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of hours above 0, found {text!r}")
    return value
