"""What ``check`` says of a budget: whether its references get tuned, and what its test rows can show."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.text import Text

from mtl_search.analysis.power import (
    TaskLabels,
    expected_complete,
    label_correlations,
    smallest_before,
)
from mtl_search.arm_names import SINGLE_TASK
from mtl_search.data import Dataset
from mtl_search.sweep import SweepSpec
from mtl_search.sweep.arms import INFORMED, arms_of
from mtl_search.terminal.words import plain_table

__all__ = ["reference_words", "show_budget", "smallest_shown", "task_labels"]


def show_budget(console: Console, spec: SweepSpec, dataset: Dataset) -> None:
    """Print what the budget can and cannot show, before anything is trained."""
    console.print(Text("What this budget can show", "bold"))
    for line in reference_words(spec):
        console.print(f"  {line}")
    _show_smallest(console, spec, dataset)
    console.print()


def reference_words(spec: SweepSpec) -> list[str]:
    """How many trials of a task's reference study train to their end, and what is missing to a verdict."""
    trials = next(arm.trials for arm in arms_of(spec) if arm.name == SINGLE_TASK)
    if trials is None:
        return [
            "references: as many trials as time allows; verdicts are provisional",
            f"  while one has fewer than {INFORMED} completed",
        ]
    complete = completed(spec, trials)
    of_them = "all train" if complete == trials else f"of which about {complete:.0f} train"
    lines = [f"references: {trials} trials a task, {of_them} to their end"]
    if trials < INFORMED:  # so many are never stopped
        lines.append(f"  a verdict will be provisional; reference_trials: {INFORMED} would do")
    return lines


def completed(spec: SweepSpec, trials: int) -> float:
    """How many of a reference study's trials are expected to train to their end."""
    pruner = spec.settings.pruner.after(INFORMED)
    rungs, factor = pruner.halvings(spec.max_epochs)
    return expected_complete(trials, rungs, factor, pruner.startup_trials)


def task_labels(dataset: Dataset, tasks: Sequence[str]) -> dict[str, TaskLabels]:
    """What the labels of these tasks say; of test only how many there are."""
    found = {}
    for name in tasks:
        task, train, test = dataset.tasks[name], dataset.train, dataset.test
        known_N = train.labelled[name]
        known_N = known_N if task.level == "row" else known_N & False
        truths = task.truths(train.targets[name][known_N]).double().cpu().numpy()
        units = 0 if test is None else len(np.unique(test.units[test.labelled[name]].cpu().numpy()))
        found[name] = TaskLabels(task.kind, task.metric.name, units, truths, task.weight)
    return found


def smallest_shown(spec: SweepSpec, dataset: Dataset) -> tuple[dict[str, float], float] | None:
    """The smallest difference that the confirmation is expected to show, in percent: of each main task, and
    of delta_m. None if it can show none."""
    budget, tasks = spec.settings.budget, spec.settings.main_tasks
    if not budget.finalists or budget.seeds < 2:
        return None
    labels = task_labels(dataset, tasks)
    of_tasks, whole = smallest_before(labels, _alike(dataset, tasks), budget.seeds)
    return dict(zip(labels, of_tasks, strict=True)), whole


def _show_smallest(console: Console, spec: SweepSpec, dataset: Dataset) -> None:
    found = smallest_shown(spec, dataset)
    if found is None:
        console.print("  without finalists on two or more seeds no difference can be shown")
        return
    of_tasks, whole = found
    budget, labels = spec.settings.budget, task_labels(dataset, list(of_tasks))
    unit = "rows" if spec.settings.data.group is None else "groups"
    console.print(f"  the smallest difference that the test {unit} and {budget.seeds} seeds show in four of")
    console.print("  five sweeps, judged by the labels alone (roughly: it may be half or twice as")
    console.print("  much, and up to five times off where a metric is near its best):")
    table = plain_table()
    for title in ("    task", "metric", f"test {unit}", "smallest"):
        table.add_column(title, justify="left" if title in ("    task", "metric") else "right", no_wrap=True)
    for name, task in labels.items():
        table.add_row(f"    {name}", task.metric, f"{task.units:,}", _percent(of_tasks[name]))
    if len(labels) > 1:
        table.add_row("    delta_m", "", "", _percent(whole))
    console.print(table)


def _alike(dataset: Dataset, tasks: Sequence[str]) -> NDArray[np.float64]:
    """How the labels of train are correlated."""
    signals = []
    for name in tasks:
        known_N = dataset.train.labelled[name].cpu().numpy()
        values = dataset.tasks[name].signals(dataset.train.targets[name]).double().cpu().numpy()
        signals.append(np.where(known_N[:, None], values.reshape(len(known_N), -1), np.nan))
    return label_correlations(signals)


def _percent(value: float) -> str:
    """A difference without a sign, in two digits that count.

    >>> _percent(1.234), _percent(12.3), _percent(0.034), _percent(float("nan"))
    ('1.2 %', '12 %', '0.034 %', '-')
    """
    if not math.isfinite(value):
        return "-"
    digits = max(0, 1 - math.floor(math.log10(value))) if value > 0 else 1
    return f"{value:.{digits}f} %"
