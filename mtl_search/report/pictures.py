"""How the members of a network share it, as a picture: a tree of stages, or experts with their gates."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from mtl_search.analysis.frames import rows_of
from mtl_search.analysis.gates import gate_levels
from mtl_search.report.drawings import Drawing
from mtl_search.report.experts import draw_experts
from mtl_search.report.features import features_of
from mtl_search.report.gates import GateMap, gate_maps
from mtl_search.report.tables import Tables
from mtl_search.report.trees import draw_network
from mtl_search.report.words import arm_name, gain

__all__ = ["Example", "Picture", "examples", "picture"]

_MOST = 6  # examples

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing, if the network can be drawn, what each task takes from each expert, and it all as text."""

    drawing: Drawing | None
    gates: tuple[GateMap, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Example:
    """A network with experts that is not in the design: the best one of its arm."""

    trial_id: str
    arm: str
    gain: str
    picture: Picture


def picture(trial: Row, served: Collection[str], tables: Tables) -> Picture:
    """The picture of a trial's network; a tree has no gates."""
    members, text = list(trial["members"]), str(trial["sharing"])
    features = features_of(tables.stages, trial["config_id"])
    drawing = draw_network(text, members, served, features)
    levels = gate_levels(tables.gates, trial)
    n_before = _stages_before(json.loads(trial["config"]).get("sharing"))
    if drawing is None and levels:
        drawing = draw_experts(levels, n_before, members, served, text, features)
    return Picture(drawing, gate_maps(levels, n_before, members), text)


def _stages_before(sharing: object) -> int:
    """How many stages all members share before their experts, as the configuration says."""
    return int(sharing.get("start", 0)) if isinstance(sharing, Mapping) else 0


def examples(tables: Tables) -> tuple[Example, ...]:
    """The best network with experts of each arm, but for those of the design, best first."""
    shown = set(tables.advised.networks) if tables.advised else set()
    found = tables.evidence[tables.evidence["trial_id"].isin(tables.gates["trial_id"])]
    best = found.sort_values("mean_gain", ascending=False).drop_duplicates("arm")
    return tuple(
        Example(
            trial["trial_id"],
            arm_name(trial["arm"]),
            gain(trial["mean_gain"]),
            picture(trial, trial["members"], tables),
        )
        for trial in rows_of(best[~best["trial_id"].isin(shown)].head(_MOST))
    )
