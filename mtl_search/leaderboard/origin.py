"""Origin: what a sweep's folder is a copy of, so that people are told of that, not of the copy."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self, final

from mtl_search.leaderboard.files import replace_file

__all__ = ["ORIGIN_FILE", "Origin", "place_of"]

ORIGIN_FILE = ".copy_of.json"


@final
@dataclass(frozen=True, slots=True)
class Origin:
    """The URI of a sweep, as it may be shown, and whether a process was at work on it when it was copied."""

    place: str
    at_work: bool

    @classmethod
    def of(cls, folder: Path) -> Self | None:
        """None if ``folder`` is the sweep's own."""
        try:
            found = json.loads((folder / ORIGIN_FILE).read_bytes())
        except FileNotFoundError:
            return None
        return cls(str(found["place"]), bool(found["at_work"]))

    def note(self, folder: Path) -> None:
        """Say of ``folder`` that it is such a copy."""
        content = json.dumps(asdict(self)).encode()
        replace_file(folder / ORIGIN_FILE, lambda file: file.write(content))


def place_of(folder: Path) -> str:
    """Where people find the sweep in ``folder``: a path, or the URI of which it is a copy."""
    origin = Origin.of(folder)
    return str(folder) if origin is None else origin.place
