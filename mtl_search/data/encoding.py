"""The encoding of a table's inputs: which column is of which type, fitted on the train rows."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mtl_search.data.declared import InputKind, as_declared, is_cast
from mtl_search.data.hashing import hash_values
from mtl_search.data.inputs import KINDS, AnyInputs, CategoricalInputs, InputOptions, NumericInputs
from mtl_search.data.inputs.categorical import is_categorical
from mtl_search.data.inputs.fitted import NOTHING, one_each
from mtl_search.data.inputs.numeric import is_numeric, read_numbers
from mtl_search.data.inputs.texts.columns import looks_like_prose
from mtl_search.data.notes import Note, listing
from mtl_search.data.plain import plain_table
from mtl_search.data.shapes import Inputs, InputShape
from mtl_search.data.streamed import AnyTable, changed, columns_of, parts_of, select, type_of
from mtl_search.errors import DataError, Mismatch, nearest
from mtl_search.tasks.base import Layout

__all__ = ["Encoding", "choose_inputs", "without_constants"]

EXPECTED = "numbers, booleans, times, strings, lists of strings, images or series as an input"
ID_ROWS = 20  # fewer rows say nothing about whether a column is an identifier
ID_DISTINCT = 0.95  # share of distinct strings from which a column is an identifier or free text
ID_NAME = re.compile(r"(^|_)(?i:id|uid|uuid|guid|key|index)$|[a-z](Id|ID|Key|Index)$|^__index_level_")


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the inputs of a table become tensors; travels with a trained model.

    ``declared``: the columns that are cast, since they were declared, and to what.
    """

    inputs: tuple[AnyInputs, ...]
    """Numbers and levels, also if there are none, and each other kind that a column is of."""
    declared: tuple[tuple[str, InputKind], ...] = ()

    def __post_init__(self) -> None:
        kinds = [inputs.kind for inputs in self.inputs]
        if len(set(kinds)) < len(kinds) or not {"numeric", "categorical"} <= set(kinds):
            raise Mismatch("numeric and categorical inputs, and no kind twice", ", ".join(kinds) or "none")
        one_each(self.columns)

    @classmethod
    def fit(
        cls, train: AnyTable, columns: Iterable[str], declared: Mapping[str, InputOptions] = NOTHING
    ) -> "Encoding":
        """The encoding of these columns by the train rows, which must not be constant."""
        names = tuple(columns)
        said = {name: declared[name].kind for name in names if name in declared}
        cast = tuple((name, kind) for name, kind in said.items() if is_cast(kind))
        table = _prepared(train, names, dict(cast))
        kinds = {name: said.get(name) or _kind_of(type_of(table, name)) for name in names}
        fitted = []
        for kind, each in KINDS.items():
            mine = tuple(name for name, of in kinds.items() if of == kind)
            if mine or each in (NumericInputs, CategoricalInputs):
                fitted.append(each.fit(table, mine, {name: declared[name] for name in mine if name in said}))
        return cls(tuple(fitted), cast)

    @property
    def numeric(self) -> NumericInputs:
        """The numeric inputs."""
        return next(inputs for inputs in self.inputs if isinstance(inputs, NumericInputs))

    @property
    def categorical(self) -> CategoricalInputs:
        """The categorical inputs."""
        return next(inputs for inputs in self.inputs if isinstance(inputs, CategoricalInputs))

    @property
    def columns(self) -> tuple[str, ...]:
        """The source columns."""
        return tuple(name for inputs in self.inputs for name in inputs.columns)

    @property
    def shape(self) -> InputShape:
        """What a network must know."""
        return sum((inputs.shape for inputs in self.inputs), InputShape())

    def encode(self, table: pa.Table) -> Inputs:
        """The inputs of any rows of a table with these columns; others are not looked at."""
        return self.encode_with_notes(table)[0]

    def encode_with_notes(self, table: pa.Table) -> tuple[Inputs, tuple[Note, ...]]:
        """The same, and sentences on rows that people should know of."""
        return self.encode_prepared(self.prepare(table))

    def encode_prepared(self, prepared: pa.Table) -> tuple[Inputs, tuple[Note, ...]]:
        """The same of a table from ``prepare``."""
        found: Inputs = {}
        notes: list[Note] = []
        for inputs in self.inputs:
            tensors, of_kind = inputs.encode_with_notes(prepared)
            found |= tensors
            notes += of_kind
        return found, tuple(notes)

    @property
    def layouts(self) -> dict[str, Layout]:
        """The columns that labels of parts of a row may lie over."""
        return {name: layout for inputs in self.inputs for name, layout in inputs.layouts.items()}

    def extents(self, table: pa.Table, column: str) -> NDArray[np.int64] | None:
        """N x A: how long each row of a column in ``layouts`` is along each axis, as it is stored.

        -1 where it is missing or does not say, None if no row does.
        """
        of = next(inputs for inputs in self.inputs if column in inputs.layouts)
        return of.extents(table, column)

    def prepare(self, table: pa.Table) -> pa.Table:
        """The columns alone, plain and as they were declared: what each kind of inputs encodes."""
        there = frozenset(table.column_names)
        for name in self.columns:
            if name not in there:
                hint = nearest(name, there)
                raise DataError("inputs", f"a column {name!r}, as in training", "none of that name", hint)
        return _prepared(table, self.columns, dict(self.declared))


