"""What ``check`` shows: the data, the tasks, each arm's parameters, the size of the space, what the budget
can show, one sampled trial."""

import json
import random
from dataclasses import asdict
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mtl_search.arm_names import SEARCH
from mtl_search.data import Dataset, DataSummary
from mtl_search.design import count_designs
from mtl_search.features import VectorSpec
from mtl_search.records import Split
from mtl_search.search import planned_trials
from mtl_search.space import RandomSuggest, SearchSpace
from mtl_search.sweep import SweepSpec
from mtl_search.sweep.arms import Arm, arms_of
from mtl_search.terminal.budgeting import show_budget, smallest_shown
from mtl_search.terminal.planning import show_plan, total_words
from mtl_search.terminal.programs import as_json
from mtl_search.terminal.words import plain_console, plain_table, some
from mtl_search.training import TrialConfig, network_cost

__all__ = ["check_json", "show_check"]


def show_check(spec: SweepSpec, dataset: Dataset, *, seed: int) -> None:
    """Print everything about a sweep that can be known before it runs."""
    console = plain_console(soft_wrap=True)
    summary = dataset.summary()
    _show_data(console, summary)
    console.print(_task_table(summary))
    for task in summary.tasks:
        console.print(f"  {task.name}: {task.labels}")
    console.print()
    arms = arms_of(spec)
    for arm in arms:
        _show_arm(console, arm)
    _show_size(console, spec)
    show_budget(console, spec, dataset)
    _show_sample(console, spec.space, dataset, spec, random.Random(seed))
    plan = planned_trials(spec)
    show_plan(console, plan, spec)
    trials = f", {words}" if (words := total_words(plan)) else ""
    console.print(Text.assemble(("ok", "green"), f": {spec.document.name} can be run{trials}"))


def check_json(spec: SweepSpec, dataset: Dataset) -> str:
    """The same for programs, but for what is in the file."""
    summary, plan, smallest = asdict(dataset.summary()), planned_trials(spec), smallest_shown(spec, dataset)
    tasks = summary.pop("tasks")
    parts = [{"step": part.step, "arm": part.arm, **asdict(part.count)} for part in plan.parts]
    value = {
        "file": spec.document.name,
        "name": spec.settings.name,
        "data": summary,
        "tasks": tasks,
        "left_out": dataset.left_out,
        "arms": [_arm(arm) for arm in arms_of(spec)],
        "size": _size(spec),
        "smallest_shown": smallest and {"tasks": smallest[0], "delta_m": smallest[1]},
        "planned": {"total": asdict(plan.total) if total_words(plan) else None, "parts": parts},
    }
    return as_json(value)


def _arm(arm: Arm) -> dict[str, Any]:
    members = next(iter(arm.studies.values()))
    free = arm.space.parameters() if members is None else arm.space.parameters(members)
    parameters = [{"name": one.name, "range": one.text, "when": one.when or None} for one in free]
    return {"name": arm.name, "trials": arm.trials, "studies": list(arm.studies), "parameters": parameters}


def _say(console: Console, title: str, rest: str) -> None:
    console.print(Text.assemble((title, "bold"), rest))


def _show_data(console: Console, summary: DataSummary) -> None:
    rows = ", ".join(f"{count:,} {split}" for split, count in summary.rows.items())
    _say(console, "Data", f" {summary.name}, fingerprint {summary.fingerprint}: {rows} rows")
    if summary.numeric or summary.categorical or not summary.others:
        console.print(f"  numeric inputs: {some(summary.numeric)}")
        levels = [f"{name} ({count})" for name, count in summary.categorical.items()]
        console.print(f"  categorical inputs (levels): {some(levels)}")
        console.print(f"  with a missing-indicator: {some(summary.missing_indicators)}")
    for name, what in summary.others.items():
        console.print(f"  {name}: {what}")
    for warning in summary.warnings:
        console.print(Text.assemble(("  note:", "yellow"), f" {warning}"))
    console.print()


def _task_table(summary: DataSummary) -> Table:
    table = plain_table("Tasks, and how many labels there are")
    for title in ("task", "kind", "role", "metric", "train", "valid", "test"):
        table.add_column(title, justify="right" if title in tuple(Split) else "left", no_wrap=True)
    for task in summary.tasks:
        counts = (f"{task.labelled.get(split, 0):,}" for split in Split)
        table.add_row(task.name, task.kind, task.role, task.metric, *counts)
    return table


def _show_arm(console: Console, arm: Arm) -> None:
    trials = "as time allows" if arm.trials is None else f"{arm.trials} trials"
    studies = f" for each of {len(arm.studies)} studies" if len(arm.studies) > 1 else ""
    _say(console, f"Arm {arm.name}", f": {trials}{studies}")
    members = next(iter(arm.studies.values()))
    free = arm.space.parameters() if members is None else arm.space.parameters(members)
    width = max((len(parameter.name) for parameter in free), default=0)
    for when, parameters in groupby(free, key=lambda parameter: parameter.when):
        indent = "  "
        if when:
            console.print(f"  if {when}:")
            indent = "    "
        for parameter in parameters:
            console.print(f"{indent}{parameter.name.ljust(width)} {parameter.text}")


def _show_size(console: Console, spec: SweepSpec) -> None:
    sets, networks, designs = _size(spec).values()
    of_networks = f"{sets:,} sets of members, {networks:,} networks by members and sharing"
    _say(console, "Size", f" of arm {SEARCH}: {of_networks}")
    console.print(f"  {designs:,} designs of at most {_limit(spec)} networks, by their members alone")
    console.print()


def _limit(spec: SweepSpec) -> int:
    return spec.settings.objective.max_networks or len(spec.settings.main_tasks)


def _size(spec: SweepSpec) -> dict[str, int]:
    """How much there is to choose from."""
    space, settings = spec.space, spec.settings
    designs = count_designs(
        len(space.members.tasks),
        space.members.min,
        space.members.max,
        1,
        _limit(spec),
        len(set(settings.auxiliary_tasks) & set(space.members.tasks)),
    )
    return {"member_sets": space.members.count, "networks": space.count_networks(), "designs": designs}


def _show_sample(
    console: Console, space: SearchSpace, dataset: Dataset, spec: SweepSpec, generator: random.Random
) -> None:
    suggest = RandomSuggest(generator)
    members = space.members.suggest(suggest)
    config = TrialConfig.model_validate(space.sample(suggest, members))
    cost = network_cost(config, dataset)
    _say(console, "A sampled trial", f": {cost.n_params:,} parameters, {cost.flops:,} FLOPs a row")
    console.print(config.sharing.draw(config.members))
    specs = config.trunk.specs(config.encoder.features(dataset.input_shape))
    if not all(isinstance(spec, VectorSpec) for spec in specs):
        console.print(f"  from stage to stage: {' -> '.join(spec.size for spec in specs)}")
    for name, value in config.model_dump(mode="json").items():
        if name not in ("members", "sharing"):
            console.print(f"  {name}: {json.dumps(value)}")
    console.print()
