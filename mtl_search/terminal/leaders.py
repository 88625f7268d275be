"""The leaders of a sweep: its best designs, then its best trials, from the tables alone."""

import json
import math
import shlex
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mtl_search.analysis.verdict_text import recommended, verdict_sentences
from mtl_search.errors import LeaderboardError, nearest
from mtl_search.leaderboard import Leaderboard
from mtl_search.terminal.words import interval, percent, plain_console, plain_table

__all__ = ["show_end", "show_top", "top_json"]

Row = dict[str, Any]

TRIAL_COLUMNS = (
    "trial_id", "arm", "mean_gain", "score", "members", "branching", "weighting", "params", "n_params",
    "flops", "epochs", "train_seconds",
)  # fmt: skip


def show_top(board: Leaderboard, n: int, arm: str | None) -> None:
    """Print the confirmed designs with their verdicts, all designs, then the ``n`` best trials."""
    console = plain_console()
    trials = _trials(board, arm)
    _show_designs(console, board, arm)
    console.print()
    console.print(_trial_table(trials[:n]) if trials else "no trial has been trained to its end yet")


def show_end(board: Leaderboard) -> None:
    """Print the designs of a sweep that has ended, where everything is, and what to do next."""
    console = plain_console()
    _show_designs(console, board, None)
    states = board.trials()["state"].to_pylist()
    if failed := states.count("failed"):
        console.print(
            Text.assemble(
                (f"{failed} of {len(states)} trials failed", "red"), ": see 'error' in the table of trials"
            )
        )
    path, quoted = board.path, shlex.quote(str(board.path))
    console.print(
        f"\nThe results are in {path}: Parquet tables and report.html.\n"
        "Next:\n"
        f"  mtl-search top {quoted}                 the best designs and trials\n"
        f"  mtl-search report {quoted}              the page again\n"
        f"  mtl-search resume {quoted} --trials N   go on with a larger budget",
        soft_wrap=True,
    )


def top_json(board: Leaderboard, n: int, arm: str | None) -> str:
    """Confirmed designs, all designs and trials as JSON; what is undefined is null."""
    trials = [{name: row[name] for name in TRIAL_COLUMNS} for row in _trials(board, arm)[:n]]
    confirmed = _of_arm(board, "summary", arm)
    value = {"confirmed": confirmed, "designs": _designs(board, arm), "trials": trials}
    return json.dumps(_defined(value), indent=2)


def _designs(board: Leaderboard, arm: str | None) -> list[Row]:
    """The composed designs, best first."""
    rows = _of_arm(board, "designs", arm)
    return sorted(rows, key=lambda row: (math.isnan(row["delta_m"]), -row["delta_m"]))


def _trials(board: Leaderboard, arm: str | None) -> list[Row]:
    """The networks that were trained to their end in the search, best first."""
    rows = [
        row
        for row in _of_arm(board, "trials", arm)
        if row["state"] == "complete" and row["phase"] == "search" and row["duplicate_of"] is None
    ]
    return sorted(rows, key=lambda row: (math.isnan(row["mean_gain"]), -row["mean_gain"]))


def _of_arm(board: Leaderboard, table: str, arm: str | None) -> list[Row]:
    rows: list[Row] = getattr(board, table)().to_pylist(maps_as_pydicts="strict")
    if arm is None:
        return rows
    arms = {*board.trials()["arm"].to_pylist(), *board.designs()["arm"].to_pylist()}
    if arm not in arms:
        raise LeaderboardError("--arm", "an arm of this sweep", repr(arm), nearest(arm, arms))
    return [row for row in rows if arm in row.get("arms", [row["arm"]])]


def _show_designs(console: Console, board: Leaderboard, arm: str | None) -> None:
    """The confirmed designs, or those composed so far where nothing is confirmed; and the best of them
    whole."""
    designs, confirmed = _designs(board, arm), _of_arm(board, "summary", arm)
    if not designs:
        console.print("no design yet: no arm has networks for all main tasks")
        return
    best = recommended(designs) or designs[0]
    if confirmed:
        console.print(_confirmed_table(confirmed))
        if arm is None:
            for sentence in verdict_sentences(designs, confirmed):
                console.print(Text(sentence, "bold"))
        for caveat in confirmed[0]["caveats"]:
            console.print(Text.assemble(("mind:", "yellow"), f" {caveat}"))
    else:
        console.print(_design_table(designs))
        console.print(
            "Not confirmed: the best of many measurements on valid is too good to be true.", style="yellow"
        )
    console.print()
    console.print(_network_table(best, {row["trial_id"]: row for row in board.trials().to_pylist()}))


