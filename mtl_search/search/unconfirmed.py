"""Why a sweep came to its end without an answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.records import Phase, TrialRecord, TrialState

__all__ = ["nothing_confirmed"]


def nothing_confirmed(designs: Sequence[Mapping[str, Any]], records: Sequence[TrialRecord]) -> str:
    """Why no design was confirmed, though some should have been."""
    if not designs:
        return "no design: no task has a single-task network that the others can be compared with"
    tried = [record for record in records if record.phase == Phase.CONFIRMATION]
    failed = [record for record in tried if record.state == TrialState.FAILED]
    found = f"{len(failed)} of the {len(tried)} trainings of the confirmation failed"
    last = f", the last with: {failed[-1].error}" if failed else ""
    return f"no design was confirmed: {found}{last}; a resume tries again what failed"
