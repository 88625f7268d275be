"""The networks of the design to train, a card each: what one serves, with its gains, and how it is built."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any

from mtl_search.analysis.sharing import experts_of
from mtl_search.records import DesignRecord, SummaryRecord
from mtl_search.report.company import Company, company
from mtl_search.report.pictures import Picture, picture
from mtl_search.report.tables import Tables
from mtl_search.report.words import amount, gain, interval, points, setting, some

__all__ = ["Network", "Served", "as_yaml", "networks"]

_SAID = ("members.", "sharing", "weighting")  # parameters that drawing, text and `_weighting` show

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Served:
    """A task that a network serves: its gain on test with its interval, empty before the confirmation, its
    gain on valid, and that of boosted trees on test, empty where there are none."""

    task: str
    on_test: str
    interval: str
    on_valid: str
    by_trees: str


@dataclass(frozen=True, slots=True)
class Network:
    """A network of the design: what it serves, what is trained with that, how it is built and trained.

    ``also`` has each other member with what it is estimated to bring to the tasks served, empty if unknown.
    """

    trial_id: str
    serves: tuple[Served, ...]
    also: tuple[tuple[str, str], ...]
    picture: Picture
    title: str
    others: str
    facts: tuple[tuple[str, str], ...]
    config: str


def networks(design: DesignRecord, confirmed: SummaryRecord | None, tables: Tables) -> tuple[Network, ...]:
    """The cards of a design."""
    found = company(tables)
    return tuple(
        _network(design, confirmed, tables, tables.trial(trial_id), found) for trial_id in design.networks
    )


def _network(
    design: DesignRecord,
    confirmed: SummaryRecord | None,
    tables: Tables,
    trial: Row,
    found: Company,
) -> Network:
    members = list(trial["members"])
    served = sorted(task for task, key in design.serves.items() if key == trial["trial_id"])
    others = [name for name in members if name not in served]
    config = json.loads(trial["config"])
    experts = experts_of(trial["sharing"], members)
    facts = {"sharing": experts} if experts else {}
    facts |= _weighting(config) if len(members) > 1 else {}
    facts |= {
        name: setting(text) for name, text in sorted(trial["params"].items()) if not name.startswith(_SAID)
    }
    facts |= {"parameters": amount(trial["n_params"])}
    if math.isfinite(trial["best_epoch"] or math.nan):
        facts |= {"kept from epoch": f"{trial['best_epoch']:g}"}
    return Network(
        trial_id=trial["trial_id"],
        serves=tuple(_served(task, design, confirmed, tables.boosted_trees) for task in served),
        also=tuple((name, points(found.brings(name, served))) for name in others),
        picture=picture(trial, served, tables),
        title=some(served, "task"),
        others=some(others, "task"),
        facts=tuple(facts.items()),
        config=as_yaml(config),
    )


def _served(
    task: str, design: DesignRecord, confirmed: SummaryRecord | None, trees: SummaryRecord | None
) -> Served:
    on_valid = gain(design.gains.get(task, math.nan))
    if confirmed is None:
        return Served(task, "", "", on_valid, "")
    tested = next(row for row in confirmed.tasks if row.task == task)
    ends = interval(tested.gain_low, tested.gain_high)
    return Served(task, gain(tested.gain), ends, on_valid, _by_trees(task, trees))


def _by_trees(task: str, trees: SummaryRecord | None) -> str:
    """What boosted trees gain on a task."""
    found = next((row for row in trees.tasks if row.task == task), None) if trees else None
    return "" if found is None or not math.isfinite(found.gain) else gain(found.gain)


def _weighting(config: Mapping[str, Any]) -> dict[str, str]:
    """How the losses are combined, with the options of the method."""
    options = {name: option for name, option in config["weighting"].items() if name != "name"}
    weights = options.pop("weights", None)
    facts = {"weighting": str(config["weighting"]["name"])}
    if isinstance(weights, Mapping):
        facts["weights"] = ", ".join(f"{task} {weight:.2g}" for task, weight in sorted(weights.items()))
    return facts | {f"weighting.{name}": str(option) for name, option in options.items()}


def as_yaml(content: Mapping[str, Any]) -> str:
    """``content`` as a sweep file has it."""
    from ruamel.yaml import YAML

    writer, text = YAML(), StringIO()
    writer.dump(dict(content), text)
    return text.getvalue()
