"""Composing: the designs that each arm's networks make, as records."""

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from mtl_search.analysis.verdict_words import counted
from mtl_search.arm_names import ALONE_ARMS, NETWORK_REFERENCES, POOLED, SEARCH, SINGLE_TASK, TREES
from mtl_search.design import Branching, Candidate, Composition, Design, compose, design_id, shrink
from mtl_search.records import DesignRecord, TrialRecord, TrialState, mean_gain
from mtl_search.search.designs.choosing import Contender, choose
from mtl_search.search.ledger import Ledger
from mtl_search.sweep.arms import networks_of
from mtl_search.sweep.spec import SweepSpec

__all__ = ["compose_arm", "compose_for", "design_records", "promising", "serving", "serving_finally"]


def promising(spec: SweepSpec, ledger: Ledger, replicated: Collection[str]) -> list[TrialRecord]:
    """The networks of all arms' designs that are best, where the configurations in ``replicated`` are known
    by their means and gains are shrunk by the noise that these show."""
    return [ledger[key] for key in serving(spec, ledger, replicated)]


def serving(spec: SweepSpec, ledger: Ledger, replicated: Collection[str]) -> dict[str, set[str]]:
    """The same networks by trial_id, each with the tasks that it serves in a design."""
    noise = ledger.noise(replicated)
    found: dict[str, set[str]] = {}
    for arm in _arms(spec):
        candidates = shrink(ledger.candidates(networks_of(spec, arm), replicated=replicated), noise)
        for design in compose_for(spec, ledger, arm, candidates):
            for key in design.keys:
                served = {task for task, by in design.serves.items() if by == key}
                found.setdefault(key, set()).update(served)
    return found


def serving_finally(spec: SweepSpec, ledger: Ledger) -> dict[str, set[str]]:
    """The same of the designs that would be final now: these may have networks that were promising before
    their replication and are not any more, or use one for another task."""
    found: dict[str, set[str]] = {}
    for arm in _arms(spec):
        for serves in _serving(spec, ledger, arm, final=True):
            for task, key in serves.items():
                found.setdefault(key, set()).add(task)
    return found


def compose_arm(spec: SweepSpec, ledger: Ledger, arm: str, *, final: bool) -> tuple[Composition, ...]:
    """The best designs of ``arm``, one for each number of networks; ``final`` as in `design_records`."""
    return _candidates_and_best(spec, ledger, arm, final=final)[1]


def _candidates_and_best(
    spec: SweepSpec, ledger: Ledger, arm: str, *, final: bool
) -> tuple[list[Candidate], tuple[Composition, ...]]:
    """The networks that designs of ``arm`` may be made of, and the best designs of them."""
    arms = networks_of(spec, arm)
    if final:
        replicated = ledger.replicated
        known = ledger.candidates(arms, replicated=replicated)
        sure = [candidate for candidate in known if ledger[candidate.key].config_id in replicated]
        once = without_twins(ledger, sure)
        if designs := compose_for(spec, ledger, arm, once):
            return once, designs
    candidates = ledger.candidates(arms)
    return candidates, compose_for(spec, ledger, arm, candidates)