def _confirmed_table(confirmed: list[Row]) -> Table:
    """A confirmed design a row, best first: delta_m on test with its interval, and the verdicts."""
    seeds = min(row["n_seeds"] for row in confirmed)
    table = plain_table(f"Confirmed designs: delta_m on test, over {seeds} new seeds (* recommended)")
    level = f"{100 * (1 - confirmed[0]['alpha']):g} % interval"
    other = f"vs {confirmed[0]['reference'] or 'reference'}"
    for title in ("arm", "networks", "delta_m", level, "vs single_task", other):
        table.add_column(title, justify="right" if title in ("networks", "delta_m") else "left", no_wrap=True)
    for row in confirmed:
        table.add_row(
            f"{'* ' if row['chosen'] else ''}{row['arm']}",
            str(row["n_networks"]),
            _gain(row["delta_m"]),
            interval(row["delta_m_low"], row["delta_m_high"]),
            _verdict(row["vs_single_task_verdict"]),
            _verdict(row["vs_reference_verdict"]),
        )
    return table


def _design_table(designs: list[Row]) -> Table:
    table = plain_table("Designs, by delta_m on valid")
    for title in ("arm", "networks", "delta_m", "parameters", "FLOPs/row"):
        table.add_column(title, justify="left" if title == "arm" else "right")
    for row in designs:
        cost = f"{row['n_params']:,}", f"{row['flops']:,}"
        table.add_row(row["arm"], str(row["n_networks"]), _gain(row["delta_m"]), *cost)
    return table


def _network_table(design: Row, trials: Mapping[str, Row]) -> Table:
    """A network a row: the tasks it serves with their gains, and those that only help it."""
    n = design["n_networks"]
    table = plain_table(f"Recommended: {design['arm']} with {n} network{'s' * (n > 1)}")
    for title in ("network", "serves", "helped by", "weighting"):
        table.add_column(title, overflow="fold")
    for key in design["networks"]:
        members = trials[key]["members"]
        served = [task for task in members if design["serves"].get(task) == key]
        gains = {task: design["gains"].get(task, math.nan) for task in served}
        lines = [Text.assemble((task, "bold"), " ", _gain(gain)) for task, gain in gains.items()]
        helping = "\n".join(task for task in members if task not in served)
        table.add_row(key, Text("\n").join(lines), Text(helping, "dim"), trials[key]["weighting"])
    return table


def _trial_table(trials: list[Row]) -> Table:
    table = plain_table("Trials, by mean gain of the main members on valid")
    for title in ("trial", "mean gain", "members", "weighting", "parameters", "epochs", "seconds"):
        left = title in ("trial", "members", "weighting")
        whole = title != "members"  # a name that is cut is no use
        table.add_column(title, justify="left" if left else "right", no_wrap=whole, overflow="fold")
    for row in trials:
        table.add_row(
            row["trial_id"],
            _gain(row["mean_gain"]),
            " ".join(row["members"]),
            row["weighting"],
            f"{row['n_params']:,}",
            str(row["epochs"]),
            f"{row['train_seconds']:.1f}",
        )
    return table


def _gain(value: float) -> Text:
    if not math.isfinite(value):
        return Text("-", style="dim")
    shown = round(value, 2)
    return Text(percent(value), style="green" if shown > 0 else "red" if shown < 0 else "")


def _verdict(verdict: str | None) -> Text:
    """The verdict in few words; empty for a reference against itself."""
    styles = {"better": "bold green", "worse": "red"}
    return Text((verdict or "").removesuffix(" shown"), styles.get(verdict or "", "dim"))


def _defined(value: Any) -> Any:
    """``value`` with null for what is not a number."""
    if isinstance(value, dict):
        return {key: _defined(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_defined(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
