"""Whether the tables of a sweep belong together: what to say where somebody has edited, cut or mixed them.

A reader trusts the tables, which a sweep wrote together. Only where reading failed is it asked what is wrong
with them: a check of all of them would cost every reader time, and between two writes of a running sweep
they may differ by a trial.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
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
        "metrics": ["trial_id", "task", "split", "metric"],
        "epochs": ["trial_id", "epoch", "task"],
        "resamples": ["trial_id", "task", "split", "left_out"],
        "gates": ["trial_id", "level", "task", "expert"],
        "beliefs": ["trial_id", "task"],
        "designs": ["design_id"],
        "summary": ["design_id"],
        "summary_tasks": ["design_id", "task"],
        "ensembles": ["config_id", "task", "metric"],
    }
)
"""What no two rows of a table have in common; ``params`` is read from ``trials``."""

EMPTY: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "tasks": frozenset({"test_rows"}),
        "trials": frozenset({"best_epoch", "error", "duplicate_of", "reading", "reading_plan"}),
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
    *((table, "trial_id", "trials", "trial_id") for table in ("metrics", "epochs", "resamples", "beliefs")),
    *((table, "task", "tasks", "task") for table in ("metrics", "epochs", "beliefs", "summary_tasks")),
    ("gates", "trial_id", "trials", "trial_id"),
    ("summary", "design_id", "designs", "design_id"),
    ("summary_tasks", "design_id", "summary", "design_id"),
    ("ensembles", "config_id", "trials", "config_id"),
)
"""A column of a table, and that of another one which has all of its values."""


FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


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
    for check in CHECKS:
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
            column = rows[field.name]
            if not may_be and (count := column.null_count):
                first = pc.index(pc.is_null(column), True).as_py()
                found = f"none in {count}, the first of which is row {first}"
                yield name, f"a value in each row of column {field.name!r}", found
            if _texts_within(field.type) and pc.list_flatten(_listed(column)).null_count:
                yield name, f"column {field.name!r}: a value in each place of its lists", "some without"


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


def _no_times(tables: Mapping[str, pa.Table]) -> Found:
    for name in ("started", "finished"):
        column = tables["trials"][name]
        in_time = pc.and_(pc.greater(column, FIRST), pc.less(column, LAST))
        if (row := pc.index(in_time, False).as_py()) >= 0:
            expected = f"column {name!r}: a time from {FIRST.year} to {LAST.year - 1}"
            yield "trials", expected, f"another one in row {row}"


def _unparsed(tables: Mapping[str, pa.Table]) -> Found:
    rows = tables["trials"].select(["trial_id", "config", "params", "affinities"]).to_pylist()
    for at, row in enumerate(rows):
        if not isinstance(_parsed(row["config"]), dict):
            expected = f"column 'config': the configuration of trial {row['trial_id']!r} as JSON"
            yield "trials", expected, f"{row['config'][:50]!r} in row {at}"
        for name, value in row["params"]:
            if isinstance(_parsed(value), dict | list | Exception):
                yield "trials", f"column 'params': {name} as JSON", f"{value!r} in row {at}"
        if wrong := [pair for pair, _ in row["affinities"] if pair.count(">") != 1]:
            yield "trials", "column 'affinities': a pair as source>target", f"{wrong[0]!r} in row {at}"


def _doubled_keys(tables: Mapping[str, pa.Table]) -> Found:
    for name, rows in tables.items():
        for field in SCHEMAS[name]:
            if not pa.types.is_map(field.type):
                continue
            for at, pairs in enumerate(rows[field.name].to_pylist()):
                if len(dict(pairs)) < len(pairs):
                    yield name, f"column {field.name!r}: each key once", f"one more often in row {at}"


def _parsed(text: str) -> object:
    """What JSON says, the error where it is none."""
    try:
        return json.loads(text)
    except ValueError as error:
        return error


def _dangling(tables: Mapping[str, pa.Table]) -> Found:
    for name, column, other, theirs in REFERENCES:
        known = pc.unique(tables[other][theirs])
        if others := _others(tables[name][column], known):
            yield name, f"{column}: one of table {other}", repr(others[0])


def _unmeasured(tables: Mapping[str, pa.Table]) -> Found:
    """A trial that ended well and has members that are no tasks, or no default metric of one of them."""
    tasks, metrics, trials = tables["tasks"], tables["metrics"], tables["trials"]
    known = set(tasks["task"].to_pylist())
    of_valid = metrics.filter(pc.and_(metrics["is_default"], pc.equal(metrics["split"], Split.VALID.value)))
    measured = set(zip(*(of_valid[name].to_pylist() for name in ("trial_id", "task")), strict=True))
    rows = trials.select(["trial_id", "members", "score", "phase"]).to_pylist()
    for at, row in enumerate(rows):
        others = sorted(set(row["members"]) - known)
        if others or not row["members"]:
            found = repr(others[0]) if others else "none"
            yield "trials", "column 'members': tasks of table tasks", f"{found} in row {at}"
            continue
        lacking = [task for task in row["members"] if (row["trial_id"], task) not in measured]
        if lacking and math.isfinite(row["score"]) and row["phase"] == Phase.SEARCH:
            expected = f"the default metric of task {lacking[0]!r} on valid for trial {row['trial_id']!r}"
            yield "metrics", expected, "no such row"


def _incomplete(tables: Mapping[str, pa.Table]) -> Found:
    """A trial without its metrics, a confirmed design without one of its tasks."""
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
    for name, value in zip(tasks["task"].to_pylist(), tasks["reference"].to_pylist(), strict=True):
        if value is not None and math.isinf(value):
            yield "tasks", f"a finite reference of task {name!r}", str(value)


def _texts_within(kind: pa.DataType) -> bool:
    """Whether the values of a column hold texts or whole numbers, of which none may be missing."""
    if pa.types.is_map(kind):
        return not pa.types.is_floating(kind.item_type)
    return bool(pa.types.is_list(kind))


def _listed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Lists, those of the values of maps."""
    if not pa.types.is_map(column.type):
        return column
    kind = pa.list_(column.type.item_type)
    return pa.chunked_array(
        [pa.ListArray.from_arrays(chunk.offsets, chunk.items) for chunk in column.chunks], type=kind
    )


CHECKS: Sequence[Check] = (
    _empty,
    _doubled,
    _doubled_keys,
    _wrong_words,
    _no_times,
    _unparsed,
    _dangling,
    _incomplete,
    _unmeasured,
)
"""In this order: what one of them has found, those behind it do not expect."""


def _others(values: pa.ChunkedArray, known: Any) -> list[Any]:
    """Those of the values that are not known."""
    distinct = pc.unique(values).drop_null()
    unknown = pc.invert(pc.is_in(distinct, value_set=known))
    found: list[Any] = distinct.filter(unknown).to_pylist()
    return found
