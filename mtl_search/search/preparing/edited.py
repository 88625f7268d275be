"""Edited: what of a sweep's file was changed since it was last run, and whether it can go on so."""

import json
from collections.abc import Sequence

from mtl_search.errors import SpecError
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import Phase, TrialRecord
from mtl_search.sweep.file import leaves
from mtl_search.sweep.spec import SweepSpec
from mtl_search.uris import shown

__all__ = ["changes_since"]

NOTHING = "nothing"
HINT = "results of both cannot be mixed: put it back, or run what you have changed as another sweep"


def changes_since(board: Leaderboard, spec: SweepSpec, records: Sequence[TrialRecord]) -> list[str]:
    """What was changed, each change in words; SpecError for one under which trials were trained already.

    These are the space of trials, an arm of the user's that was begun, and the name. Budget, resources,
    objective, constraints, sampler, pruner and references are for what is still to come.
    """
    before, now = board.sweep(), leaves(spec)
    if before is None:
        return []
    begun = {record.arm for record in records if record.phase == Phase.SEARCH}
    begun |= {start.study.partition("/")[0] for start in board.starts()}
    told = []
    for path in sorted(before.keys() | now.keys()):
        was, is_ = before.get(path, NOTHING), now.get(path, NOTHING)
        if was == is_:
            continue
        of_all = begun and path[0] in ("trial", "name")
        if of_all or (path[0] == "arms" and path[1:2] and path[1] in begun):
            raise SpecError(spec.document.place(path), f"{was}, as trials were trained with", is_, HINT)
        told.append(f"{'.'.join(path)} is {_shown(is_)} now, and was {_shown(was)}")
    return told


def _shown(leaf: str) -> str:
    """A leaf for people: what earlier versions wrote may have secrets in it."""
    return json.dumps(shown(json.loads(leaf))) if "://" in leaf else leaf
