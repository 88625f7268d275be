"""Finalists: which of the composed designs are confirmed."""

from collections.abc import Sequence
from dataclasses import replace

from mtl_search.arm_names import POOLED, REFERENCE_ARMS
from mtl_search.data import Dataset
from mtl_search.records import DesignRecord
from mtl_search.search.designs.control import control_of
from mtl_search.search.designs.plans import NetworkPlan
from mtl_search.search.ledger import Ledger
from mtl_search.sweep.settings import Budget, Settings

__all__ = ["finalists", "with_controls"]


def finalists(designs: Sequence[DesignRecord], budget: Budget) -> list[DesignRecord]:
    """Those of ``designs``, ordered by delta_m on valid, that are confirmed.

    The recommended design and all that it is compared with: of each reference arm the smallest design, which
    is the plain baseline, of every other arm its best one. Then the best of the rest, until ``finalists`` are
    more than references.
    """
    if not budget.confirms or not designs:
        return []
    found = {design.design_id: design for design in designs if design.chosen}
    plain = set()
    for arm in dict.fromkeys(arm for design in designs for arm in design.arms):
        of_arm = [design for design in designs if arm in design.arms]
        if arm in REFERENCE_ARMS:
            of_arm.sort(key=lambda design: design.n_networks)
            plain.add(of_arm[0].design_id)
        if arm != POOLED:
            found.setdefault(of_arm[0].design_id, of_arm[0])
    for design in designs:
        if len(found.keys() - plain) >= budget.finalists:
            break
        found.setdefault(design.design_id, design)
    return list(found.values())


def with_controls(
    designs: Sequence[DesignRecord], settings: Settings, ledger: Ledger, dataset: Dataset
) -> tuple[list[DesignRecord], list[NetworkPlan]]:
    """``designs`` with the controls of finalists, and the networks that are confirmed: of both.

    The recommended design has a control, the other finalists if ``budget.controls`` says so; of a
    design that shares nothing it is the design itself.
    """
    chosen = finalists(designs, settings.budget)
    found = {design.design_id: design for design in designs}
    networks = [
        replace(NetworkPlan.of(ledger[key]), kept=_is_kept(design, settings))
        for design in chosen
        for key in design.networks
    ]
    for design in chosen:
        if design.chosen or settings.budget.controls == "finalists":
            control = control_of(design, ledger, dataset, settings)
            key = control.design.design_id
            found[design.design_id] = replace(found[design.design_id], control=key)
            found.setdefault(key, control.design)
            networks += control.networks
    return list(found.values()), networks


def _is_kept(design: DesignRecord, settings: Settings) -> bool:
    return settings.keep == "finalists" or (settings.keep == "recommended" and design.chosen)
