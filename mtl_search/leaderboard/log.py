"""TrialLog: the one truth of a sweep, a file of lines that only grows.

Each line is JSON, an event whose first key says its kind:

- ``{"tasks": {column: values}, "version": 2}``: table ``tasks``; the first line, and again when references
  are final.
- ``{"sweep": [[path, value], ...]}``: what the sweep file says from now on, each leaf by its keys, as JSON.
- ``{"identity": text}``: what tells the sweep from every other of its name; only if that was asked for.
- ``{"start": trial_id, "study": ..., "params": ..., "distributions": ..., "again": ...}``: a trial of the
  search was handed out. One without a finish was interrupted.
- ``{"stop": trial_id}``: one was interrupted on request, by Ctrl-C or a shutdown. Without it, whatever ended
  the process may have been the trial.
- ``{"finish": trial_id, "trials": {column: values}, "metrics": ..., "epochs": ..., ...}``: a
  trial's rows in every table, whole; what is the same in each of its rows stands in that of ``trials``.
- ``{"ended": null}``: the sweep came to its end; with the reason in words if it has no answer. It counts as
  long as it is the last line.

A trial is recorded once its line is on the disk. What a killed process left of a line has no end and does not
count; a line that cannot be read (a damaged disk, an editor) counts as little, and is put aside when the log
is next written.
"""

import json
import math
import os
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, final

import pyarrow as pa

from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard.column import of_other_version
from mtl_search.leaderboard.files import errors_of, here_alone, replace_file
from mtl_search.leaderboard.schema import SCHEMAS
from mtl_search.leaderboard.trial_schemas import OF_THE_TRIAL

__all__ = ["LOG_VERSION", "SweepLeaves", "TrialLog", "TrialStart", "logged_rows", "rows_to_log"]

LOG_VERSION = 2
_LONGEST_END = 65_536  # bytes

Event = dict[str, Any]
SweepLeaves = Mapping[tuple[str, ...], str]
"""The leaves of a sweep file by their keys, each as JSON."""


@dataclass(frozen=True, slots=True)
class TrialStart:
    """A trial that was handed out: its study, its parameters and what each was drawn from (Optuna's JSON).

    ``again``: the interrupted trial whose parameters it has.
    """

    trial_id: str
    study: str
    params: Mapping[str, Any]
    distributions: Mapping[str, str]
    again: str | None = None


@final
class TrialLog:
    """The log at ``path``; one process appends, any number read meanwhile."""

    def __init__(self, path: Path, publish: Callable[[], object] = here_alone) -> None:
        self.path, self._publish = path, publish
        self._torn = False  # whether an append of this process was cut short

    def exists(self) -> bool:
        """Whether there is one, if only an empty one."""
        return self.path.is_file()

    def create(self, tasks: pa.Table) -> None:
        """Make the log of a new sweep, whole."""
        replace_file(self.path, lambda file: file.write(_line(_of_tasks(tasks))))
        self._publish()

    def add_tasks(self, tasks: pa.Table) -> None:
        """Make ``tasks`` the table of tasks from now on."""
        self._append([_of_tasks(tasks)])

    def add_sweep(self, leaves: SweepLeaves) -> None:
        """Note what the sweep file says from now on."""
        self._append([{"sweep": [[list(path), value] for path, value in leaves.items()]}])

    def sweep(self) -> SweepLeaves | None:
        """What the sweep file said the last time that the sweep was run, None if the line was lost."""
        found = None
        for event in self._events("sweep"):
            found = {tuple(path): value for path, value in event["sweep"]}
        return found

    def identity(self) -> str:
        """What tells the sweep from others; it is drawn and noted the first time."""
        for event in self._events("identity"):
            return str(event["identity"])
        self._append([{"identity": (drawn := secrets.token_hex(4))}])
        return drawn

    def add_start(self, start: TrialStart) -> None:
        """Note that a trial was handed out.

        Not worth a wait for the disk: if a power cut takes the line, the trial is not queued again.
        """
        event: Event = {"start": start.trial_id, "study": start.study, "params": dict(start.params)}
        event |= {"distributions": dict(start.distributions), "again": start.again}
        self._append([event], sync=False)

    def add_stop(self, trial_id: str) -> None:
        """Note that a trial was interrupted on request."""
        self._append([{"stop": trial_id}], sync=False)

    def add_finished(self, trials: Mapping[str, Mapping[str, pa.Table]]) -> None:
        """Record trials, each by its id with its rows in each table; on the disk when this returns."""
        self._append(
            [
                {"finish": trial_id, **{table: _of_trial(table, rows) for table, rows in tables.items()}}
                for trial_id, tables in trials.items()
            ]
        )

    def add_end(self, without_answer: str | None) -> None:
        """Note that the sweep came to its end, if so ``without_answer`` and why."""
        self._append([{"ended": without_answer}])

    def end(self) -> Event | None:
        """The line that the sweep came to its end, if nothing was begun since."""
        if not self.exists():
            return None
        with self.path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LONGEST_END))
            *_, last = file.read().splitlines() or [b""]
        return _parsed(last) if last.startswith(b'{"ended": ') else None

    def tasks(self) -> pa.Table | None:
        """The last table of tasks, None if the line was lost."""
        found = None
        for event in self._events("tasks"):
            if (version := event["version"]) != LOG_VERSION:
                hint = of_other_version(version, LOG_VERSION)
                raise LeaderboardError(str(self.path), f"a log of version {LOG_VERSION}", str(version), hint)
            found = logged_rows(event, "tasks")
        return found

    def starts(self) -> list[TrialStart]:
        """The trials that were handed out, oldest first."""
        return [
            TrialStart(
                event["start"], event["study"], event["params"], event["distributions"], event["again"]
            )
            for event in self._events("start")
        ]

    def stops(self) -> frozenset[str]:
        """The trials that were interrupted on request."""
        return frozenset(event["stop"] for event in self._events("stop"))

    def finished(self, known: Collection[str] = ()) -> Iterator[Event]:
        """The recorded trials except those ``known`` by id, oldest first, each once; see `logged_rows`."""
        seen = {json.dumps(trial_id).encode() for trial_id in known}
        for line in self._lines("finish"):
            name = _first_value(line)
            if name not in seen and (event := _parsed(line)) is not None:
                seen.add(name)
                yield event

    def mend(self) -> None:
        """Cut off a line without an end and put unreadable lines aside; only the one who writes may do this.

        The log as it was found is kept next to it if it had unreadable lines.
        """
        self._torn = False
        if not self.exists():
            return
        whole, damaged = 0, False
        with self.path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    whole += len(line)
                    damaged = damaged or _parsed(line) is None
        if damaged:
            content = self.path.read_bytes()
            replace_file(self.path.with_name(f"{self.path.name}.damaged"), lambda file: file.write(content))
            sound = [line for line in content[:whole].splitlines(keepends=True) if _parsed(line) is not None]
            replace_file(self.path, lambda file: file.writelines(sound))
        elif whole < self.path.stat().st_size:
            with self.path.open("rb+") as torn:
                torn.truncate(whole)
                os.fsync(torn.fileno())

    def _append(self, events: list[Event], *, sync: bool = True) -> None:
        """Add ``events``, each whole or not at all; none of them if this raises ``OSError``."""
        if self._torn:
            self.mend()
        left = memoryview(b"".join(map(_line, events)))
        with errors_of(self.path), self.path.open("ab", buffering=0) as file:
            before, self._torn = file.seek(0, os.SEEK_END), True
            try:
                while left:
                    left = left[file.write(left) :]
                if sync:
                    os.fsync(file.fileno())
            except OSError:
                file.truncate(before)
                raise
        self._torn = False
        self._publish()

    def _events(self, kind: str) -> Iterator[Event]:
        for line in self._lines(kind):
            if (event := _parsed(line)) is not None:
                yield event

    def _lines(self, kind: str) -> Iterator[bytes]:
        """The lines of one kind that have their end, unparsed: most of what is in a log is known already."""
        if self.exists():
            begin = f'{{"{kind}": '.encode()
            with self.path.open("rb") as file:
                yield from (line for line in file if line.startswith(begin) and line.endswith(b"\n"))


