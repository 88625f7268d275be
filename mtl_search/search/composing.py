"""Composing: the designs that each arm's networks make, as rows of the leaderboard."""

import math
from collections.abc import Sequence
from typing import Any

from mtl_search.design import Branching, Candidate, Composition, Design, compose, shrink
from mtl_search.records import TrialRecord
from mtl_search.search.arms import REFERENCE_ARMS, SEARCH, SINGLE_TASK, evidence_for
from mtl_search.search.ledger import Ledger
from mtl_search.search.sweep import SweepSpec

__all__ = ["compose_arm", "compose_for", "design_rows", "promising"]


def compose_arm(spec: SweepSpec, ledger: Ledger, arm: str) -> tuple[Composition, ...]:
    """The final designs of ``arm`` as far as it has come, one for each number of networks."""
    return compose_for(spec, arm, contenders(spec, ledger, arm))


def contenders(spec: SweepSpec, ledger: Ledger, arm: str) -> list[Candidate]:
    """The networks that final designs of ``arm`` may be made of: the replicated ones, where these serve every
    main task; before the replication, or without one, all."""
    everything = ledger.candidates(evidence_for(arm))
    replicated = [candidate for candidate in everything if candidate.n_seen > spec.settings.budget.repeats]
    served = {
        task for candidate in replicated for task, gain in candidate.gains.items() if math.isfinite(gain)
    }
    return replicated if served >= set(spec.settings.main_tasks) else everything


def promising(spec: SweepSpec, ledger: Ledger) -> list[TrialRecord]:
    """The networks of all arms' designs that are best when gains are shrunk by the noise known so far."""
    noise = ledger.noise()
    keys = [
        key
        for arm in (*REFERENCE_ARMS, *spec.arms, SEARCH)
        for design in compose_for(spec, arm, shrink(ledger.candidates(evidence_for(arm)), noise))
        for key in design.keys
    ]
    return [ledger[key] for key in dict.fromkeys(keys)]


def compose_for(spec: SweepSpec, arm: str, candidates: Sequence[Candidate]) -> tuple[Composition, ...]:
    """The best designs of ``arm``, one for each number of networks (or the one within ``max_params``).

    ``single_task`` is one design: a network for each main task, as many as there are. Empty where a main task
    has no candidate that serves it.
    """
    tasks, objective = spec.settings.main_tasks, spec.settings.objective
    if arm == SINGLE_TASK:
        return compose(candidates, tasks, max_networks=len(tasks))[-1:]
    return compose(candidates, tasks, max_networks=objective.max_networks, max_params=objective.max_params)


def design_rows(spec: SweepSpec, ledger: Ledger) -> list[dict[str, Any]]:
    """The table of designs: every arm's, by number of networks; one that more networks do not improve once.

    Of the search also the runners-up of its best, with ranks from 2.
    """
    rows = []
    for arm in (*REFERENCE_ARMS, *spec.arms, SEARCH):
        designs = list({design.keys: design for design in compose_arm(spec, ledger, arm)}.values())
        rows += [_row(ledger, arm, design) for design in designs]
        if arm == SEARCH and designs:
            others = _runners_up(spec, contenders(spec, ledger, arm), designs[-1])
            fresh = [other for other in others if other.keys not in {design.keys for design in designs}]
            rows += [_row(ledger, arm, other, rank) for rank, other in enumerate(fresh, start=2)]
    return rows


def _runners_up(spec: SweepSpec, candidates: Sequence[Candidate], best: Composition) -> list[Composition]:
    """The next best designs: the best ones that do without one of the networks of ``best``."""
    objective = spec.settings.objective
    found = {
        design.keys: design
        for left_out in best.keys
        for design in compose(
            [candidate for candidate in candidates if candidate.key != left_out],
            spec.settings.main_tasks,
            max_networks=objective.max_networks,
            max_params=objective.max_params,
        )[-1:]
    }
    return sorted(found.values(), key=lambda design: -design.delta_m)


def _row(ledger: Ledger, arm: str, best: Composition, rank: int = 1) -> dict[str, Any]:
    records = {key: ledger[key] for key in best.keys}
    gains = {key: ledger.mean_gains(record) for key, record in records.items()}
    branchings = {key: Branching.parse(record.branching) for key, record in records.items()}
    return {
        "arm": arm,
        "n_networks": len(best.keys),
        "rank": rank,
        "text": str(Design.from_serves(best.serves, branchings)),
        "networks": list(best.keys),
        "serves": best.serves,
        "gains": {task: gains[key][task] for task, key in best.serves.items()},
        "delta_m": best.delta_m,
        "n_params": best.n_params,
        "flops": best.flops,
    }
