"""Composing: the designs that each arm's networks make, as rows of the leaderboard."""

from collections.abc import Collection, Sequence
from statistics import fmean
from typing import Any

from mtl_search.design import Branching, Candidate, Composition, Design, compose, shrink
from mtl_search.records import TrialRecord
from mtl_search.search.arms import REFERENCE_ARMS, SEARCH, SINGLE_TASK, evidence_for
from mtl_search.search.ledger import Ledger
from mtl_search.search.sweep import SweepSpec

__all__ = ["compose_arm", "compose_for", "design_rows", "promising", "serving"]


def promising(spec: SweepSpec, ledger: Ledger, replicated: Collection[str]) -> list[TrialRecord]:
    """The networks of all arms' designs that are best, where the configurations in ``replicated`` are known
    by their means and gains are shrunk by the noise these tell of."""
    return [ledger[key] for key in serving(spec, ledger, replicated)]


def serving(spec: SweepSpec, ledger: Ledger, replicated: Collection[str]) -> dict[str, set[str]]:
    """The same networks by trial_id, each with the tasks that it serves in a design."""
    noise = ledger.noise(replicated)
    found: dict[str, set[str]] = {}
    for arm in (*REFERENCE_ARMS, *spec.arms, SEARCH):
        candidates = shrink(ledger.candidates(evidence_for(arm), replicated=replicated), noise)
        for design in compose_for(spec, ledger, arm, candidates):
            for key in design.keys:
                served = {task for task, by in design.serves.items() if by == key}
                found.setdefault(key, set()).update(served)
    return found


def compose_arm(spec: SweepSpec, ledger: Ledger, arm: str, *, final: bool) -> tuple[Composition, ...]:
    """The best designs of ``arm``, one for each number of networks: see `contenders`."""
    return compose_for(spec, ledger, arm, contenders(spec, ledger, arm, final=final))


def contenders(spec: SweepSpec, ledger: Ledger, arm: str, *, final: bool) -> list[Candidate]:
    """The networks that designs of ``arm`` may be made of.

    ``final``, after the replication: the replicated ones alone, by the means of all their trainings, where
    these make a design.
    """
    if final:
        replicated = ledger.replicated
        known = ledger.candidates(evidence_for(arm), replicated=replicated)
        sure = [candidate for candidate in known if ledger[candidate.key].config_id in replicated]
        if compose_for(spec, ledger, arm, sure):
            return sure
    return ledger.candidates(evidence_for(arm))


def compose_for(
    spec: SweepSpec, ledger: Ledger, arm: str, candidates: Sequence[Candidate]
) -> tuple[Composition, ...]:
    """The best designs of ``candidates``, one for each number of networks (or the one within ``max_params``).

    They serve the main tasks that have a gain. ``single_task`` is one design: a network for each of these, as
    many as there are. Empty where one of them has no candidate that serves it.
    """
    tasks, objective = ledger.comparable, spec.settings.objective
    if not tasks:
        return ()
    if arm == SINGLE_TASK:
        return compose(candidates, tasks, max_networks=len(tasks))[-1:]
    return compose(candidates, tasks, max_networks=objective.max_networks, max_params=objective.max_params)


def design_rows(spec: SweepSpec, ledger: Ledger, *, final: bool) -> list[dict[str, Any]]:
    """The table of designs: every arm's, by number of networks; one that more networks do not improve once.

    Of the search also the runners-up of its best, with ranks from 2. ``final``: see `contenders`.
    """
    rows = []
    for arm in (*REFERENCE_ARMS, *spec.arms, SEARCH):
        designs = list(
            {design.keys: design for design in compose_arm(spec, ledger, arm, final=final)}.values()
        )
        rows += [_row(ledger, arm, design, final=final) for design in designs]
        if arm == SEARCH and designs:
            others = _runners_up(spec, ledger, contenders(spec, ledger, arm, final=final), designs[-1])
            fresh = [other for other in others if other.keys not in {design.keys for design in designs}]
            rows += [_row(ledger, arm, other, rank, final=final) for rank, other in enumerate(fresh, start=2)]
    return rows


def _runners_up(
    spec: SweepSpec, ledger: Ledger, candidates: Sequence[Candidate], best: Composition
) -> list[Composition]:
    """The next best designs: the best ones that do without one of the networks of ``best``."""
    found = {
        design.keys: design
        for left_out in best.keys
        for design in compose_for(
            spec, ledger, SEARCH, [candidate for candidate in candidates if candidate.key != left_out]
        )[-1:]
    }
    return sorted(found.values(), key=lambda design: -design.delta_m)


def _row(ledger: Ledger, arm: str, best: Composition, rank: int = 1, *, final: bool) -> dict[str, Any]:
    records = {key: ledger[key] for key in best.keys}
    measured = ledger.mean_gains if final else ledger.gains
    gains = {key: measured(record) for key, record in records.items()}
    served = {task: gains[key][task] for task, key in best.serves.items()}
    branchings = {key: Branching.parse(record.branching) for key, record in records.items()}
    return {
        "arm": arm,
        "n_networks": len(best.keys),
        "rank": rank,
        "text": str(Design.from_serves(best.serves, branchings)),
        "networks": list(best.keys),
        "serves": best.serves,
        "gains": served,
        "delta_m": fmean(served.values()),
        "n_params": best.n_params,
        "flops": best.flops,
    }
