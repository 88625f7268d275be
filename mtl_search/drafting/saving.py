"""Files of a draft: refused where they are there already, else written in one go."""

from pathlib import Path

from mtl_search.drafting.file import Draft
from mtl_search.errors import UserError
from mtl_search.leaderboard import replace_file

__all__ = ["check_free", "save_draft"]


def check_free(file: Path, *, force: bool) -> None:
    """UserError if the file is there, unless ``force``, or cannot be."""
    place = str(file)
    if file.is_dir():
        raise UserError(place, "the name of a file", "a folder")
    if not file.absolute().parent.is_dir():
        raise UserError(place, "a folder to write it in", f"no folder {str(file.parent)!r}")
    if file.exists() and not force:
        hint = "--out names another one, --force replaces this one"
        raise UserError(place, "a file that is not there yet", "one", hint)


def save_draft(draft: Draft, file: Path) -> None:
    """Write the sweep file."""
    try:
        replace_file(file, lambda opened: opened.write(draft.text.encode()))
    except OSError as error:
        raise UserError(str(file), "room and permission to write", error.strerror or str(error)) from error
