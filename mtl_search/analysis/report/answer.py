"""First section: what to train."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from mtl_search.analysis.frames import rows_of
from mtl_search.analysis.report.tables import Tables
from mtl_search.analysis.report.trees import Drawing, draw_network
from mtl_search.analysis.report.words import amount, counted, interval, percent, setting
from mtl_search.analysis.verdict_text import ARM_WORDS, verdict_sentences

__all__ = ["Answer", "Network", "Tile", "answer", "training_file"]

_FILE = "best_design.yaml"
_SAID = ("members.", "branching", "weighting")  # parameters that the drawing and `_weighting` show

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that matters, large, with what it is; ``verdict`` may be empty."""

    number: str
    what: str
    detail: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Network:
    """A network of the design: what it serves, what only helps it, how it is built and trained."""

    trial_id: str
    serves: tuple[tuple[str, str], ...]  # task, gain on valid
    helpers: tuple[str, ...]
    drawing: Drawing | None
    branching: str
    facts: tuple[tuple[str, str], ...]
    config: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The design to train and what may be said of it."""

    headline: str
    verdict: str
    provisional: bool
    tiles: tuple[Tile, ...]
    sentences: tuple[str, ...]
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
    trials = [tables.trial(trial_id) for trial_id in design["networks"]]
    return Answer(
        headline=_headline(tables),
        verdict=confirmed["verdict"] if confirmed else "not confirmed",
        provisional=bool(confirmed and len(confirmed["provisional"])),
        tiles=(*_comparisons(design, confirmed), _size(design, tables)),
        sentences=tuple(_sentences(design, confirmed, tables)),
        networks=tuple(_network(design, trial) for trial in trials),
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


def _headline(tables: Tables) -> str:
    """What to train."""
    return verdict_sentences(rows_of(tables.designs), rows_of(tables.summary))[0]


def _comparisons(design: Row, confirmed: Row | None) -> list[Tile]:
    """The design against the references and its control on test, or its gain on valid where there is no
    confirmation."""
    if confirmed is None:
        gain = percent(design["delta_m"])
        return [
            Tile(
                gain, "over tuned single-task networks", "on validation data: the best of many, too high", ""
            )
        ]
    level = f"{100 * (1 - confirmed['alpha']):g} % interval"
    tiles = []
    for prefix, words in (
        ("vs_single_task", ARM_WORDS["single_task"]),
        ("vs_reference", ARM_WORDS.get(confirmed["reference"], "")),
    ):
        verdict = confirmed[f"{prefix}_verdict"]
        if isinstance(verdict, str):
            ends = interval(confirmed[f"{prefix}_low"], confirmed[f"{prefix}_high"])
            detail = f"{level} {ends}" if ends else "no interval: one seed"
            tiles.append(Tile(percent(confirmed[f"{prefix}_difference"]), f"over {words}", detail, verdict))
    if isinstance(confirmed["control"], str) and confirmed["control"] != confirmed["design_id"]:
        ends = interval(confirmed["gain_of_sharing_low"], confirmed["gain_of_sharing_high"])
        what = "of sharing: over each task alone with the same hyperparameters"
        tiles.append(Tile(percent(confirmed["gain_of_sharing"]), what, f"{level} {ends}" if ends else "", ""))
    return tiles


def _size(design: Row, tables: Tables) -> Tile:
    """How large the design is, against the single-task networks."""
    single = next((row for row in rows_of(tables.designs) if row["arm"] == "single_task"), None)
    times = f"{design['n_params'] / single['n_params']:.2g} times the single-task networks" if single else ""
    return Tile(amount(design["n_params"]), "parameters", times if design["arm"] != "single_task" else "", "")


def _sentences(design: Row, confirmed: Row | None, tables: Tables) -> list[str]:
    """What else may be said of it."""
    said = verdict_sentences(rows_of(tables.designs), rows_of(tables.summary))[1:]
    if confirmed is None:
        return said
    gain = percent(design["delta_m"])
    seeds = counted(confirmed["n_seeds"], "new seed")
    return [
        *said,
        f"Chosen on validation data, where it gained {gain}: {design['why']}. The numbers above are mean "
        f"gains over the main tasks on test data, with each network trained again on {seeds}, from one and "
        "the same train set: another sample of it would bring other networks.",
    ]


def _network(design: Row, trial: Row) -> Network:
    members = list(trial["members"])
    served = sorted(task for task, key in design["serves"].items() if key == trial["trial_id"])
    config = json.loads(trial["config"])
    facts = _weighting(config) if len(members) > 1 else {}
    facts |= {
        name: setting(text) for name, text in sorted(trial["params"].items()) if not name.startswith(_SAID)
    }
    facts |= {"parameters": amount(trial["n_params"]), "kept from epoch": f"{trial['best_epoch']:g}"}
    return Network(
        trial_id=trial["trial_id"],
        serves=tuple((task, percent(design["gains"].get(task, float("nan")))) for task in served),
        helpers=tuple(name for name in members if name not in served),
        drawing=draw_network(trial["branching"], members, served),
        branching=trial["branching"],
        facts=tuple(facts.items()),
        config=_yaml(config),
    )


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
