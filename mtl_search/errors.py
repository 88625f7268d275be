"""What a user can cause: every error names the place, the expectation and the finding.

The command line prints the message alone and exits with 2; a traceback means a defect of ours.
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "DataError",
    "LabelError",
    "LeaderboardError",
    "ResourceError",
    "SpecError",
    "UserError",
    "nearest",
]


class UserError(Exception):
    """An input that cannot be used, told as ``place: expected X, found Y; hint``.

    >>> print(UserError("x.yaml:3: budget.trials", "at least 1", "-4"))
    x.yaml:3: budget.trials: expected at least 1, found -4
    """

    def __init__(self, place: str, expected: str, found: str, hint: str | None = None) -> None:
        super().__init__(place, expected, found, hint)
        self.place, self.expected, self.found, self.hint = place, expected, found, hint

    def __str__(self) -> str:
        message = f"{self.place}: expected {self.expected}, found {self.found}"
        return f"{message}; {self.hint}" if self.hint else message


class SpecError(UserError):
    """A sweep file, or a value given in its place, is wrong."""


class DataError(UserError):
    """A table, one of its columns or its splits cannot be used."""


class LabelError(DataError):
    """A task's labels are too few or too much alike to learn from or to be judged by; others can go on."""


class LeaderboardError(UserError):
    """A results folder is missing, incomplete or of another sweep."""


class ResourceError(UserError):
    """A trial asks for CPUs or GPUs that are not there."""


def nearest(name: str, valid: Iterable[str]) -> str:
    """A hint with the valid name nearest to ``name``, or all of them where none is near.

    >>> nearest("epoch", ["epochs", "batch_size"])
    "did you mean 'epochs'?"
    """
    names = sorted(valid)
    close = get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else "valid: " + ", ".join(names)
