"""Trials in two lines each, which fit 60 columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from mtl_search.analysis.sharing import experts_of
from mtl_search.analysis.verdict_words import amount, percent
from mtl_search.terminal.words import flow

__all__ = ["show_trials"]


def show_trials(console: Console, trials: Sequence[Mapping[str, Any]], n_tasks: int) -> None:
    """What each trial gained and cost, and below that its name, which may be long, and its members.

    The members of a network for all ``n_tasks`` tasks are not named.
    """
    console.print(Text("Trials, by mean gain of the main members on valid", "bold"))
    console.print(Text("on valid  on test  params epochs seconds weighting", "dim"))
    for row in trials:
        gains = f"{percent(row['mean_gain']):>8} {percent(row['mean_gain_test'], unknown=''):>8}"
        size = amount(row["n_params"]) if row["n_params"] else "-"  # trees have none
        costs = f"{size:>7} {row['epochs']:>6} {row['train_seconds']:>7.1f}"
        console.print(f"{gains} {costs} {row['weighting']}")
        whole = len(row["members"]) == n_tasks > 1
        members = f"all {n_tasks} tasks" if whole else " ".join(row["members"])
        experts = experts_of(row["sharing"], row["members"])
        said = f": {members}{f' by {experts}' if experts else ''}"
        flow(console, Text.assemble((row["trial_id"], "bold"), (said, "dim")), 2)
