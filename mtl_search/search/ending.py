"""What is said of a sweep that has come to its end: what it had no time for, and why it has no answer."""

from collections.abc import Sequence

from mtl_search.analysis.verdict_words import counted
from mtl_search.records import DesignRecord, Phase, TrialRecord, TrialState
from mtl_search.search.designs.plans import PlannedTraining
from mtl_search.search.designs.untried import Untried
from mtl_search.search.ledger import Ledger
from mtl_search.sweep.settings import Settings

__all__ = ["left_out", "nothing_confirmed", "nothing_final"]


def left_out(
    settings: Settings, ledger: Ledger, untried: Sequence[Untried], unreplicated: Sequence[PlannedTraining]
) -> list[str]:
    """Caveats of a sweep that has come to its end; ``untried`` and ``unreplicated`` are what catch-up and
    replication would have trained, had there been time."""
    found, budget = [], settings.budget
    if not settings.references.catch_up:
        found.append("the references did not try what other arms found: what these gain may be of tuning")
    if budget.hours is None:
        return found
    if untried:
        count = counted(len(untried), "network")
        found.append(
            f"the hours had no room for {count} that the references were to catch up with: what one of "
            "these gains may be of tuning"
        )
    if unreplicated:
        count = counted(len(unreplicated), "training")
        found.append(f"the hours had no room for {count} of the replication: designs were chosen from fewer")
    confirmed = [record for record in ledger.board.records() if record.phase == Phase.CONFIRMATION]
    last = max((record.reading or 1 for record in confirmed), default=1)
    seeds = {r.seed for r in confirmed if r.state == TrialState.COMPLETE and (r.reading or 1) == last}
    if seeds and len(seeds) < budget.seeds:
        found.append(f"confirmed on {len(seeds)} of {budget.seeds} seeds: the hours had no room for more")
    return found


def nothing_confirmed(designs: Sequence[DesignRecord], records: Sequence[TrialRecord]) -> str:
    """Why no design was confirmed, though some should have been."""
    if not designs:
        return "no design: no task has a single-task network that the others can be compared with"
    tried = [record for record in records if record.phase == Phase.CONFIRMATION]
    failed = [record for record in tried if record.state == TrialState.FAILED]
    found = f"{len(failed)} of the {len(tried)} trainings of the confirmation failed"
    last = f", the last with: {failed[-1].error}" if failed else ""
    return f"no design was confirmed: {found}{last}; a resume tries again what failed"


def nothing_final(lost: Sequence[TrialRecord]) -> str:
    """Why nothing was confirmed, after the first run in which replicates were ``lost`` for good."""
    return (
        f"no design is final: {counted(len(lost), 'training')} of the replication got lost again and again, "
        f"the last with: {lost[-1].error}; a resume tries once more, before test is read"
    )
