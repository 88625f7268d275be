"""The leaders of a sweep: its best designs, then its best trials, from the tables alone."""

import math
import shlex
from typing import Any

from rich.console import Console
from rich.text import Text

from mtl_search.analysis.chosen import export_command
from mtl_search.analysis.tested import network_gains
from mtl_search.analysis.verdict_text import advised, verdict_sentences
from mtl_search.arm_names import TREES
from mtl_search.errors import LeaderboardError, nearest
from mtl_search.leaderboard import Leaderboard, place_of
from mtl_search.records import DesignRecord, Phase, TrialState
from mtl_search.terminal.designs import show_designs, show_networks, show_trees
from mtl_search.terminal.programs import as_json
from mtl_search.terminal.trials import show_trials
from mtl_search.terminal.words import flow, plain_console

__all__ = ["show_end", "show_top", "top_json"]

Row = dict[str, Any]

TRIAL_COLUMNS = (
    "trial_id", "config_id", "arm", "mean_gain", "mean_gain_test", "score", "members", "sharing", "weighting",
    "params", "n_params", "flops", "epochs", "train_seconds",
)  # fmt: skip


def show_top(board: Leaderboard, n: int, arm: str | None) -> None:
    """Print what to train and why, then the ``n`` best designs and trials."""
    console = plain_console()
    _check_arm(board, arm)
    trials = _trials(board, arm)
    if arm is None and (sentences := _sentences(board)):
        _say(console, sentences)
        console.print()
    _show_designs(console, board, arm, n)
    if export := _export(board, arm):
        console.print(f"To predict with it: {export}", soft_wrap=True)  # to be copied: in one line
    console.print()
    if trials:
        show_trials(console, trials[:n], len(board.tasks()))
    else:
        console.print("no trial has been trained to its end yet")


def show_end(board: Leaderboard) -> None:
    """Print the designs of a sweep that has ended, where the files are, what to do next, and, last so that
    it is not overlooked, what to train."""
    console = plain_console()
    _show_designs(console, board, None, 10)
    states = board.trials()["state"].to_pylist()
    if failed := states.count(TrialState.FAILED.value):
        console.print(
            Text.assemble(
                (f"{failed} of {len(states)} trials failed", "red"), ": see 'error' in the table of trials"
            )
        )
    console.print(
        f"\nThe results are in {place_of(board.path)}: Parquet tables and report.html.", soft_wrap=True
    )
    console.print("Next:")
    steps = _next_steps(board)
    width = max(map(len, steps))
    for command, what in steps.items():
        console.print(f"  {command.ljust(width)}   {what}", soft_wrap=True)
    if sentences := _sentences(board):
        console.print()
        _say(console, sentences)


def _next_steps(board: Leaderboard) -> dict[str, str]:
    """The commands that people want next, and what each does."""
    quoted, export = shlex.quote(place_of(board.path)), _export(board, None)
    return {
        **({export: "a model to predict with"} if export else {}),
        f"mtl-search top {quoted}": "the best designs and trials",
        f"mtl-search report {quoted}": "the page again",
        f"mtl-search resume {quoted} --trials N": "go on with a larger budget",
    }


def _export(board: Leaderboard, arm: str | None) -> str | None:
    """The command that makes a model of the first design, if it is confirmed."""
    tested = {row.design_id for row in board.summary_records()}
    first = next(iter(_designs(board, arm)), None)
    return export_command(place_of(board.path), first) if first and first.design_id in tested else None


def top_json(board: Leaderboard, n: int, arm: str | None) -> str:
    """The advice, and the ``n`` best of the confirmed designs, of all designs and of the trials."""
    _check_arm(board, arm)
    trials = [{name: row[name] for name in TRIAL_COLUMNS} for row in _trials(board, arm)[:n]]
    order = [one.design_id for one in _designs(board, arm)]
    summary, designs = _by_id(_rows(board, "summary")), _by_id(_rows(board, "designs"))
    for key, row in summary.items():
        row["tasks"] = [task for task in _rows(board, "summary_tasks") if task["design_id"] == key]
    return as_json(
        {
            "advice": _sentences(board) if arm is None else [],
            "confirmed": [summary[key] for key in order if key in summary][:n],
            "designs": [designs[key] for key in order[:n]],
            "trials": trials,
        }
    )


