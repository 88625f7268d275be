"""Untried: networks of promising designs whose hyperparameters a task's own study has not tried alone yet."""

from collections.abc import Collection, Mapping

from mtl_search.arm_names import SINGLE_TASK
from mtl_search.records import TrialRecord, TrialState
from mtl_search.search.designs.composing import design_records
from mtl_search.search.designs.control import alone
from mtl_search.search.ledger import Ledger
from mtl_search.sweep.spec import SweepSpec
from mtl_search.training import TrialConfig

__all__ = ["Untried", "untried", "within_bound"]

Untried = tuple[TrialRecord, str]  # a network, and the task that it should be tried for


def untried(
    spec: SweepSpec, ledger: Ledger, data: str, serving: Mapping[str, Collection[str]]
) -> list[Untried]:
    """Each configuration once, those of the design first that would be recommended now.

    ``data``: the fingerprint of the data. ``serving``: the networks by trial_id, with the tasks they serve.
    """
    done = {
        record.config_id
        for record in ledger.records
        if record.arm == SINGLE_TASK and record.state != TrialState.PRUNED
    }
    found: dict[str, Untried] = {}
    for key, tasks in serving.items():
        network = ledger[key]
        config = TrialConfig.model_validate_json(network.config)
        if config.trunk.stages == 0:
            continue  # a linear network is a reference of its own, and stays apart
        for task in sorted(tasks):
            config_id = alone(config, task).identity(data)
            if config_id not in done:
                found.setdefault(config_id, (network, task))
    if not found:
        return []
    served = recommended(spec, ledger)
    return sorted(found.values(), key=lambda one: served.get(one[1]) != one[0].trial_id)


def within_bound(spec: SweepSpec, ledger: Ledger, found: list[Untried]) -> list[Untried]:
    """Of ``found``, what a budget of trials allows: all that is of the recommended design, and of others as
    many as make single_task's trainings twice its budget."""
    per_task = spec.settings.budget.reference_trials
    allowed = 2 * per_task * len(spec.settings.main_tasks)
    trained = sum(r.arm == SINGLE_TASK and r.duplicate_of is None for r in ledger.records)
    if trained + len(found) <= allowed:
        return found
    served = recommended(spec, ledger)
    first = [one for one in found if served.get(one[1]) == one[0].trial_id]
    return found[: max(len(first), allowed - trained)]


def recommended(spec: SweepSpec, ledger: Ledger) -> dict[str, str]:
    """Which trial serves each task in the design that would be recommended now; empty if there is none."""
    designs = design_records(spec, ledger, final=bool(ledger.replicated))
    return next((dict(design.serves) for design in designs if design.chosen), {})
