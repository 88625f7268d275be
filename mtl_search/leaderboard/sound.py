"""Whether the tables of a sweep belong together: what to say where somebody has edited, cut or mixed them.

A reader trusts the tables, which a sweep wrote together. Only where reading failed is it asked what is wrong
with them: a check of all of them would cost every reader time, and between two writes of a running sweep
they may differ by a trial.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mtl_search.errors import LeaderboardError, UserError
from mtl_search.leaderboard.board import Leaderboard
from mtl_search.leaderboard.schema import SCHEMAS
from mtl_search.records import Phase, Role, Split, TrialState

__all__ = ["sound", "unsound"]

KEYS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "tasks": ["task"],
        "trials": ["trial_id"],
        "params": ["trial_id", "name"],
        "metrics": ["trial_id", "task", "split", "metric"],
        "epochs": ["trial_id", "epoch", "task"],
        "resamples": ["trial_id", "task", "split", "left_out"],
        "gates": ["trial_id", "level", "task", "expert"],
        "designs": ["design_id"],
        "summary": ["design_id"],
        "summary_tasks": ["design_id", "task"],
        "ensembles": ["config_id", "task", "metric"],
    }
)
"""What no two rows of a table have in common."""

EMPTY: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "tasks": frozenset({"test_rows"}),
        "trials": frozenset({"best_epoch", "error", "duplicate_of", "reading", "reading_plan"}),
        "params": frozenset({"text", "flag"}),
        "designs": frozenset({"why", "control"}),
        "summary": frozenset(
            {"reference", "ensemble_size", "vs_single_task_verdict", "vs_reference_verdict"}
            | {"vs_trees_verdict", "control"}
        ),
        "summary_tasks": frozenset({"verdict", "vs_trees_verdict"}),
        "ensembles": frozenset({"left_out"}),
    }
)
"""The columns, besides numbers, that may be null."""

WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "role": frozenset(Role),
        "phase": frozenset(Phase),
        "state": frozenset(TrialState),
        "split": frozenset(Split),
    }
)
"""The columns that hold one of a few words, in whatever table."""

REFERENCES = (
    *((table, "trial_id", "trials", "trial_id") for table in ("params", "metrics", "epochs", "resamples")),
    *((table, "task", "tasks", "task") for table in ("metrics", "epochs", "summary_tasks")),
    ("gates", "trial_id", "trials", "trial_id"),
    ("summary", "design_id", "designs", "design_id"),
    ("summary_tasks", "design_id", "summary", "design_id"),
    ("ensembles", "config_id", "trials", "config_id"),
)
"""A column of a table, and that of another one which has all of its values."""


@contextmanager
def sound(*folders: Path) -> Iterator[None]:
    """Where reading the sweeps in these folders fails: `LeaderboardError` if it is their tables' fault."""
    try:
        yield
    except (UserError, OSError, MemoryError):
        raise
    except Exception as error:
        for folder in folders:
            if (wrong := unsound(Leaderboard(folder))) is not None:
                raise wrong from error
        raise


def unsound(board: Leaderboard) -> LeaderboardError | None:
    """The first thing by which the tables of ``board`` do not belong together; None if there is none."""
    tables = {name: board.table(name) for name in KEYS}
    for check in (_empty, _doubled, _wrong_words, _dangling, _incomplete):
        for table, expected, found in check(tables):
            hint = "the tables were changed, or come from several sweeps"
            return LeaderboardError(str(board.path / f"{table}.parquet"), expected, found, hint)
    return None


Found = Iterator[tuple[str, str, str]]
Check = Callable[[Mapping[str, pa.Table]], Found]


def _empty(tables: Mapping[str, pa.Table]) -> Found:
    for name, rows in tables.items():
        for field in SCHEMAS[name]:
            may_be = pa.types.is_floating(field.type) or field.name in EMPTY.get(name, ())
            if not may_be and (count := rows[field.name].null_count):
                yield name, f"a value in each row of column {field.name!r}", f"none in {count}"


def _doubled(tables: Mapping[str, pa.Table]) -> Found:
    for name, key in KEYS.items():
        rows = tables[name]
        counts = rows.group_by(key).aggregate([([], "count_all")])
        if len(counts) < len(rows):
            most = counts.sort_by([("count_all", "descending")]).slice(0, 1).to_pylist()[0]
            said = ", ".join(f"{column} {most[column]!r}" for column in key)
            yield name, f"one row for each {' and '.join(key)}", f"{most['count_all']} of {said}"


def _wrong_words(tables: Mapping[str, pa.Table]) -> Found:
    for name, rows in tables.items():
        for column in WORDS.keys() & set(rows.column_names):
            others = _others(rows[column], pa.array(sorted(WORDS[column])))
            if others:
                yield name, f"{column}: one of {', '.join(sorted(WORDS[column]))}", repr(others[0])


def _dangling(tables: Mapping[str, pa.Table]) -> Found:
    for name, column, other, theirs in REFERENCES:
        known = pc.unique(tables[other][theirs])
        if others := _others(tables[name][column], known):
            yield name, f"{column}: one of table {other}", repr(others[0])


def _incomplete(tables: Mapping[str, pa.Table]) -> Found:
    """A trial without its metrics or configuration, a confirmed design without one of its tasks."""
    trials, metrics, tasks = tables["trials"], tables["metrics"], tables["tasks"]
    finite = trials.filter(pc.is_finite(trials["score"]))
    for trial in _others(finite["trial_id"], pc.unique(metrics["trial_id"])):
        yield "metrics", f"values of each trial that ended well, as {trial!r}", "none"
    of_tasks = tables["summary_tasks"]
    main = set(tasks.filter(pc.equal(tasks["role"], Role.MAIN.value))["task"].to_pylist())
    for design in tables["summary"]["design_id"].to_pylist():
        there = of_tasks.filter(pc.equal(of_tasks["design_id"], design))["task"].to_pylist()
        everywhere = set(of_tasks["task"].to_pylist()) & main
        if lacking := sorted(everywhere - set(there)):
            yield "summary_tasks", f"a row for each task of design {design!r}", f"none for {lacking[0]!r}"
    for trial, config in zip(trials["trial_id"].to_pylist(), trials["config"].to_pylist(), strict=True):
        if not config.startswith("{"):
            yield "trials", f"the configuration of trial {trial!r} as JSON", repr(config[:50])
    for name, value in zip(tasks["task"].to_pylist(), tasks["reference"].to_pylist(), strict=True):
        if value is not None and math.isinf(value):
            yield "tasks", f"a finite reference of task {name!r}", str(value)


def _others(values: pa.ChunkedArray, known: Any) -> list[Any]:
    """Those of the values that are not known."""
    distinct = pc.unique(values).drop_null()
    unknown = pc.invert(pc.is_in(distinct, value_set=known))
    found: list[Any] = distinct.filter(unknown).to_pylist()
    return found
