"""``mtl-search completion``: a script that makes the shell complete commands, options, files and folders."""

import argparse
import sys
from collections.abc import Iterator

from mtl_search.commands.parsing import DONE, Commands, command

__all__ = ["add"]

_FOLDERS = ("DIR", "BUNDLE")
_PLACES = (*_FOLDERS, "FILE", "TABLE", "OUT")
_SHELLS = ("bash", "zsh", "fish", "powershell", "tcsh")
_HOW = """\
bash: eval "$(mtl-search completion bash)"   in ~/.bashrc
zsh:  eval "$(mtl-search completion zsh)"    in ~/.zshrc, after compinit
fish: mtl-search completion fish | source    in ~/.config/fish/config.fish
"""


def add(commands: Commands) -> None:
    """Add the command."""
    one = command(
        commands,
        "completion",
        "print a script that completes commands in your shell",
        completion,
        epilog=_HOW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    one.add_argument("shell", choices=_SHELLS, metavar="SHELL", help=", ".join(_SHELLS))


def completion(arguments: argparse.Namespace) -> int:
    """Print the script."""
    import shtab

    from mtl_search.commands import parser

    root = parser()
    for action in _actions(root):
        if action.metavar in _PLACES:
            action.complete = shtab.DIRECTORY if action.metavar in _FOLDERS else shtab.FILE  # type: ignore[attr-defined]
    sys.stdout.write(shtab.complete(root, arguments.shell) + "\n")
    return DONE


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                yield from _actions(one)
