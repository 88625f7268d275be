"""What was not as in training, counted over all rows of a table: missing values and unknown levels."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import pyarrow as pa
import pyarrow.compute as pc

from mtl_search.bundle.reading import Reading, seen
from mtl_search.data import Inputs
from mtl_search.data.inputs import CategoricalInputs
from mtl_search.data.notes import Note, added, told

__all__ = ["Counts"]

SHOWN = 3  # columns, or levels, that a line names


@final
@dataclass(slots=True)
class Counts:
    """Counts over the rows that were read so far."""

    reading: Reading
    rows: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    unknown: dict[str, Counter[str]] = field(default_factory=dict)
    """Levels that training did not have, by column; the first few of each are told apart."""
    noted: tuple[Note, ...] = ()
    """On images that cannot be read, say."""

    def add(self, prepared: pa.Table, inputs: Inputs, notes: Sequence[Note] = ()) -> None:
        """Count rows that are prepared, and encoded as ``inputs``, with ``notes`` on them."""
        self.noted = added((*self.noted, *notes))
        self.rows += prepared.num_rows
        for name, column in zip(prepared.column_names, prepared.columns, strict=True):
            if missing := _missing(column):
                self.missing[name] += missing
        for of_kind in self.reading.inputs.inputs:
            if isinstance(of_kind, CategoricalInputs):
                zeros = (inputs[of_kind.kind] == 0).sum(0).tolist()
                for name, levels, zero in zip(of_kind.columns, of_kind.levels, zeros, strict=True):
                    if zero > prepared[name].null_count:
                        self._add_unknown(name, levels, prepared[name])

    def _add_unknown(self, name: str, levels: tuple[str, ...], column: pa.ChunkedArray) -> None:
        text = pc.cast(column, pa.string())
        others = text.filter(pc.invert(pc.is_in(text, value_set=pa.array(levels, pa.string())))).drop_null()
        counted = {entry["values"]: entry["counts"] for entry in pc.value_counts(others).to_pylist()}
        known = self.unknown.setdefault(name, Counter())
        for level, count in counted.items():
            known[level if level in known or len(known) < 100 else "others"] += count

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for each thing that a user should know of."""
        empty = [name for name, count in self.missing.items() if count == self.rows > 1]
        some = {name: count for name, count in self.missing.items() if name not in empty}
        notes = [f"no value in column {name!r}, where training saw {self._seen(name)}" for name in empty]
        if some:
            where = _counted(len(some), "column")
            total = _counted(sum(some.values()), "missing value")
            notes.append(f"{total} in {where}: {_most(some)}")
        if self.unknown:
            levels = {
                f"{name} {level!r}": count
                for name, of_name in self.unknown.items()
                for level, count in of_name.items()
            }
            total = f"{_counted(sum(levels.values()), 'level')} that training did not have, taken as missing"
            notes.append(f"{total}: {_most(levels)}")
        return (*notes, *self.told_of_rows)

    @property
    def told_of_rows(self) -> tuple[str, ...]:
        """The sentences on rows alone."""
        return told(self.noted)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "rows": self.rows,
            "missing": dict(self.missing),
            "unknown": {name: dict(levels) for name, levels in self.unknown.items()},
            "notes": list(self.notes),
        }

    def _seen(self, name: str) -> str:
        fitted = next(one for one in self.reading.inputs.inputs if name in one.columns)
        return seen(fitted, name).replace(", as in training", "")


def _missing(column: pa.ChunkedArray) -> int:
    if not pa.types.is_floating(column.type):
        return int(column.null_count)
    return int(pc.sum(pc.is_null(column, nan_is_null=True)).as_py() or 0)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _most(counts: Mapping[str, int]) -> str:
    most = Counter(counts).most_common(SHOWN)
    more = f" and {len(counts) - SHOWN} more" if len(counts) > SHOWN else ""
    return ", ".join(f"{what} ({count:,})" for what, count in most) + more
