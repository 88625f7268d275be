"""Finalists: which of the composed designs are confirmed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mtl_search.arm_names import POOLED, REFERENCE_ARMS
from mtl_search.data import Dataset
from mtl_search.search.designs.control import control_of
from mtl_search.search.designs.plans import NetworkPlan
from mtl_search.search.ledger import Ledger
from mtl_search.sweep.settings import Budget, Settings

__all__ = ["finalists", "with_controls"]

Row = Mapping[str, Any]


def finalists(designs: Sequence[Row], budget: Budget) -> list[Row]:
    """Rows of the table of designs, which is ordered by delta_m on valid.

    The recommended design and all that it is compared with: of each reference arm the smallest design, which
    is the plain baseline, of every other arm its best one. Then the best of the rest, until ``finalists`` are
    more than references.
    """
    if not budget.confirms or not designs:
        return []
    found = {design["design_id"]: design for design in designs if design["chosen"]}
    arms = dict.fromkeys(arm for design in designs for arm in design["arms"])
    plain = set()
    for arm in arms:
        of_arm = [design for design in designs if arm in design["arms"]]
        if arm in REFERENCE_ARMS:
            of_arm.sort(key=lambda design: design["n_networks"])
            plain.add(of_arm[0]["design_id"])
        if arm != POOLED:
            found.setdefault(of_arm[0]["design_id"], of_arm[0])
    for design in designs:
        if len(found.keys() - plain) >= budget.finalists:
            break
        found.setdefault(design["design_id"], design)
    return list(found.values())


def with_controls(
    designs: list[dict[str, Any]], settings: Settings, ledger: Ledger, dataset: Dataset
) -> list[NetworkPlan]:
    """The networks that are confirmed: of the finalists, and of their controls, which join ``designs``.

    The recommended design has a control, the other finalists where ``budget.controls`` asks for it; of a
    design that shares nothing it is the design itself.
    """
    chosen = finalists(designs, settings.budget)
    rows = {design["design_id"]: design for design in designs}
    networks = [
        replace(NetworkPlan.of(ledger[key]), kept=_is_kept(design, settings))
        for design in chosen
        for key in design["networks"]
    ]
    for design in chosen:
        if design["chosen"] or settings.budget.controls == "finalists":
            control = control_of(design, ledger, dataset, settings)
            rows[design["design_id"]]["control"] = control.row["design_id"]
            if rows.setdefault(control.row["design_id"], control.row) is control.row:
                designs.append(control.row)
            networks += control.networks
    return networks


def _is_kept(design: Row, settings: Settings) -> bool:
    return settings.keep == "finalists" or (settings.keep == "recommended" and design["chosen"])