def rows_to_log(rows: pa.Table) -> dict[str, list[Any]]:
    """``rows`` by column as JSON has it: an infinity or a NaN as text, a time in ISO 8601."""
    return {name: _plain(values) for name, values in rows.to_pydict().items()}


def logged_rows(event: Event, table: str) -> pa.Table:
    """The rows of ``table`` in an event, with the columns of its schema; those it lacks are null."""
    schema, columns = SCHEMAS[table], event.get(table, {})
    count = len(next(iter(columns.values()), []))
    common = {name: event["trials"][name] * count for name in _common(table)}
    columns = dict.fromkeys(schema.names, [None] * count) | common | columns
    values = {field.name: _typed(columns[field.name], field.type) for field in schema}
    return pa.Table.from_pydict(values, schema=schema)


def _of_trial(table: str, rows: pa.Table) -> dict[str, list[Any]]:
    """The rows of a trial in ``table`` without what stands in its row of ``trials``."""
    return rows_to_log(rows.drop_columns(_common(table)))


def _common(table: str) -> list[str]:
    """The columns that are the same in each row of a trial, and stand in its row of ``trials``."""
    if table in ("trials", "tasks"):
        return []
    return [name for name in SCHEMAS[table].names if name in ("trial_id", *OF_THE_TRIAL)]


def _of_tasks(tasks: pa.Table) -> Event:
    return {"tasks": rows_to_log(tasks), "version": LOG_VERSION}


def _line(event: Event) -> bytes:
    return json.dumps(event, allow_nan=False).encode() + b"\n"


def _parsed(line: bytes) -> Event | None:
    """The event of a line, None if it is none."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def _first_value(line: bytes) -> bytes:
    """The value of the first key of a line, a name, as it is written there."""
    return line[line.index(b": ") + 2 : line.find(b'"', line.index(b": ") + 3) + 1]


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _typed(values: list[Any], kind: pa.DataType) -> list[Any]:
    """``values`` of a column as pyarrow takes them."""
    if pa.types.is_floating(kind):
        return [None if value is None else float(value) for value in values]
    if pa.types.is_timestamp(kind):
        return [None if value is None else datetime.fromisoformat(value) for value in values]
    if pa.types.is_map(kind):
        return [None if pairs is None else _pairs(pairs, kind) for pairs in values]
    return values


def _pairs(pairs: list[Any], kind: pa.MapType) -> list[tuple[Any, Any]]:
    return list(
        zip((key for key, _ in pairs), _typed([value for _, value in pairs], kind.item_type), strict=True)
    )
