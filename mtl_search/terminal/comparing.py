"""Several sweeps side by side: what each advises, what it confirmed, and the test values of each one's
recommended design."""

import math
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from mtl_search.analysis.verdict_text import provisional_sentences, recommended, verdict_sentences
from mtl_search.analysis.verdict_words import percent
from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import SummaryRecord, TaskResult
from mtl_search.terminal.words import interval, plain_console, plain_table

__all__ = ["show_comparison"]


def show_comparison(boards: list[Leaderboard]) -> None:
    """Print what each sweep advises, then a column per sweep: delta_m of the recommended design and of each
    arm's best on valid, then the recommended one task by task. LeaderboardError if a task was tested on
    other rows."""
    _check_test_rows(boards)
    console = plain_console()
    confirmed = [board.summary_records() for board in boards]
    titles = [str(board.path) for board in boards]
    for board, title in zip(boards, titles, strict=True):
        _show_advice(console, title, board)
    _show_arms(console, titles, confirmed)
    console.print()
    _show_tasks(console, titles, boards, confirmed)
    if (
        len(data := {fingerprint for board in boards for fingerprint in board.trials()["data"].to_pylist()})
        > 1
    ):
        console.print(
            Text.assemble(
                ("caveat:", "yellow"),
                f" the sweeps saw {len(data)} different data sets or splits: "
                "their gains have different references, their test values different rows",
            )
        )


def _check_test_rows(boards: list[Leaderboard]) -> None:
    """Values of a task are compared, so they must be of the same test rows."""
    seen: dict[str, tuple[str, str]] = {}
    for board in boards:
        for task in board.tasks().to_pylist():
            if not task["test_rows"]:
                continue
            first, rows = seen.setdefault(task["task"], (str(board.path), task["test_rows"]))
            if rows != task["test_rows"]:
                raise LeaderboardError(
                    f"{board.path}: task {task['task']!r}",
                    f"the test rows of {first}",
                    "others",
                    "compare sweeps of one split: split: {key: [...]} keeps it whatever else changes",
                )


def _show_advice(console: Console, title: str, board: Leaderboard) -> None:
    """What to train by one sweep, and whether more trials could change it."""
    summary = board.summary_records()
    advice, *others = verdict_sentences(board.design_records(), summary) or ["no design yet"]
    console.print(Text.assemble((title, "bold"), f": {advice}"))
    row = recommended(summary)
    for sentence in provisional_sentences(row) if row else ():
        if sentence in others:  # else the summary is of another design
            console.print(Text(sentence, "dim"))
    console.print()


def _show_arms(console: Console, titles: list[str], confirmed: list[list[SummaryRecord]]) -> None:
    table = plain_table("delta_m on test: the recommended design, then each arm's best on valid")
    table.add_column("arm", overflow="fold")
    for title in titles:
        table.add_column(title, overflow="fold")
    between = _between(titles)
    chosen = [recommended(rows) for rows in confirmed]
    table.add_row("recommended", *(_delta_m(best, between) for best in chosen))
    table.add_row("verdict on it", *map(_verdict, chosen))
    for arm in dict.fromkeys(arm for rows in confirmed for row in rows for arm in row.arms):
        table.add_row(arm, *(_delta_m(_best(rows, arm), between) for rows in confirmed))
    console.print(table)


def _between(titles: Sequence[str]) -> str:
    """What stands between two numbers of a cell: of narrow columns, the end of a line."""
    return " " if len(titles) < 3 else "\n"


def _best(rows: list[SummaryRecord], arm: str) -> SummaryRecord | None:
    """The design of ``arm`` that is best on valid, of the fewest networks among equals."""

    def worth(row: SummaryRecord) -> tuple[float, int]:
        known = math.isfinite(row.delta_m_valid)
        return (row.delta_m_valid if known else -math.inf), -row.n_networks

    return max((row for row in rows if arm in row.arms), key=worth, default=None)


def _delta_m(best: SummaryRecord | None, between: str) -> str:
    if best is None:
        return "not confirmed"
    return f"{percent(best.delta_m)}{between}{interval(best.delta_m_low, best.delta_m_high)}"


def _verdict(chosen: SummaryRecord | None) -> str:
    """What is said of the recommended design, and whether more trials of the references may change it."""
    if chosen is None:
        return ""
    return f"{chosen.verdict}{', provisional' if chosen.provisional else ''}"


def _show_tasks(
    console: Console, titles: list[str], boards: list[Leaderboard], confirmed: list[list[SummaryRecord]]
) -> None:
    table = plain_table("Test values of the recommended design, mean over seeds")
    table.add_column("task", overflow="fold")
    table.add_column("metric")
    for title in titles:
        table.add_column(title, overflow="fold")
    between = _between(titles)
    metrics = {row["task"]: row["metric"] for board in boards for row in board.tasks().to_pylist()}
    best = [recommended(rows) for rows in confirmed]
    winners = [{task.task: task for task in row.tasks} if row else {} for row in best]
    for task in sorted({name for values in winners for name in values}):
        table.add_row(task, metrics[task], *(_value(values.get(task), between) for values in winners))
    console.print(table)


def _value(task: TaskResult | None, between: str) -> str:
    return "" if task is None else f"{task.value:.4f}{between}({percent(task.gain)})"
