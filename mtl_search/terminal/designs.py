"""Designs in lines that fit 60 columns, however many tasks they have and however long the names are.

What has many names (who trains with whom) stands on lines of its own, which go on below each other: a name
that is cut is of no use. Only what test shows has a colour.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from mtl_search.analysis.sharing import experts_of
from mtl_search.analysis.significance import Verdict
from mtl_search.analysis.verdict_words import amount, counted, ensemble_gain, listed, percent, together
from mtl_search.arm_names import TREES
from mtl_search.records import DesignRecord, SummaryRecord, TaskResult
from mtl_search.terminal.words import flow, interval

__all__ = ["gain_on_test", "show_designs", "show_networks", "show_trees", "shown_style"]

Row = Mapping[str, Any]

_ON_TEST = 25  # characters of a gain with its interval
_ON_VALID = 8
_ENSEMBLE = 11
_FOR_ENSEMBLES = 72  # characters of a line that has room for what ensembles gain


def show_designs(
    console: Console,
    designs: Sequence[DesignRecord],
    advised: str | None,
    confirmed: Mapping[str, SummaryRecord],
    n: int,
) -> None:
    """The first ``n`` of ``designs``: on valid, beside it on test with an interval and what test shows, and
    below it who trains with whom. ``advised`` is the id of one, ``confirmed`` are by id."""
    console.print(Text("Designs: the recommended one (*), then by delta_m on valid", "bold"))
    ensembles = _with_ensembles(console, list(confirmed.values()))
    head = f"  design   on valid  {'on test'.ljust(_ON_TEST)} single other"
    head += "ensemble".rjust(_ENSEMBLE) if ensembles else ""
    console.print(Text(head if confirmed else "  design   on valid", "dim"))
    for one in designs[:n]:
        mark = "*" if one.chosen else ">" if one.design_id == advised else " "
        line = Text.assemble((f"{mark} {one.design_id:8} ", "" if mark == " " else "bold"))
        line.append(percent(one.delta_m).rjust(_ON_VALID))
        if confirmed:
            line.append("  ")
            line.append_text(_tested(confirmed.get(one.design_id), ensembles))
        console.print(line)
        flow(console, Text(f"{one.arm}, {_size(one)}: {together(one)}", "dim"), 4)
        if mark == ">":
            flow(console, "advised instead of the recommended design (*), against which test speaks", 4)
    if len(designs) > n:
        console.print(f"  and {len(designs) - n} more: -n {len(designs)}", style="dim")
    _explain(console, list(confirmed.values()))


def show_trees(console: Console, design: DesignRecord, tested: SummaryRecord | None) -> None:
    """What boosted trees reach, in a line of their own: they are never part of another design."""
    name = ("boosted trees", "bold")
    if tested is None:
        said = Text(f" ({design.design_id}): {percent(design.delta_m)} on valid, not confirmed")
    else:
        verdict = tested.vs_single_task.verdict or ""
        said = Text.assemble(f" ({design.design_id}): ", gain_on_test(tested), " on test over single_task: ")
        said.append(verdict, shown_style(verdict))
        for word in (Verdict.BETTER.value, Verdict.WORSE.value):
            if tasks := [task.task for task in tested.tasks if task.verdict == word]:
                said.append(f"; {word} for {listed(tasks)}")
        said.append(f"; {together}" if (together := ensemble_gain(tested)) else "")
    flow(console, Text.assemble(name, said))


def _size(design: DesignRecord) -> str:
    """How many networks, or other models: trees have no parameters that could be counted beside theirs."""
    if design.arm == TREES:
        return counted(design.n_networks, "model")
    return f"{counted(design.n_networks, 'network')}, {amount(design.n_params)} parameters"


def _tested(row: SummaryRecord | None, ensembles: bool) -> Text:
    """A design on test, what it shows against both references, and what it gains as an ensemble."""
    if row is None:
        return Text("not confirmed", "dim")
    text = gain_on_test(row)
    text.pad_left(max(0, _ON_VALID - len(percent(row.delta_m))))
    text.pad_right(max(0, _ON_TEST - len(text)))
    for verdict in (row.vs_single_task.verdict, row.vs_reference.verdict):
        shown = {None: "", Verdict.NONE.value: "-"}.get(verdict, verdict or "")
        text.append(" ")
        text.append(shown.ljust(6), shown_style(verdict))
    if ensembles and row.ensemble_size:
        text.append(percent(row.ensemble_delta_m).rjust(_ENSEMBLE))
    text.rstrip()
    return text


def _with_ensembles(console: Console, confirmed: Sequence[SummaryRecord]) -> bool:
    """Whether there is something to say of ensembles, and room for it."""
    return console.width >= _FOR_ENSEMBLES and any(row.ensemble_size for row in confirmed)


def _explain(console: Console, confirmed: Sequence[SummaryRecord]) -> None:
    if not confirmed:
        warning = "Not confirmed: the best of many measurements on valid is too good to be true."
        console.print(warning, style="yellow")
        return
    first = max(confirmed, key=lambda row: row.chosen)
    level = f"{100 * (1 - first.alpha):g} % interval"
    seeds = counted(min(row.n_seeds for row in confirmed), "new seed")
    other = f", other: {first.reference}, the best one on valid" if first.reference else ""
    provisional = "; verdicts are provisional" if first.provisional else ""
    which = "* recommended: its comparisons are primary, all others secondary (Holm)."
    if not first.chosen:
        which = "The recommended design is not among the confirmed: all comparisons are secondary (Holm)."
    said = (
        f"on test: mean of {seeds} with its {level}, against single: single_task{other} "
        f"(better, worse, -: no difference shown){provisional}. {which} "
        f"{_about_ensembles(console, confirmed)}"
        "Verdicts are conditional on the one train set. + marks tasks that only help."
    )
    flow(console, Text(said, "dim"))


def _about_ensembles(console: Console, confirmed: Sequence[SummaryRecord]) -> str:
    if not _with_ensembles(console, confirmed):
        return ""
    size = max(row.ensemble_size or 0 for row in confirmed)
    return (
        f"ensemble: the mean of what the networks of all {size} seeds predict, at {size} times the cost, as "
        "export takes it home; verdicts are about single networks. "
    )


def show_networks(
    console: Console,
    title: str,
    design: DesignRecord,
    confirmed: SummaryRecord | None,
    trials: Mapping[str, Row],
    n_tasks: int,
) -> None:
    """A design whole: the tasks that each network serves with their gains, and those that only help it.

    ``n_tasks``: how many tasks the sweep has.
    """
    of_it = f"{counted(design.n_networks, 'network')} of {design.n_params:,} parameters"
    of_it = _size(design) if design.arm == TREES else of_it
    flow(console, Text(f"{title} {design.design_id}: {of_it}, gains over single_task", "bold"))
    tested = {task.task: task for task in confirmed.tasks} if confirmed else {}
    ensembles = confirmed is not None and _with_ensembles(console, [confirmed])
    room = console.width - 4 - _ON_VALID - (2 + _ON_TEST if tested else 0) - (_ENSEMBLE if ensembles else 0)
    width = max([4, *(cell_len(task) for task in design.serves if cell_len(task) <= room)])
    head = f"{'on test'.ljust(_ON_TEST)}  on valid" if tested else "on valid"
    head += "ensemble".rjust(_ENSEMBLE) if ensembles else ""
    console.print(Text(f"  {set_cell_size('task', width)}  {head}", "dim"))
    for key in design.networks:
        members = trials[key]["members"]
        served = [task for task in members if design.serves.get(task) == key]
        flow(console, Text.assemble((key, "bold"), f" ({_how(trials[key])})" * (len(members) > 1)))
        for task in served:
            on_valid = percent(design.gains.get(task, math.nan)).rjust(_ON_VALID)
            gains = [_on_test(tested[task]), "  ", (on_valid, "dim")] if tested else [on_valid]
            if ensembles:
                gains.append(percent(tested[task].ensemble_gain).rjust(_ENSEMBLE))
            if cell_len(task) > width:  # a long name has a line of its own
                flow(console, task, 2)
            name = task if cell_len(task) <= width else ""
            console.print(Text.assemble(f"  {set_cell_size(name, width)}  ", *gains))
        if helping := [task for task in members if task not in served]:
            all_others = len(members) == n_tasks and len(helping) > 2
            names = f"all {len(helping)} others" if all_others else " ".join(helping)
            flow(console, Text.assemble("helped by ", (names, "dim")), 2)


def _how(trial: Row) -> str:
    """How a network of several tasks combines their losses, and by which experts they share, if they do."""
    sharing = experts_of(trial["sharing"], trial["members"])
    return f"{trial['weighting']}, {sharing}" if sharing else str(trial["weighting"])


def gain_on_test(row: SummaryRecord) -> Text:
    """delta_m with its interval, in colour where a difference from single_task is shown."""
    text = f"{percent(row.delta_m)} {interval(row.delta_m_low, row.delta_m_high)}"
    return Text.assemble((text, shown_style(row.vs_single_task.verdict)))


def shown_style(verdict: str | None) -> str:
    """The colour of what is shown; none where nothing is."""
    return {Verdict.BETTER.value: "bold green", Verdict.WORSE.value: "red"}.get(verdict or "", "")


def _on_test(task: TaskResult) -> Text:
    """A task's gain on test with its interval, as wide as its column."""
    text = f"{percent(task.gain).rjust(_ON_VALID)} {interval(task.gain_low, task.gain_high)}"
    return Text.assemble((text.ljust(_ON_TEST), shown_style(task.verdict)))
