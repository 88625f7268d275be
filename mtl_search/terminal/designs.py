"""Designs and trials as tables that fit 80 columns, however many members they have.

Members stand on lines of their own, which go on below each other: a name that is cut is of no use.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from mtl_search.analysis.verdict_words import amount, percent
from mtl_search.records import DesignRecord, SummaryRecord, TaskResult
from mtl_search.terminal.words import interval, plain_table

__all__ = ["show_composed", "show_confirmed", "show_networks", "show_trials"]

Row = Mapping[str, Any]

_ON_TEST = 29  # characters of a gain with its interval


def show_confirmed(console: Console, confirmed: Sequence[SummaryRecord]) -> None:
    """A confirmed design a row, the recommended one first, then by delta_m on test: its interval, and the
    verdicts."""
    ordered = sorted(confirmed, key=lambda row: not row.chosen)
    first = ordered[0]
    seeds = min(row.n_seeds for row in confirmed)
    provisional = ", verdicts provisional" if len(first.provisional) else ""
    table = plain_table(f"Confirmed designs: delta_m on test, {seeds} new seeds{provisional}")
    level = f"{100 * (1 - first.alpha):g} % interval"
    for title in ("  arm", "networks", "delta_m", level, "vs single", "vs other"):
        left = title not in ("networks", "delta_m")
        whole = title != "  arm"
        table.add_column(title, justify="left" if left else "right", no_wrap=whole, overflow="fold")
    for row in ordered:
        table.add_row(
            Text(f"{'* ' if row.chosen else '  '}{row.arm}", "bold" if row.chosen else ""),
            str(row.n_networks),
            _gain(row.delta_m),
            interval(row.delta_m_low, row.delta_m_high),
            _verdict(row.vs_single_task.verdict),
            _verdict(row.vs_reference.verdict),
        )
    console.print(table)
    other = f"; other: {first.reference}, the best one on valid" if first.reference else ""
    which = "* recommended, its comparisons are primary; all others are secondary (Holm)"
    if not first.chosen:
        which = "the recommended design is not among them; all comparisons are secondary (Holm)"
    console.print(f"{which}{other}. Verdicts are conditional on the one train set.", style="dim")


def show_composed(console: Console, designs: Sequence[DesignRecord]) -> None:
    """Designs that are not confirmed, the recommended one first, then by delta_m on valid."""
    table = plain_table("Designs, by delta_m on valid")
    for title in ("  arm", "networks", "delta_m", "parameters", "FLOPs/row"):
        left = title == "  arm"
        table.add_column(title, justify="left" if left else "right", no_wrap=not left, overflow="fold")
    for row in sorted(designs, key=lambda row: not row.chosen):
        cost = f"{row.n_params:,}", f"{row.flops:,}"
        mark = "* " if row.chosen else "  "
        table.add_row(mark + row.arm, str(row.n_networks), _gain(row.delta_m), *cost)
    console.print(table)
    console.print(
        "Not confirmed: the best of many measurements on valid is too good to be true.", style="yellow"
    )


def show_networks(
    console: Console,
    title: str,
    design: DesignRecord,
    confirmed: SummaryRecord | None,
    trials: Mapping[str, Row],
) -> None:
    """A design whole: the tasks that each network serves with their gains, and those that only help it."""
    n = design.n_networks
    console.print(Text(f"{title}: {n} network{'s' * (n > 1)} of {design.n_params:,} parameters", "bold"))
    tested = {task.task: task for task in confirmed.tasks} if confirmed else {}
    width = max(len(task) for task in design.serves)
    head = f"{'gain over single_task on test'.ljust(_ON_TEST)}  on valid" if tested else "gain on valid"
    console.print(Text(f"  {'task'.ljust(width)}  {head}", "dim"))
    for key in design.networks:
        members = trials[key]["members"]
        served = [task for task in members if design.serves.get(task) == key]
        console.print(Text.assemble((key, "bold"), f" ({trials[key]['weighting']})" * (len(members) > 1)))
        for task in served:
            on_valid = Text(percent(design.gains.get(task, math.nan)), "dim" if tested else "")
            gains = [_on_test(tested[task]), "  ", on_valid] if tested else [on_valid]
            console.print(Text.assemble(f"  {task.ljust(width)}  ", *gains))
        if helping := [task for task in members if task not in served]:
            _indented(console, Text.assemble("helped by ", (" ".join(helping), "dim")))


def show_trials(console: Console, trials: Sequence[Row]) -> None:
    """A trial in two lines: what it gained and cost, and below its members.

    Its name, which may be long, comes last.
    """
    console.print(Text("Trials, by mean gain of the main members on valid", "bold"))
    kinds = max(len("weighting"), *(len(row["weighting"]) for row in trials))
    console.print(Text(f"mean gain {'weighting'.ljust(kinds)}  params epochs seconds trial", "dim"))
    for row in trials:
        gain = _gain(row["mean_gain"])
        gain.align("right", 9)
        costs = f"{amount(row['n_params']):>7} {row['epochs']:>6} {row['train_seconds']:>7.1f}"
        line = f" {row['weighting'].ljust(kinds)} {costs} "
        console.print(Text.assemble(gain, line, (row["trial_id"], "bold")))
        _indented(console, Text(" ".join(row["members"]), "dim"))


def _indented(console: Console, text: Text) -> None:
    console.print(Padding(text, (0, 0, 0, 2), expand=False))


def _on_test(task: TaskResult) -> Text:
    """A task's gain on test with its interval, as wide as its column."""
    gain = _gain(task.gain)
    gain.append(f" {interval(task.gain_low, task.gain_high)}")
    gain.align("left", max(_ON_TEST, len(gain)))
    return gain


def _gain(value: float) -> Text:
    if not math.isfinite(value):
        return Text("-", style="dim")
    shown = round(value, 2)
    return Text.assemble((percent(value), "green" if shown > 0 else "red" if shown < 0 else ""))


def _verdict(verdict: str | None) -> Text:
    """The verdict in few words; empty for a reference against itself."""
    styles = {"better": "bold green", "worse": "red"}
    return Text((verdict or "").removesuffix(" shown"), styles.get(verdict or "", "dim"))