def _sentences(board: Leaderboard) -> list[str]:
    return verdict_sentences(board.design_records(), board.summary_records())


def _say(console: Console, sentences: list[str]) -> None:
    """The advice in bold, then its reasons."""
    for at, sentence in enumerate(sentences):
        flow(console, Text(sentence, "" if at else "bold"))


def _rows(board: Leaderboard, table: str) -> list[Row]:
    rows: list[Row] = getattr(board, table)().to_pylist(maps_as_pydicts="strict")
    return rows


def _by_id(rows: list[Row]) -> dict[str, Row]:
    return {row["design_id"]: row for row in rows}


def _trials(board: Leaderboard, arm: str | None) -> list[Row]:
    """The networks that were trained to their end in the search, best first on valid, their gain on test
    beside it if they were confirmed."""
    trials, metrics, resamples, tasks = map(board.frame, ("trials", "metrics", "resamples", "tasks"))
    tested = network_gains(trials, metrics, resamples, board.design_records(), tasks)
    rows = [
        row | {"mean_gain_test": tested.get(row["config_id"], math.nan)}
        for row in board.trials(arm).to_pylist(maps_as_pydicts="strict")
        if row["state"] == TrialState.COMPLETE.value
        and row["phase"] == Phase.SEARCH.value
        and row["duplicate_of"] is None
    ]
    return sorted(rows, key=lambda row: (math.isnan(row["mean_gain"]), -row["mean_gain"]))


def _designs(board: Leaderboard, arm: str | None) -> list[DesignRecord]:
    """The designs, of one arm if it is given: what is advised first, then the recommended one, then by
    delta_m on valid."""
    designs, advice = board.design_records(), _advised(board)

    def rank(one: DesignRecord) -> tuple[bool, bool, bool, float]:
        return one.design_id != advice, not one.chosen, math.isnan(one.delta_m), -one.delta_m

    return sorted((one for one in designs if arm is None or arm in one.arms), key=rank)


def _advised(board: Leaderboard) -> str | None:
    """The ``design_id`` of what is advised: the recommended design, unless test speaks against it."""
    advice = advised(board.design_records(), board.summary_records())
    return advice.design_id if advice else None


def _check_arm(board: Leaderboard, arm: str | None) -> None:
    arms = {*board.trials()["arm"].to_pylist(), *board.designs()["arm"].to_pylist()}
    if arm is not None and arm not in arms:
        raise LeaderboardError("--arm", "an arm of this sweep", repr(arm), nearest(arm, arms))


def _show_designs(console: Console, board: Leaderboard, arm: str | None, n: int) -> None:
    """The designs, and the first of them whole."""
    designs, confirmed = _designs(board, arm), board.summary_records()
    if not designs:
        console.print("no design yet: no arm has networks for all main tasks")
        return
    advice = _advised(board)
    tested = {one.design_id: one for one in confirmed}
    show_designs(console, designs, advice, tested, n)
    if trees := next((one for one in designs if TREES in one.arms), None):
        show_trees(console, trees, tested.get(trees.design_id))
    for caveat in confirmed[0].caveats if confirmed else ():
        flow(console, Text.assemble(("caveat:", "yellow"), f" {caveat}"))
    console.print()
    shown = designs[0]
    title = "Recommended" if shown.chosen else "Advised" if shown.design_id == advice else "Best on valid"
    trials = {row["trial_id"]: row for row in board.trials().to_pylist()}
    show_networks(console, title, shown, tested.get(shown.design_id), trials, len(board.tasks()))
