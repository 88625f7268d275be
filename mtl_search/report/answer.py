"""First section: what to train."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from mtl_search.analysis.significance import Verdict
from mtl_search.analysis.verdict_text import verdict_sentences
from mtl_search.design import is_of_branching
from mtl_search.records import DesignRecord, SummaryRecord
from mtl_search.report.figures import Figure
from mtl_search.report.parts import gain_parts
from mtl_search.report.tables import Tables
from mtl_search.report.tiles import Tile, tiles
from mtl_search.report.trees import Drawing, draw_network
from mtl_search.report.words import amount, counted, gain, interval, setting, typeset

__all__ = ["Answer", "Network", "Served", "answer", "training_file"]

_FILE = "best_design.yaml"
_SAID = ("members.", "weighting")  # parameters that the drawing and `_weighting` show

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Served:
    """A task that a network serves: its gain on test with its interval, empty before the confirmation, and
    its gain on valid."""

    task: str
    on_test: str
    interval: str
    on_valid: str


@dataclass(frozen=True, slots=True)
class Network:
    """A network of the design: what it serves, what only helps it, how it is built and trained."""

    trial_id: str
    serves: tuple[Served, ...]
    helpers: tuple[str, ...]
    drawing: Drawing | None
    sharing: str
    facts: tuple[tuple[str, str], ...]
    config: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The design to train and what may be said of it."""

    headline: str
    verdict: str | None
    badge: str
    provisional: bool
    tiles: tuple[Tile, ...]
    parts: Figure | None
    sentences: tuple[str, ...]
    decided: str
    networks: tuple[Network, ...]
    file: str
    file_name: str
    command: str


def answer(tables: Tables) -> Answer | None:
    """The answer, None while there is no design."""
    design = tables.winner()
    if design is None:
        return None
    confirmed = tables.confirmed(design)
    trials = [tables.trial(trial_id) for trial_id in design.networks]
    said = verdict_sentences(tables.designs, tables.summary)
    return Answer(
        headline=typeset(said[0]),
        verdict=confirmed.verdict if confirmed else "not confirmed",
        badge=_badge(confirmed),
        provisional=bool(confirmed and len(confirmed.provisional)),
        tiles=tiles(design, confirmed, tables),
        parts=gain_parts(confirmed),
        sentences=tuple(map(typeset, said[1:])),
        decided=_decided(design, confirmed),
        networks=tuple(_network(design, confirmed, trial) for trial in trials),
        file=training_file(tables.sweep_file, [json.loads(trial["config"]) for trial in trials]),
        file_name=_FILE,
        command=f"mtl-search run {_FILE}",
    )


def training_file(sweep_file: str, configs: Sequence[Mapping[str, Any]]) -> str:
    """The sweep file with the networks of a design in the place of what was searched.

    The first network is the ``trial:`` block, the others are arms. The rest of the text is kept as it is.
    """
    kept = "\n".join(_without_blocks(sweep_file.splitlines(), ("trial", "arms"))).strip()
    first, *others = configs
    blocks: dict[str, Any] = {"trial": first}
    if others:
        blocks["arms"] = {f"network_{number}": config for number, config in enumerate(others, start=2)}
    return f"{kept}\n{_yaml(blocks)}" if kept else _yaml(blocks)


def _badge(confirmed: SummaryRecord | None) -> str:
    """The verdict over all comparisons, in a few words."""
    if confirmed is None:
        return "not confirmed"
    if confirmed.verdict == Verdict.BETTER:
        return "better than the references and its control"
    if confirmed.verdict == Verdict.WORSE:
        return "worse than a reference or its control"
    if confirmed.vs_single_task.verdict == Verdict.BETTER:
        by_sharing = (
            confirmed.gain_of_sharing.difference > 0 and confirmed.gain_of_sharing.p < confirmed.alpha
        )
        return f"better than single tasks, not {'than every reference' if by_sharing else 'shown by sharing'}"
    return Verdict.NONE.value


def _decided(design: DesignRecord, confirmed: SummaryRecord | None) -> str:
    """How the design was chosen and what it was then judged by."""
    chosen = f"Decided on validation data, where its delta_m is {gain(design.delta_m)}: {design.why}."
    if confirmed is None:
        return chosen
    return (
        f"{chosen} Test was read only after that. The numbers on test are mean gains over the main tasks, "
        f"with each network trained again on {counted(confirmed.n_seeds, 'new seed')}, from one and the "
        "same train set: another sample of it would bring other networks."
    )


def _network(design: DesignRecord, confirmed: SummaryRecord | None, trial: Row) -> Network:
    members = list(trial["members"])
    served = sorted(task for task, key in design.serves.items() if key == trial["trial_id"])
    config = json.loads(trial["config"])
    facts = _weighting(config) if len(members) > 1 else {}
    facts |= {
        name: setting(text)
        for name, text in sorted(trial["params"].items())
        if not (name.startswith(_SAID) or is_of_branching(name))
    }
    facts |= {"parameters": amount(trial["n_params"]), "kept from epoch": f"{trial['best_epoch']:g}"}
    return Network(
        trial_id=trial["trial_id"],
        serves=tuple(_served(task, design, confirmed) for task in served),
        helpers=tuple(name for name in members if name not in served),
        drawing=draw_network(trial["sharing"], members, served),
        sharing=trial["sharing"],
        facts=tuple(facts.items()),
        config=_yaml(config),
    )


def _served(task: str, design: DesignRecord, confirmed: SummaryRecord | None) -> Served:
    on_valid = gain(design.gains.get(task, float("nan")))
    if confirmed is None:
        return Served(task, "", "", on_valid)
    tested = next(row for row in confirmed.tasks if row.task == task)
    ends = interval(tested.gain_low, tested.gain_high)
    return Served(task, gain(tested.gain), ends, on_valid)


def _weighting(config: Mapping[str, Any]) -> dict[str, str]:
    """How the losses are combined, with the options of the method."""
    options = {name: option for name, option in config["weighting"].items() if name != "name"}
    weights = options.pop("weights", None)
    facts = {"weighting": str(config["weighting"]["name"])}
    if isinstance(weights, Mapping):
        facts["weights"] = ", ".join(f"{task} {weight:.2g}" for task, weight in sorted(weights.items()))
    return facts | {f"weighting.{name}": str(option) for name, option in options.items()}


def _without_blocks(lines: Sequence[str], names: Sequence[str]) -> list[str]:
    """The lines of a YAML text without its top-level blocks of these names."""
    kept, inside = [], False
    for line in lines:
        if line and not line[0].isspace() and not line.startswith("#"):
            inside = line.split(":")[0].strip() in names
        if not inside:
            kept.append(line)
    return kept


def _yaml(content: Mapping[str, Any]) -> str:
    from ruamel.yaml import YAML

    writer, text = YAML(), StringIO()
    writer.dump(dict(content), text)
    return text.getvalue()
