"""What a user can cause: every error names the place, the expectation and the finding.

The command line prints the message alone and exits with 2; a traceback means a defect of ours.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "BundleError",
    "DataError",
    "LabelError",
    "LeaderboardError",
    "Mismatch",
    "ResourceError",
    "SpecError",
    "StoreError",
    "UserError",
    "did_you_mean",
    "nearest",
    "without_controls",
]

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class UserError(Exception):
    """An input that cannot be used, written as ``place: expected X, found Y; hint``.

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


class StoreError(UserError):
    """Where results are to lie that is no folder does not answer, or does not allow it."""


class BundleError(UserError):
    """A folder of a trained network cannot be read."""


class ResourceError(UserError):
    """A trial asks for CPUs or GPUs that are not there."""


class Mismatch(ValueError):
    """A value that is not what was expected, before its place in a file is known.

    ``about``: which part of the value, if it has parts.

    >>> print(Mismatch("low < high", "[2, 1]"))
    expected low < high, found [2, 1]
    >>> print(Mismatch("each task once", "age more than once", about="stage 0").within("branching 'age age'"))
    branching 'age age': stage 0: expected each task once, found age more than once
    """

    def __init__(self, expected: str, found: str, hint: str | None = None, *, about: str = "") -> None:
        super().__init__(expected, found, hint)
        self.expected, self.found, self.hint, self.about = expected, found, hint, about

    def __str__(self) -> str:
        message = f"expected {self.expected}, found {self.found}" + (f"; {self.hint}" if self.hint else "")
        return f"{self.about}: {message}" if self.about else message

    def within(self, whole: str) -> "Mismatch":
        """The same, of a part of ``whole``."""
        about = f"{whole}: {self.about}" if self.about else whole
        return Mismatch(self.expected, self.found, self.hint, about=about)

    def at(self, place: str) -> SpecError:
        """The error, once the place is known."""
        return SpecError(place, self.expectation, self.found, self.hint)

    @property
    def expectation(self) -> str:
        """What was expected, and of which part."""
        return f"{self.expected} ({self.about})" if self.about else self.expected


def nearest(name: str, valid: Iterable[str]) -> str:
    """A hint with the valid name nearest to ``name``, or all of them if none is near.

    >>> nearest("epoch", ["epochs", "batch_size"])
    "did you mean 'epochs'?"
    """
    names = sorted(valid)
    return did_you_mean(name, names) or "valid: " + ", ".join(names)


def did_you_mean(name: str, valid: Iterable[str]) -> str | None:
    """A hint with the valid name nearest to ``name``, None if none is near."""
    names = sorted(valid)
    same = [one for one in names if one.lower() == name.lower()]
    close = same or get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else None


def without_controls(text: str) -> str:
    r"""``text`` without what a terminal obeys: names come from tables and folders that others have made.

    >>> without_controls("age \x1b[2Jof\tpatients\r")
    'age [2Jof\tpatients'
    """
    return _CONTROLS.sub("", text)