def _kind_of(of_type: pa.DataType) -> str:
    """What a column of this type is if nothing is said; a column of nothing is of none."""
    return next((kind for kind, each in KINDS.items() if each.reads(of_type)), "none")


def _prepared(table: AnyTable, names: tuple[str, ...], declared: Mapping[str, InputKind]) -> AnyTable:
    """These columns alone, plain and as they are declared."""
    return changed(select(table, names), lambda chosen: as_declared(plain_table(chosen), declared))


def choose_inputs(
    table: AnyTable, left_out: frozenset[str], declared: Mapping[str, InputOptions] = NOTHING
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``(columns, notes)``: the inputs among the columns of ``table``, and why others were left out.

    A declared column is an input, whatever it looks like. DataError for a type that has no encoding.
    """
    candidates = [name for name in table.column_names if name in declared or name not in left_out]
    kinds = {name: _kind_if_any(type_of(table, name), name) for name in candidates if name not in declared}
    asked = [name for name in kinds if _may_identify(type_of(table, name))]
    pairs = zip(asked, columns_of(table, asked), strict=True)
    identifiers = {name: looks_like_prose(column) for name, column in pairs if is_identifier(column, name)}
    columns = [name for name in candidates if name not in identifiers]
    taken: dict[str, list[str]] = {}
    for name in columns:
        if kinds.get(name, "none") not in ("none", "numeric", "categorical"):
            taken.setdefault(kinds[name], []).append(name)
    why = "like an identifier and {is} not used as an input"
    ids = [name for name, is_prose in identifiers.items() if not is_prose]
    notes = listing(ids, f"looks {why}", f"look {why}")
    prose = [name for name, is_prose in identifiers.items() if is_prose]
    why = "like free text and {is} not used as an input, unless inputs says text"
    notes += listing(prose, f"looks {why}", f"look {why}")
    for kind, names in taken.items():
        how = f"{{is}} taken as {kind}: inputs says otherwise, or how, and drop leaves"
        notes += listing(names, f"{how} it out", f"{how} them out")
    return tuple(columns), notes


def _kind_if_any(of_type: pa.DataType, name: str) -> str:
    """What a column of this type is if nothing is said; DataError if it has no encoding."""
    kind = _kind_of(of_type)
    if kind != "none" or pa.types.is_null(of_type):
        return kind
    hint = f"list it under drop, or say what it is: inputs: {{{name}: {{kind: ...}}}}"
    raise DataError(f"column {name!r}", EXPECTED, f"values of type {of_type}", hint)


def without_constants(train: AnyTable, columns: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``(columns, notes)``: the columns that differ in the train rows; DataError if none does."""
    pairs = zip(columns, parts_of(train, columns), strict=True)
    constant = [name for name, parts in pairs if _is_constant(parts, name)]
    kept = tuple(name for name in columns if name not in frozenset(constant))
    if not kept:
        found = f"none among {train.num_columns} columns"
        raise DataError("inputs", "at least one column that is an input", found)
    why = "one value in the train rows and {is} not used as an input"
    return kept, listing(constant, f"has {why}", f"have {why}")


def is_identifier(column: pa.ChunkedArray, name: str) -> bool:
    """Whether the values identify rows and mean nothing else.

    That is so of strings that nearly all differ, and of whole numbers that all differ and either count up
    without a gap or are named like an identifier.
    """
    if is_categorical(column.type):
        known = len(column) - column.null_count
        return bool(known >= ID_ROWS and len(pc.unique(column.drop_null())) > ID_DISTINCT * known)
    if not _may_identify(column.type):
        return False
    values = np.sort(np.asarray(column.drop_null().to_numpy()))  # integers as such: a float merges large ones
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
        if (values != np.floor(values)).any():
            return False
    if len(values) < ID_ROWS or (values[1:] == values[:-1]).any():
        return False
    return int(values[-1]) - int(values[0]) + 1 == len(values) or bool(ID_NAME.search(name))


def _is_constant(parts: Iterable[pa.ChunkedArray], name: str) -> bool:
    """Whether there is one value, or none; a value and missing ones are two."""
    found: set[object] = set()
    for column in parts:
        found.update(_two_of(column, name))
        if len(found) > 1:
            return False
    return True


def _two_of(column: pa.ChunkedArray, name: str) -> list[object]:
    """Two values that differ, as numbers, texts or hashes; fewer if there are no two."""
    if is_numeric(column.type):
        values: list[object] = np.unique(read_numbers(column, name))[:2].tolist()
    elif is_categorical(column.type) or pa.types.is_null(column.type):
        values = pc.unique(column)[:2].to_pylist()
    else:
        values = np.unique(hash_values(column))[:2].tolist()
    return values


def _may_identify(kind: pa.DataType) -> bool:
    return is_categorical(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)
