"""Which design is meant: by the id that ``top`` shows, or its beginning; and how it is taken home."""

import shlex
from collections.abc import Sequence

from mtl_search.errors import LeaderboardError, did_you_mean
from mtl_search.records import DesignRecord

__all__ = ["export_command", "find_design"]


def export_command(place: str, design: DesignRecord) -> str:
    """The command that makes a bundle of a design of the sweep that lies at ``place``."""
    which = "" if design.chosen else f" --design {design.design_id}"
    return f"mtl-search export {shlex.quote(place)} model{which}"


def find_design(designs: Sequence[DesignRecord], design: str, *, place: str = "--design") -> DesignRecord:
    """The one of ``designs`` whose ``design_id`` is or begins with ``design``, as git takes commits.

    `LeaderboardError` at ``place`` if none or more than one does.
    """
    found = [one for one in designs if design and one.design_id.startswith(design.lower())]
    exact = [one for one in found if one.design_id == design.lower()]
    if len(exact or found) == 1:
        return (exact or found)[0]
    ids = [one.design_id for one in found or designs]
    if found:
        raise LeaderboardError(place, "the id of one design", repr(design), f"it begins {', '.join(ids)}")
    hint = did_you_mean(design, ids) or (f"there are {', '.join(ids)}" if ids else "there is none yet")
    raise LeaderboardError(place, "the id of a design, as mtl-search top shows it", repr(design), hint)
