"""What argparse lacks: errors in our one shape, with suggestions, and a version that costs nothing."""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeAlias, final

from typing_extensions import override

from mtl_search.errors import did_you_mean

__all__ = ["DONE", "INTERRUPTED", "NOTHING", "WRONG", "Commands", "Parser", "Version", "command"]

# Exit codes: done; a sweep without an answer; wrong input, or nothing can be written; Ctrl-C or SIGTERM.
DONE, NOTHING, WRONG, INTERRUPTED = 0, 1, 2, 130


@final
class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line on stderr, as ``mtl-search: ...`` like every other error of ours."""

    @override
    def error(self, message: str) -> NoReturn:
        """Leave with ``message``, which is argparse's own."""
        message, hint = message.removeprefix("argument "), None
        if found := re.fullmatch(r"the following arguments are required: (.*)", message):
            message = f"expected {found[1]}, found nothing"
        elif found := re.fullmatch(r"(\S+): invalid choice: '(.*)' \(choose from (.*)\)", message):
            valid = re.findall(r"[\w-]+", found[3])
            hint = did_you_mean(found[2], valid)
            message = f"{found[1]}: expected one of {', '.join(valid)}, found {found[2]!r}"
        self._leave(message, hint)

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """Leave because of arguments that are none of this command's."""
        first = unknown[0]
        option = first.partition("=")[0]
        hint = did_you_mean(option, re.findall(r"(?<!\w)--?[a-z][\w-]*", self.format_help()))
        what = "an option of this command" if first.startswith("-") else "nothing more"
        self._leave(f"expected {what}, found {first!r}", hint)

    def _leave(self, message: str, hint: str | None) -> NoReturn:
        place = self.prog.removeprefix("mtl-search").strip()
        said = f"{place}: {message}" if place else message
        self.exit(WRONG, f"mtl-search: {said}; {hint or f'see {self.prog} --help'}\n")


@final
class Version(argparse.Action):
    """Prints the version, looked up only when it is asked for."""

    @override
    def __call__(self, parser: argparse.ArgumentParser, *ignored: object) -> NoReturn:
        from importlib.metadata import version

        sys.stdout.write(f"mtl-search {version('mtl_search')}\n")
        parser.exit()


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


def command(
    commands: Commands, name: str, help_: str, run: Callable[[argparse.Namespace], int], **options: Any
) -> Parser:
    """A new command, whose parsed arguments ``run`` gets; ``help_`` is its line in the list of commands.

    Its arguments know their parser, so that whatever is wrong with them is said of this command.
    """
    one = commands.add_parser(name, help=help_, description=help_, allow_abbrev=False, **options)
    one.set_defaults(command=run, parser=one, records=False)
    return one
