"""The sweep file of a draft: its text, with the budget that was asked for and its time here."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from mtl_search.data import is_local_file
from mtl_search.drafting.budgets import LEAST, fitting, usual_budget
from mtl_search.drafting.draft import DraftData
from mtl_search.drafting.networks import network_lines
from mtl_search.drafting.space import budget_lines, trial_lines
from mtl_search.drafting.timing import expected_seconds, measured_pace
from mtl_search.drafting.writing import Listed, Reasoned, written
from mtl_search.search import check_constraints, judged_by
from mtl_search.space import parse_document
from mtl_search.sweep import SweepSpec
from mtl_search.uris import is_uri, shown

__all__ = ["Draft", "drafted", "name_of"]


@final
@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A sweep file that passes ``check``: its ``text``, the sweep that it says, and how long it should take.

    ``seconds`` is None where the least number of trials takes longer than what was asked for: the budget is
    of hours then. ``time`` says it in words.
    """

    data: DraftData
    text: str
    spec: SweepSpec
    seconds: float | None
    time: str


def name_of(source: str) -> str:
    """The name of a sweep over a source.

    >>> name_of("data/My customers (2024).csv.gz"), name_of("s3://bucket/part=1/"), name_of("yeast")
    ('My-customers-2024', 'part-1', 'yeast')
    """
    place = shown(source).partition("?")[0] if is_uri(source) else source
    last = re.sub(r"(\.(csv|tsv|parquet|pq|feather|arrow))?(\.(gz|bz2|zst))?$", "", _last_part(place))
    return re.sub(r"[^A-Za-z0-9._-]+", "-", last).strip("-._")[:100] or "sweep"


def _last_part(source: str) -> str:
    return source.rstrip("/\\").replace("\\", "/").rpartition("/")[2]


def drafted(data: DraftData, file: Path, *, name: str | None = None, minutes: float | None = None) -> Draft:
    """The file for ``file``, from where a relative source starts; trains a short trial for the time."""
    blocks = _blocks(data, _source_from(data.look.source, file.parent), name or name_of(data.look.source))
    least, _ = judged_by(_spec(blocks, LEAST, "", file), data.dataset)
    check_constraints(least, data.dataset)
    pace = measured_pace(least, data.dataset, data.train_rows)

    def seconds_of(budget: Mapping[str, float]) -> float:
        spec, _ = judged_by(_spec(blocks, budget, "", file), data.dataset)
        return expected_seconds(spec, pace)

    tasks = len(least.settings.main_tasks)
    budget = usual_budget(tasks) if minutes is None else fitting(minutes * 60, seconds_of)
    if budget is None and minutes is not None:
        budget = {"hours": round(minutes / 60, 3), **{k: v for k, v in LEAST.items() if k != "trials"}}
        del budget["reference_trials"]
        why = f"too short for any number of trials ({_about(seconds_of(LEAST))} at least): stops in time"
        seconds = None
    else:
        assert budget is not None
        seconds = seconds_of(budget)
        why = f"about {_about(seconds)} here, with all that follows"
    text = _text(blocks, budget, why)
    return Draft(data, text, _parsed(text, file), seconds, why)


def _about(seconds: float) -> str:
    """A time in words, not more exact than it is known."""
    if seconds < 90:
        return f"{max(10, round(seconds, -1)):.0f} seconds"
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 90 else f"{minutes / 60:.1f} hours"


def _spec(blocks: Mapping[str, Any], budget: Mapping[str, float], why: str, file: Path) -> SweepSpec:
    return _parsed(_text(blocks, budget, why), file)


def _parsed(text: str, file: Path) -> SweepSpec:
    return SweepSpec.from_document(parse_document(text, str(file)), file.resolve().parent)


def _text(blocks: Mapping[str, Any], budget: Mapping[str, float], why: str) -> str:
    title, rest = blocks["title"], {key: block for key, block in blocks.items() if key != "title"}
    trial = rest.pop("trial")
    return written(title, {**rest, "budget": budget_lines(budget, why), "trial": trial})


def _source_from(source: str, folder: Path) -> str:
    """The source as it is written in a file in ``folder``: relative if that is short."""
    if not is_local_file(source):
        return source
    path = Path(source).expanduser().resolve()
    relative = os.path.relpath(path, folder.resolve())
    short = relative if relative.count("..") <= 2 else str(path)
    return short if is_local_file(short) else f"./{short}"


def _blocks(data: DraftData, source: str, name: str) -> dict[str, Any]:
    sample = data.look.sample
    rows = f"{sample.n_rows:,} rows, {len(data.look.profiles):,} columns"
    seen = "" if sample.is_whole else f", of which {len(sample.table):,} rows were looked at"
    tasks = {task.name: Reasoned(task.value, task.reason) for task in data.tasks}
    main, shape = len(data.tasks), data.dataset.input_shape
    levels = {task.level for task in data.dataset.tasks.values()}
    networks = network_lines(shape, data.train_rows, pixels="pixel" in levels, steps="token" in levels)
    return {
        "title": [
            f"{data.look.source}: {rows}{seen}.",
            "A draft: every line may be changed, and mtl-search check says what it makes of it.",
        ],
        "name": name,
        "data": _data(data, source),
        "tasks": tasks,
        **({"objective": _objective(main)} if main > 1 else {}),
        "trial": trial_lines(data.train_rows, main, networks, table=shape.is_table),
    }


def _objective(tasks: int) -> Mapping[str, Any]:
    most = min(tasks, 4)
    return {"max_networks": Reasoned(most, "at most so many networks for all tasks together")}


def _data(data: DraftData, source: str) -> dict[str, Any]:
    uses, spec = data.uses, data.spec
    lines: dict[str, Any] = {"source": source}
    split: dict[str, Any] = {"valid": 0.15, "test": 0.15}
    if uses.time:
        lines["split"] = Reasoned({"time": uses.time[0], **split}, uses.time[1])
    else:
        lines["split"] = Reasoned({**split, "seed": 0}, "by chance, the same each time")
    if uses.group:
        lines["group"] = Reasoned(uses.group[0], uses.group[1])
    if spec.rows:
        lines["rows"] = Reasoned(spec.rows, "chosen by hash: enough to compare designs; without it, all")
    return {**lines, **_columns(data)}


def _columns(data: DraftData) -> dict[str, Any]:
    uses, spec = data.uses, data.spec
    lines: dict[str, Any] = {}
    if uses.drop:
        lines["drop"] = Listed(uses.drop)
    if spec.inputs:
        lines["inputs"] = {
            name: Reasoned(options.spelled, data.reasons[name]) for name, options in spec.inputs.items()
        }
    if isinstance(spec.missing, dict) and spec.missing:
        why = "looks like a sign for a missing value"
        lines["missing"] = {name: Reasoned(list(values), why) for name, values in spec.missing.items()}
    return lines
