"""``mtl-search dashboard``: where running sweeps are to be seen, and a board for Grafana."""

import argparse
import json
import sys
from pathlib import Path

from mtl_search.commands.parsing import DONE, Commands, command
from mtl_search.errors import UserError

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    one = command(commands, "dashboard", "find the Ray dashboards of the sweeps that run here", dashboard)
    one.add_argument(
        "--grafana",
        type=Path,
        metavar="FILE",
        help="write a board of their metrics for Grafana instead (-: print it)",
    )


def dashboard(arguments: argparse.Namespace) -> int:
    """Say where the dashboards are, or write the board."""
    if arguments.grafana is None:
        from mtl_search.search.executors.dashboard import dashboards_here
        from mtl_search.terminal.dashboards import show_dashboards

        show_dashboards([*dashboards_here()])
    else:
        write(arguments.grafana)
    return DONE


def write(path: Path) -> None:
    """Write the board to ``path``; UserError if something else is there."""
    from mtl_search.leaderboard.files import replace_file
    from mtl_search.monitoring import board

    text = json.dumps(board(), indent=2) + "\n"
    if str(path) == "-":
        sys.stdout.write(text)
        return
    if not path.parent.is_dir():
        raise UserError("--grafana", "a file in a folder that exists", str(path))
    if path.exists() and not holds_board(path):
        raise UserError(
            "--grafana", "a new file, or a board that this command wrote", f"another file: {path}"
        )
    replace_file(path, lambda file: file.write(text.encode()))
    sys.stdout.write(f"{path}: in Grafana, Dashboards > New > Import\n")


def holds_board(path: Path) -> bool:
    """Whether a file is a board of this command."""
    from mtl_search.monitoring import is_board

    try:
        return is_board(json.loads(path.read_bytes()))
    except (ValueError, OSError):
        return False
