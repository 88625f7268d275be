"""All trials with their configurations, packed: the page's script sorts, filters and saves them.

A column is a list of values, or, where few differ, ``{"of": values, "at": positions}``; configurations are
taken apart into such columns, most of which have one value. The whole is gzipped, so that 5,000 trials add
less to a page than its fonts would.
"""

import base64
import gzip
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from mtl_search.analysis.design_history import in_order
from mtl_search.analysis.frames import rows_of
from mtl_search.report.tables import Tables
from mtl_search.report.words import arm_name

__all__ = ["TrialTable", "trial_table"]

_DIGITS = 5
_COLUMNS: Final = (
    "trial_id", "arm", "phase", "state", "mean_gain", "members", "sharing", "weighting", "n_params", "flops",
    "epochs", "best_epoch", "train_seconds", "seed", "started", "finished", "duplicate_of", "error",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrialTable:
    """How many trials there are, the choices of each filter, and the packed columns."""

    count: int
    filters: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]  # column, label, (value, words)
    packed: str


def trial_table(tables: Tables) -> TrialTable | None:
    """The trials in the order they ended, None if there is none."""
    if tables.trials.empty:
        return None
    again = tables.trials[tables.trials["duplicate_of"].notna()]
    rows = rows_of(in_order(tables.trials).drop(columns="number")) + rows_of(again)
    columns = {name: _packed([_plain(row[name]) for row in rows]) for name in _COLUMNS}
    arms = [(arm, arm_name(arm)) for arm in tables.arms if arm in set(tables.trials["arm"])]
    filters = (
        ("arm", "arm", tuple(arms)),
        *((name, name, tuple((one, one) for one in _values(rows, name))) for name in ("phase", "state")),
    )
    content = {"n": len(rows), "columns": columns, "config": _configs(rows)}
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    packed = base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode()
    return TrialTable(len(rows), filters, packed)


def _values(rows: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    return list(dict.fromkeys(str(row[name]) for row in rows))


def _configs(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The leaves of all configurations by dotted path; null where a trial lacks one."""
    parsed: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["config"] not in parsed:
            parsed[row["config"]] = dict(_leaves(json.loads(row["config"]), ""))
    flat = [parsed[row["config"]] for row in rows]
    paths = sorted({path for one in parsed.values() for path in one})
    return {path: _packed([one.get(path) for one in flat]) for path in paths}


def _leaves(value: Any, path: str) -> list[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        return [
            leaf for key, part in value.items() for leaf in _leaves(part, f"{path}.{key}" if path else key)
        ]
    return [(path, _plain(value))]


def _packed(values: list[Any]) -> Any:
    """A column, by its different values where these are few."""
    texts = [json.dumps(value) for value in values]
    distinct = {text: at for at, text in enumerate(dict.fromkeys(texts))}
    if len(distinct) > max(1, len(values) // 4):
        return values
    return {"of": [json.loads(text) for text in distinct], "at": [distinct[text] for text in texts]}


def _plain(value: Any) -> Any:
    """A value as JSON has it: undefined numbers are null, names of a list stand in one text."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 2**53 else float(f"{value:.{_DIGITS}g}")
    if isinstance(value, datetime):
        return None if value != value else value.isoformat(sep=" ", timespec="seconds")[:19]
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, dict):
        return json.dumps(value)
    return ", ".join(map(str, value))
