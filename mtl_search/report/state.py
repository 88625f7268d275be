"""How the sweep stands while it has not come to its end: at work, or interrupted and where."""

import shlex
from dataclasses import dataclass

import pandas as pd

from mtl_search.analysis.frames import rows_of
from mtl_search.leaderboard import Standing
from mtl_search.records import Phase
from mtl_search.report.tables import Tables
from mtl_search.report.words import counted

__all__ = ["REFRESH", "State", "state"]

REFRESH = 20  # seconds between two looks at the page of a sweep at work
_IN = {
    Phase.SEARCH.value: "in the search",
    Phase.REPLICATION.value: "in the replication of promising designs",
    Phase.CONFIRMATION.value: "in the confirmation of the final designs",
}


@dataclass(frozen=True, slots=True)
class State:
    """What stands above all else, and how often the page loads itself again (0: it does not)."""

    title: str
    text: str
    command: str
    refresh: int
    written: str  # time, empty unless it matters


def state(tables: Tables, now: pd.Timestamp) -> State | None:
    """None of a sweep that came to its end; ``now`` is in UTC."""
    resume = f"mtl-search resume {shlex.quote(tables.place)}"
    where = _where(tables)
    if tables.standing is Standing.RUNNING:
        text = f"{where} This page is as of {now:%H:%M:%S} UTC and loads itself again as it is rewritten."
        return State("This sweep is running.", text, resume, REFRESH, now.isoformat())
    if tables.standing is Standing.INTERRUPTED:
        return State("This sweep was interrupted.", f"{where} Go on with", resume, 0, "")
    return None


def _where(tables: Tables) -> str:
    """How far it came, in a sentence."""
    trials = tables.trials
    if trials.empty:
        return "No trial has ended yet."
    last = rows_of(trials.sort_values("finished").tail(1))[0]
    at = f"{last['finished']:%Y-%m-%d %H:%M:%S} UTC"
    return f"{counted(len(trials), 'trial')} ended, the last one {_IN[last['phase']]}, at {at}."
