"""The table that is to be predicted, opened as training read its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from mtl_search.bundle.reading import Reading
from mtl_search.data.declared import declare
from mtl_search.data.inputs import CategoricalInputs, NumericInputs, TextInputs
from mtl_search.data.inputs.numeric import is_numeric
from mtl_search.data.separated import Layout
from mtl_search.data.sources import located
from mtl_search.data.streams import Stream, open_dataset
from mtl_search.data.text_streams import TextStream, open_text

__all__ = ["open_table", "open_text_table"]


def open_table(source: str, reading: Reading, kept: Sequence[str], *, as_text: bool = False) -> Stream:
    """The table of a source, with the separator and decimal sign of the sweep file where it is text.

    A column of text, which says nothing of types, is read as what training saw: codes keep their zeros, and a
    whole number is a number. What is ``kept`` and no input is read as what it looks like, or ``as_text`` as
    it is written.
    """
    known = open_dataset(source, Path.cwd())
    return open_text_table(source, reading, kept, as_text=as_text) if known is None else known


def open_text_table(
    source: str, reading: Reading, kept: Sequence[str] = (), *, as_text: bool = False
) -> TextStream:
    """The same of a source that is text."""
    rules = reading.rules
    stream = open_text(source, Path.cwd(), Layout(rules.separator, rules.decimal))
    with located(source):
        reading.check_names(stream.names)
    types = {**_inputs(stream, reading), **_others(stream, reading, kept, as_text)}
    declared = {name for name, _ in reading.inputs.declared}
    numeric = {
        name
        for inputs in reading.inputs.inputs
        if isinstance(inputs, NumericInputs)
        for name in inputs.columns
    }
    return stream.typed(types, frozenset(numeric - declared))


def _inputs(stream: TextStream, reading: Reading) -> Mapping[str, pa.DataType]:
    types: dict[str, pa.DataType] = {}
    declared = dict(reading.inputs.declared)
    for inputs in reading.inputs.inputs:
        for name in inputs.columns:
            looks_like = stream.inferred.field(name).type
            if isinstance(inputs, NumericInputs):
                if is_numeric(looks_like) or pa.types.is_null(looks_like):
                    types[name] = pa.float64() if pa.types.is_null(looks_like) else looks_like
            elif isinstance(inputs, TextInputs) or (
                isinstance(inputs, CategoricalInputs)
                and (name not in declared or not _are_printed(inputs.levels[inputs.columns.index(name)]))
            ):
                types[name] = pa.string()
    return types


def _others(
    stream: TextStream, reading: Reading, kept: Sequence[str], as_text: bool
) -> Mapping[str, pa.DataType]:
    """Of what is kept, columns that begin with nothing but empty cells are text in any case."""
    others = [name for name in kept if stream.header.count(name) == 1 and name not in reading.inputs.columns]
    begin_empty = (name for name in others if pa.types.is_null(stream.inferred.field(name).type))
    return dict.fromkeys(others if as_text else begin_empty, pa.string())


def _are_printed(levels: Sequence[str]) -> bool:
    """Whether levels are values of another type than text, as Arrow prints them: 7, 1.5, false, 2024-01-31,
    but no code like 007. Training read such a column by that type, and so must we."""
    written = pa.BufferOutputStream()
    pa_csv.write_csv(pa.table({"level": pa.array(levels, pa.string())}), written)
    read = pa_csv.read_csv(pa.BufferReader(written.getvalue()))["level"]
    other = not (pa.types.is_string(read.type) or pa.types.is_null(read.type))
    return other and declare(read, "categorical", "level").to_pylist() == list(levels)
