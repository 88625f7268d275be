"""An evaluation in the terminal: every metric of each task with its interval, and what was left out."""

import json
import math

from mtl_search.bundle.evaluating import Evaluation, TaskEvaluation
from mtl_search.terminal.words import flow, plain_console, plain_table

__all__ = ["evaluation_json", "show_evaluation"]


def show_evaluation(evaluation: Evaluation, source: str) -> None:
    """Print it; the table is as wide as its longest name."""
    console = plain_console()
    flow(console, f"{source}: {_rows(evaluation)}")
    if evaluation.bootstrap:
        what = "rows" if evaluation.units == evaluation.rows else "groups"
        flow(
            console, f"95 % intervals from {evaluation.bootstrap:,} samples of {what}, seed {evaluation.seed}"
        )
    for note in evaluation.notes:
        flow(console, f"note: {note}")
    console.print()
    table = plain_table()
    table.add_column("task", overflow="fold")
    table.add_column("metric", overflow="fold")
    for heading in ("value", "low", "high", "labels"):
        table.add_column(heading, justify="right", no_wrap=True)
    for task in evaluation.tasks:
        for at, (name, found) in enumerate(task.metrics.items()):
            first = [task.task, f"{task.rows:,}"] if at == 0 else ["", ""]
            style = "bold" if name == task.default else ""
            numbers = map(_number, (found.value, found.low, found.high))
            mark = " *" if name == task.default else ""
            table.add_row(first[0], name + mark, *numbers, first[1], style=style)
    console.print(table)
    console.print("* the metric that networks were compared by", style="dim")
    for task in evaluation.tasks:
        for line in _left_out(task):
            flow(console, line)


def evaluation_json(evaluation: Evaluation) -> str:
    """The same for programs; what is undefined is null."""
    return json.dumps(evaluation.to_dict(), indent=2, ensure_ascii=False)


def _rows(evaluation: Evaluation) -> str:
    grouped = evaluation.units != evaluation.rows
    text = f"{evaluation.rows:,} rows" + (f" in {evaluation.units:,} groups" if grouped else "")
    return f"{text}, weighed as in training" if evaluation.weighted else text


def _left_out(task: TaskEvaluation) -> list[str]:
    unseen = sum(task.unseen.values())
    lines = []
    if task.missing > unseen:
        lines.append(f"{task.task}: {task.missing - unseen:,} rows without a label are left out")
    if task.unseen:
        named = ", ".join(f"{label!r} ({count:,})" for label, count in [*task.unseen.items()][:5])
        more = " ..." if len(task.unseen) > 5 else ""
        lines.append(f"{task.task}: labels that training has not seen are left out: {named}{more}")
    return lines


def _number(value: float) -> str:
    """Four digits that count, or whole numbers.

    >>> _number(0.25), _number(-12345.6), _number(float("nan"))
    ('0.2500', '-12,346', '-')
    """
    if not math.isfinite(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:#.4g}"
