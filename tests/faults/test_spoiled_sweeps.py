"""Folders of sweeps that somebody has changed: readers show them, or say what is wrong, and where."""

import io
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.cli import main
from tests.fixtures.spoiled import NUMBERS, WORDS, bounded, few, snapshot, spoiled_bytes, spoiled_text
from tests.fixtures.sweeps import synthetic_sweep

SWEEP_FILE = """\
name: synthetic
data: {source: support2, split: {valid: 0.15, test: 0.15, seed: 0}}
budget: {trials: 9}
tasks: {death_180d: binary, log_charges: regression}
trial:
  members: {subset: {min: 1, max: 2}}
  sharing: {split: {int: [1, 3]}}
  trunk: {name: mlp, stages: 3}
"""
COMMANDS = (
    "top",
    "top --json",
    "top -n 1",
    "compare",
    "compare --json",
    "watch --once",
    "results",
    "report",
    "export",
)


def prepare(folder: Path) -> Path:
    """A sweep twice, of which one is spoiled."""
    board = synthetic_sweep(folder / "one", trials=8, n_seeds=2)
    board.compact()
    (board.path / "sweep.yaml").write_text(SWEEP_FILE)
    shutil.copytree(board.path, folder / "two")
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("sweeps"))


@given(data=st.data())
@few(8)
def test_they_are_shown_or_refused(whole: Path, tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    place = tmp_path_factory.mktemp("spoiled")
    spoil_and_use(whole, place, data)
    shutil.rmtree(place)


def spoil_and_use(whole: Path, place: Path, data: Any) -> None:
    folder = shutil.copytree(whole, place / "sweeps")
    path = folder / "one"
    if data.draw(st.booleans()):
        (path / "trials.log").unlink()
    for _ in range(data.draw(st.integers(1, 2))):
        data.draw(st.sampled_from((*[spoil_a_table] * 5, spoil_a_file)))(path, data)
    command, *options = data.draw(st.sampled_from(COMMANDS)).split()
    others = {"compare": [folder / "two", path], "results": [folder], "export": [path, place / "model"]}
    folders = others.get(command, [path])
    before = snapshot(place)
    said = io.StringIO()
    with bounded(), redirect_stdout(said), redirect_stderr(said):
        code = main([command, *map(str, folders), *options])
    assert code in (0, 2), said.getvalue()
    assert not {"\x1b", "\x07", "\x9b"} & set(said.getvalue())
    after = snapshot(place)
    if command == "report":
        for found in (before, after):
            found.pop(str(path / "report.html"), None)
    assert after == before


def spoil_a_file(path: Path, data: Any) -> None:
    file = data.draw(st.sampled_from(sorted(one for one in path.iterdir() if one.is_file())))
    what = data.draw(st.sampled_from(("overwritten", "gone", "a folder", "another")))
    if what == "overwritten" and file.suffix in (".yaml", ".log"):
        file.write_text(data.draw(spoiled_text(file.read_text())))
    elif what == "overwritten":
        file.write_bytes(data.draw(spoiled_bytes(file.read_bytes())))
    elif what == "another":
        (
            path / data.draw(st.sampled_from(("x.parquet", ".lock", "notes", "trials.log.damaged")))
        ).write_bytes(b"x")
    else:
        file.unlink()
        if what == "a folder":
            file.mkdir()


def spoil_a_table(path: Path, data: Any) -> None:
    file = data.draw(st.sampled_from(sorted(path.glob("*.parquet"))))
    rows = pq.read_table(file)
    metadata = rows.schema.metadata
    rows = data.draw(st.sampled_from((*[with_cells] * 6, with_rows, with_columns)))(rows, data)
    pq.write_table(rows.replace_schema_metadata(metadata), file)


def with_rows(rows: pa.Table, data: Any) -> pa.Table:
    """Some of them gone, doubled, or in another order."""
    places = st.integers(0, max(0, len(rows) - 1))
    first, last = sorted(data.draw(st.tuples(places, places)))
    parts = data.draw(
        st.sampled_from(
            (
                [rows.slice(0, first), rows.slice(last)],
                [rows, rows.slice(first, 1)],
                [rows.slice(first), rows.slice(0, first)],
                [rows.slice(0, 0)],
                [rows.slice(first, 1)],
            )
        )
    )
    return pa.concat_tables(parts)


def with_columns(rows: pa.Table, data: Any) -> pa.Table:
    """One gone, renamed, of another type, or in the place of another."""
    at = data.draw(st.integers(0, rows.num_columns - 1))
    names = rows.column_names
    what = data.draw(st.sampled_from(("gone", "renamed", "text", "null", "swapped")))
    if what == "gone":
        return rows.remove_column(at)
    if what == "null":
        return rows.set_column(at, rows.schema.field(at), pa.nulls(len(rows), rows.schema.field(at).type))
    if what == "text":
        return rows.set_column(at, names[at], pa.array([str(one) for one in rows.column(at).to_pylist()]))
    if what == "renamed":
        return rows.rename_columns([*names[:at], data.draw(st.sampled_from(WORDS)), *names[at + 1 :]])
    other = data.draw(st.integers(0, rows.num_columns - 1))
    return rows.set_column(at, names[at], rows.column(other))


def with_cells(rows: pa.Table, data: Any) -> pa.Table:
    """Other values in some rows of one column."""
    if not len(rows):
        return rows
    field = rows.schema.field(data.draw(st.integers(0, rows.num_columns - 1)))
    values = rows[field.name].to_pylist()
    new = data.draw(values_of(field.type, values))
    some = data.draw(st.sampled_from((1, 1, 1, len(values))))
    first = data.draw(st.integers(0, len(values) - 1))
    values[first : first + some] = [new] * len(values[first : first + some])
    return rows.set_column(rows.column_names.index(field.name), field, pa.array(values, field.type))


def values_of(kind: pa.DataType, others: list[Any]) -> st.SearchStrategy[Any]:
    """Values that a column of this type can hold, some of them from other rows."""
    types, other = pa.types, st.sampled_from(others)
    if types.is_map(kind):
        return st.one_of(
            other,
            st.lists(
                st.tuples(values_of(kind.key_type, ["a"]), values_of(kind.item_type, [None])), max_size=2
            ),
            other.flatmap(lambda pairs: st.just([*(pairs or []), *(pairs or [])[:1]])),
        )
    if types.is_list(kind):
        return st.one_of(other, st.lists(values_of(kind.value_type, [None]), max_size=3))
    if types.is_floating(kind):
        return st.one_of(
            st.none(), st.sampled_from((*map(float, NUMBERS), float("nan"), float("inf"), -float("inf")))
        )
    if types.is_boolean(kind):
        return st.sampled_from((None, True, False))
    if types.is_integer(kind):
        most = 2 ** (kind.bit_width - 1) - 1
        return st.sampled_from([None, *(n for n in NUMBERS if isinstance(n, int) and abs(n) <= most)])
    if types.is_timestamp(kind):
        return st.one_of(other, st.none(), st.datetimes())
    if types.is_string(kind):
        return st.one_of(other, st.none(), st.sampled_from(WORDS))
    return other
