"""Several sweeps side by side: what each advises, the others against the first, and what each has on test.

Sweeps are called A, B, C ..., so that columns stay narrow however long the names of folders are; where
a terminal has no room for all of them, what is left goes on below.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from string import ascii_uppercase
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from mtl_search.analysis.across import Across, compare_sweeps, same_test_rows
from mtl_search.analysis.significance import Verdict
from mtl_search.analysis.verdict_text import advised, provisional_sentences, verdict_sentences
from mtl_search.analysis.verdict_words import counted, ends, percent
from mtl_search.leaderboard import Leaderboard, place_of
from mtl_search.records import DesignRecord, Difference, SummaryRecord, TaskResult
from mtl_search.terminal.designs import gain_on_test, shown_style
from mtl_search.terminal.programs import as_json
from mtl_search.terminal.words import flow, plain_console

__all__ = ["comparison_json", "show_comparison"]


@dataclass(frozen=True, slots=True)
class _Column:
    """One sweep: what it advises, and what it confirmed."""

    name: str
    board: Leaderboard
    sentences: list[str]
    advice: DesignRecord | None
    summary: list[SummaryRecord]
    metrics: dict[str, str]
    here: frozenset[str]  # the tasks whose test rows are those of the sweeps before it
    against: Across | None  # of the first: none

    @property
    def tested(self) -> SummaryRecord | None:
        """What is advised, on test."""
        known = self.advice.design_id if self.advice else None
        return next((row for row in self.summary if row.design_id == known), None)


def show_comparison(boards: Sequence[Leaderboard]) -> None:
    """Print what each sweep advises, whether that is better than what the first does, then delta_m of each
    arm's best, and what is advised task by task."""
    console, columns = plain_console(), _columns(boards)
    for column in columns:
        _show_advice(console, column)
    for column in columns[1:]:
        _show_against(console, column, columns[0].name)
    arms = dict.fromkeys(arm for column in columns for row in column.summary for arm in row.arms)
    rows = {"advised": [_gain(column.tested) for column in columns]}
    rows |= {arm: [_gain(_best(column.summary, arm)) for column in columns] for arm in arms}
    title = "delta_m on test: what is advised, then each arm's best on valid"
    _show_table(console, title, columns, rows)
    metrics = {task: metric for column in columns for task, metric in column.metrics.items()}
    tasks = sorted({task.task for column in columns if column.tested for task in column.tested.tasks})
    rows = {f"{task} ({metrics[task]})": [_value(column, task) for column in columns] for task in tasks}
    title = "What is advised on test, mean over seeds (gain over single_task)"
    _show_table(console, title, columns, rows)


def comparison_json(boards: Sequence[Leaderboard]) -> str:
    """The same for programs."""
    columns = _columns(boards)
    return as_json(
        {"sweeps": [_row(column) for column in columns], "against": place_of(columns[0].board.path)}
    )


def _columns(boards: Sequence[Leaderboard]) -> list[_Column]:
    found = []
    against, here = [None, *compare_sweeps(boards)], same_test_rows(boards)
    for at, board in enumerate(boards):
        designs, summary = board.design_records(), board.summary_records()
        name = ascii_uppercase[at] if len(boards) <= len(ascii_uppercase) else str(at + 1)
        metrics = {row["task"]: row["metric"] for row in board.tasks().to_pylist()}
        said, advice = verdict_sentences(designs, summary), advised(designs, summary)
        found.append(_Column(name, board, said, advice, summary, metrics, here[at], against[at]))
    return found


def _show_advice(console: Console, column: _Column) -> None:
    """What to train by one sweep, what that shows, and whether more trials could change it."""
    advice = column.sentences[0] if column.sentences else "no design yet"
    flow(console, Text.assemble((f"{column.name} {place_of(column.board.path)}", "bold"), f": {advice}"))
    if column.advice is not None:
        flow(console, _shown(column), 2)
    for sentence in provisional_sentences(column.tested) if column.tested else ():
        flow(console, Text(sentence, "dim"), 2)
    console.print()


