"""The leaders of a sweep: its best designs, then its best trials, from the tables alone."""

import json
import math
import shlex
from typing import Any

from rich.console import Console
from rich.text import Text

from mtl_search.analysis.verdict_text import recommended, verdict_sentences
from mtl_search.errors import LeaderboardError, nearest
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import Phase, TrialState
from mtl_search.terminal.designs import show_composed, show_confirmed, show_networks, show_trials
from mtl_search.terminal.words import plain_console

__all__ = ["show_end", "show_top", "top_json"]

Row = dict[str, Any]

TRIAL_COLUMNS = (
    "trial_id", "arm", "mean_gain", "score", "members", "sharing", "weighting", "params", "n_params",
    "flops", "epochs", "train_seconds",
)  # fmt: skip


def show_top(board: Leaderboard, n: int, arm: str | None) -> None:
    """Print what to train and why, the designs with their verdicts, then the ``n`` best trials."""
    console = plain_console()
    trials = _trials(board, arm)
    if arm is None and (sentences := _sentences(board)):
        _say(console, sentences)
        console.print()
    _show_designs(console, board, arm)
    console.print()
    if trials:
        show_trials(console, trials[:n])
    else:
        console.print("no trial has been trained to its end yet")


def show_end(board: Leaderboard) -> None:
    """Print the designs of a sweep that has ended, where the files are, what to do next, and, last so that
    it is not overlooked, what to train."""
    console = plain_console()
    _show_designs(console, board, None)
    states = board.trials()["state"].to_pylist()
    if failed := states.count(TrialState.FAILED.value):
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
    if sentences := _sentences(board):
        console.print()
        _say(console, sentences)


def _sentences(board: Leaderboard) -> list[str]:
    return verdict_sentences(board.design_records(), board.summary_records())


def _say(console: Console, sentences: list[str]) -> None:
    """The advice in bold, then its reasons."""
    for at, sentence in enumerate(sentences):
        console.print(Text(sentence, "" if at else "bold"))


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
        if row["state"] == TrialState.COMPLETE.value
        and row["phase"] == Phase.SEARCH.value
        and row["duplicate_of"] is None
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
    """The confirmed designs, or those composed so far if nothing is confirmed; and the recommended one, or
    the best of ``arm``, whole."""
    designs = [one for one in board.design_records() if arm is None or arm in one.arms]
    confirmed = [one for one in board.summary_records() if arm is None or arm in one.arms]
    if not designs:
        console.print("no design yet: no arm has networks for all main tasks")
        return
    if confirmed:
        show_confirmed(console, confirmed)
        for caveat in confirmed[0].caveats:
            console.print(Text.assemble(("caveat:", "yellow"), f" {caveat}"))
    else:
        show_composed(console, designs)
    console.print()
    best = recommended(designs)
    title = "Recommended" if best else "Best on valid"
    tested = {one.design_id: one for one in confirmed}
    trials = {row["trial_id"]: row for row in board.trials().to_pylist()}
    shown = best or min(designs, key=lambda one: (math.isnan(one.delta_m), -one.delta_m))
    show_networks(console, title, shown, tested.get(shown.design_id), trials)


def _defined(value: Any) -> Any:
    """``value`` with null for what is not a number."""
    if isinstance(value, dict):
        return {key: _defined(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_defined(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