def without_twins(ledger: Ledger, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates, of which those with fixed weights that are all 1 are left out if the same network with
    equal weights is there: ``shared_tuned`` begins with it, and one design would have two names."""
    configs = {one.key: ledger[one.key].config for one in candidates}
    twins = {key: twin for key, config in configs.items() if (twin := _with_equal_weights(config))}
    if not twins:
        return list(candidates)
    known = [json.loads(config) for config in configs.values()]
    return [one for one in candidates if twins.get(one.key) not in known]


def _with_equal_weights(config: str) -> dict[str, Any] | None:
    """The TrialConfig ``config`` with equal weights in the place of fixed ones of 1; None for all others."""
    if '"name":"fixed"' not in config:
        return None
    value: dict[str, Any] = json.loads(config)
    if set(value["weighting"].get("weights", {}).values()) != {1.0}:
        return None
    return {**value, "weighting": {"name": "equal"}}


def compose_for(
    spec: SweepSpec, ledger: Ledger, arm: str, candidates: Sequence[Candidate]
) -> tuple[Composition, ...]:
    """The best designs of ``candidates``, one for each number of networks (or the one within ``max_params``).

    They serve the main tasks that have a gain. Arms of tasks alone are one design each: as many
    networks as there are tasks. Empty if one of them has no candidate that serves it.
    """
    tasks, objective = ledger.comparable, spec.settings.objective
    if not tasks:
        return ()
    candidates = _counted(candidates, tasks, spec.settings.weights)
    if arm in ALONE_ARMS:
        return compose(candidates, tasks, max_networks=len(tasks))[-1:]
    return compose(candidates, tasks, max_networks=objective.max_networks, max_params=objective.max_params)


def design_records(spec: SweepSpec, ledger: Ledger, *, final: bool) -> list[DesignRecord]:
    """The designs, best delta_m first: of every arm and number of networks, and runners-up of the best of
    all. One that several arms make is one record. Boosted trees are a design as well, which is never chosen.

    ``final``, after the replication: designs of replicated networks alone, by the means of all their
    trainings, unless an arm has no design of these; the recommended one is then chosen. Before it is the best
    so far.
    """
    alone = _served_alone(spec, ledger)
    found: dict[str, DesignRecord] = {}
    for arm in (*_arms(spec), TREES):
        for serves in _serving(spec, ledger, arm, final=final):
            if serves or alone:
                one = _record(spec, ledger, arm, {**serves, **alone}, final=final)
                known = found.setdefault(one.design_id, one)
                if arm not in known.arms:
                    found[one.design_id] = replace(known, arms=(*known.arms, arm))
    ordered = sorted(found.values(), key=lambda one: (math.isnan(one.delta_m), -one.delta_m))
    networks = [one for one in ordered if one.arm != TREES]
    chosen = {one.design_id: one for one in _with_choice(spec, ledger, networks, final=final)}
    return [chosen.get(one.design_id, one) for one in ordered]


def _counted(
    candidates: Sequence[Candidate], tasks: Sequence[str], weights: Mapping[str, float]
) -> list[Candidate]:
    """The candidates with gains as much as their tasks count, so that their plain mean is delta_m."""
    share = fmean(weights[task] for task in tasks)
    if all(weights[task] == share for task in tasks):
        return list(candidates)
    return [
        replace(one, gains={task: gain * weights[task] / share for task, gain in one.gains.items()})
        for one in candidates
    ]


def _arms(spec: SweepSpec) -> tuple[str, ...]:
    """The arms that have designs of networks, in the order in which they lay claim to one."""
    return (*NETWORK_REFERENCES, *spec.arms, SEARCH, POOLED)


def _serving(spec: SweepSpec, ledger: Ledger, arm: str, *, final: bool) -> list[Mapping[str, str]]:
    """Which trial serves each task that has a gain, in the designs of ``arm``."""
    candidates, best = _candidates_and_best(spec, ledger, arm, final=final)
    designs = list(best)
    if arm == POOLED and designs:
        designs += _runners_up(spec, ledger, candidates, designs[-1])
    if arm == SINGLE_TASK and not ledger.comparable:
        return [{}]  # if nothing can be compared, tasks are served all the same
    return [design.serves for design in designs]


def _served_alone(spec: SweepSpec, ledger: Ledger) -> dict[str, str]:
    """The best single network of each main task without a gain (if it cannot be trained alone, the best
    of any): no design is judged by how it serves it."""
    serves = {}
    for task in spec.settings.main_tasks:
        if task in ledger.comparable:
            continue
        worth = {}
        for record in ledger.records:
            value = ledger.metrics[task].signed(ledger.values(record).get(task, math.nan))
            trained = record.state == TrialState.COMPLETE and record.duplicate_of is None
            if trained and record.arm != TREES and math.isfinite(value):
                worth[record.trial_id] = record.members == (task,), value
        if worth:
            serves[task] = max(worth, key=lambda trial_id: worth[trial_id])
    return serves


def _with_choice(
    spec: SweepSpec, ledger: Ledger, designs: Sequence[DesignRecord], *, final: bool
) -> list[DesignRecord]:
    """The designs with the recommended one marked."""
    compared = ledger.comparable
    contenders = [
        Contender(
            f"{one.arm} with {counted(one.n_networks, 'network')}",
            one.n_networks,
            sum(len(ledger[key].members) for key in one.networks),
            one.arm == SINGLE_TASK,
            one.n_params,
            one.delta_m,
            {task: config for task, config in one.configs.items() if task in compared},
        )
        for one in designs
    ]
    choice = choose(contenders, ledger, spec.settings.weights) if final else None
    if choice is None:
        why = "the best so far on valid; nothing is decided yet"
        return [replace(one, chosen=at == 0, why=None if at else why) for at, one in enumerate(designs)]
    return [
        replace(
            one,
            chosen=at == choice.chosen,
            why=choice.why if at == choice.chosen else None,
            behind=choice.behind[at],
            behind_p=choice.p[at],
        )
        for at, one in enumerate(designs)
    ]


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


def _record(
    spec: SweepSpec, ledger: Ledger, arm: str, serves: Mapping[str, str], *, final: bool
) -> DesignRecord:
    records = {key: ledger[key] for key in dict.fromkeys(serves.values())}
    measured = ledger.mean_gains if final else ledger.gains
    gains = {task: measured(records[key])[task] for task, key in serves.items() if task in ledger.comparable}
    branchings = {key: Branching.sketch(record.sharing, record.members) for key, record in records.items()}
    configs = {task: records[key].config_id for task, key in serves.items()}
    return DesignRecord(
        design_id=design_id(configs),
        arm=arm,
        arms=(arm,),
        n_networks=len(records),
        text=str(Design.from_serves(serves, branchings)),
        networks=tuple(sorted(records)),
        serves=dict(sorted(serves.items())),
        configs=configs,
        gains=gains,
        delta_m=mean_gain(gains, spec.settings.weights),
        n_params=sum(record.n_params for record in records.values()),
        flops=sum(record.flops for record in records.values()),
    )