def _shown(column: _Column) -> Text:
    if column.tested is None:
        return Text("It is not confirmed, so nothing is shown yet.", "yellow")
    against = column.tested.vs_single_task
    if against.verdict is None:
        return Text("It is the reference, single_task, itself.")
    return Text.assemble(f"Against single_task: {ends(against)}, ", _verdict(against), ".")


def _show_against(console: Console, column: _Column, first: str) -> None:
    across, name = column.against, f"{column.name} against {first}"
    if across is None or across.why_not is not None:
        why = across.why_not if across else ""
        flow(console, Text.assemble((name, "bold"), f": cannot be compared: {why}."))
    else:
        said = f": {ends(across.difference)} on test over {counted(across.n_seeds, 'seed')}, "
        flow(console, Text.assemble((name, "bold"), said, _verdict(across.difference), " (secondary, Holm)."))
    console.print()


def _show_table(
    console: Console, title: str, columns: Sequence[_Column], rows: Mapping[str, Sequence[Text]]
) -> None:
    """A line for each of ``rows``, a column for each sweep, as many side by side as there is room for."""
    if not rows:
        return
    flow(console, Text(title, "bold"))
    width = max(cell.cell_len for cells in rows.values() for cell in cells)
    first = min(max(map(cell_len, rows)), max(4, console.width - width - 2))
    beside = max(1, (console.width - first) // (width + 2))
    for at in range(0, len(columns), beside):
        names = [Text(column.name, "dim") for column in columns[at : at + beside]]
        shown = {name: of_row for name, cells in rows.items() if any(of_row := cells[at : at + beside])}
        for name, of_row in ({"": names} | shown if shown else {}).items():
            _show_line(console, name, first, of_row, width)
        if shown:
            console.print()


def _show_line(console: Console, name: str, first: int, cells: Sequence[Text], width: int) -> None:
    """A name and its cells; a name that is too long has a line of its own."""
    if cell_len(name) > first:
        flow(console, name)
        name = ""
    line = Text(set_cell_size(name, first))
    for cell in cells:
        line.append("  ")
        line.append_text(cell)
        line.pad_right(width - cell.cell_len)
    line.rstrip()
    console.print(line)


def _best(rows: Sequence[SummaryRecord], arm: str) -> SummaryRecord | None:
    """The design of ``arm`` that is best on valid, of the fewest networks among equals."""

    def worth(row: SummaryRecord) -> tuple[float, int]:
        known = math.isfinite(row.delta_m_valid)
        return (row.delta_m_valid if known else -math.inf), -row.n_networks

    return max((row for row in rows if arm in row.arms), key=worth, default=None)


def _gain(row: SummaryRecord | None) -> Text:
    return Text("not confirmed", "dim") if row is None else gain_on_test(row)


def _value(column: _Column, name: str) -> Text:
    """The value of a task, and whether it differs from that of the first sweep."""
    found = next((task for task in column.tested.tasks if task.task == name), None) if column.tested else None
    if found is None:
        return Text("")
    if name not in column.here:
        return Text("on other rows", "dim")
    said = column.against.by_task.get(name) if column.against else None
    text = Text(f"{_digits(found)} ({percent(found.gain)})")
    if said is not None and said.verdict not in (None, Verdict.NONE.value):
        text.append_text(Text.assemble(" ", _verdict(said)))
    return text


def _digits(task: TaskResult) -> str:
    """A value in four digits that count."""
    return f"{task.value:,.1f}" if abs(task.value) >= 1000 else f"{task.value:#.4g}"


def _verdict(difference: Difference) -> Text:
    return Text(difference.verdict or "", shown_style(difference.verdict))


def _row(column: _Column) -> dict[str, Any]:
    across, tested = column.against, column.tested
    return {
        "folder": place_of(column.board.path),
        "advice": column.sentences,
        "design_id": column.advice.design_id if column.advice else None,
        "arm": column.advice.arm if column.advice else None,
        "delta_m": tested.delta_m if tested else None,
        "delta_m_low": tested.delta_m_low if tested else None,
        "delta_m_high": tested.delta_m_high if tested else None,
        "vs_single_task": tested.vs_single_task.verdict if tested else None,
        "provisional": list(tested.provisional) if tested else [],
        "tasks": [asdict(task) for task in tested.tasks] if tested else [],
        "against_first": None if across is None else asdict(across),
    }
