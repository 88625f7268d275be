"""Last section: how did the search go?"""

from collections import Counter
from dataclasses import dataclass

import pandas as pd

from mtl_search.analysis.fairness import arm_costs
from mtl_search.analysis.frames import rows_of
from mtl_search.records import Phase, TrialState
from mtl_search.report.figures import Figure
from mtl_search.report.history import best_so_far, every_trial
from mtl_search.report.parallel import parallel_lines
from mtl_search.report.tables import Tables
from mtl_search.report.timeline import timeline
from mtl_search.report.words import arm_name, counted, duration, gain

__all__ = ["Failure", "Progress", "progress"]

_COLUMNS = (
    "arm", "trained", "complete", "stopped early", "failed", "answered from before", "device time",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Failure:
    """Trials that failed with the same error."""

    error: str
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class Progress:
    """The search as it went."""

    figures: tuple[Figure, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    failures: tuple[Failure, ...]
    facts: tuple[tuple[str, str], ...]


def progress(tables: Tables) -> Progress:
    """History, parallel coordinates, timeline, failures, and the facts of the run."""
    found = (best_so_far(tables), every_trial(tables), parallel_lines(tables), timeline(tables))
    return Progress(
        figures=tuple(one for one in found if one is not None),
        columns=_COLUMNS,
        rows=tuple(_arm_row(arm, tables) for arm in tables.trained),
        failures=_failures(tables.trials),
        facts=_facts(tables),
    )


def _arm_row(arm: str, tables: Tables) -> tuple[str, ...]:
    """What became of an arm's trials."""
    own = tables.trials[(tables.trials["arm"] == arm) & (tables.trials["phase"] == Phase.SEARCH.value)]
    again = own["duplicate_of"].notna()
    states = own[~again]["state"].value_counts()
    trained, seconds = arm_costs(tables.trials).get(arm, (0, 0.0))
    counts = (states.get(state.value, 0) for state in TrialState)
    return (arm_name(arm), str(trained), *map(str, counts), str(again.sum()), duration(seconds))


def _failures(trials: pd.DataFrame) -> tuple[Failure, ...]:
    """The errors of failed trials, the most frequent first."""
    failed = trials[trials["state"] == TrialState.FAILED.value]
    errors = failed["error"].fillna("no error was recorded")
    first = dict(zip(errors[::-1], failed["trial_id"][::-1], strict=True))
    return tuple(Failure(str(error), n, first[error]) for error, n in Counter(errors).most_common())


def _facts(tables: Tables) -> tuple[tuple[str, str], ...]:
    """The run in a few words."""
    trials = tables.trials
    if trials.empty:
        return ()
    took = (trials["finished"].max() - trials["started"].min()).total_seconds()
    versions = rows_of(trials.tail(1))[0]["versions"]
    devices = ", ".join(
        f"{counted(n, 'trial')} on {name}" for name, n in Counter(trials["device"]).most_common(3)
    )
    return (
        ("began", f"{trials['started'].min():%Y-%m-%d %H:%M} UTC"),
        ("took", duration(took)),
        ("ran", devices),
        ("data", f"fingerprint {trials['data'].iloc[-1]}"),
        *((f"input {row['name']}", str(row["what"])) for row in rows_of(tables.inputs)),
        ("versions", ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))),
        ("best trial", gain(float(tables.evidence["mean_gain"].max()))),
    )
