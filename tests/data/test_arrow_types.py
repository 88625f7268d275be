"""Every Arrow type in every role: it is used, or refused with its place; nothing else may happen."""

import datetime as dt
import decimal
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mtl_search.data import Dataset, DataSpec, dataset_from_table
from mtl_search.data.hashing import hash_values
from mtl_search.errors import DataError
from tests.fixtures.data import task_configs

ROWS = 240
PATTERN = (np.arange(ROWS) * 7919) % 3  # three values, each in every split
DECIMAL = decimal.Decimal
DAYS = [dt.date(2024, 1, day) for day in (1, 2, 3)]
TIMES = [dt.datetime(2024, 1, 1, hour) for hour in (1, 2, 3)]


class Unit(pa.ExtensionType):  # type: ignore[misc]
    """An extension type that nobody knows."""

    def __init__(self) -> None:
        super().__init__(pa.int64(), "tests.unit")

    def __arrow_ext_serialize__(self) -> bytes:
        """Nothing to keep."""
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type: pa.DataType, serialized: bytes) -> "Unit":
        """Nothing was kept."""
        return cls()


def plain(values: list[Any], kind: pa.DataType | None = None) -> pa.Array:
    """Three values again and again, every eleventh missing."""
    chosen = [None if row % 11 == 10 else values[code] for row, code in enumerate(PATTERN)]
    return pa.array(chosen, kind)


def dictionary(values: list[Any], kind: pa.DataType | None = None) -> pa.ChunkedArray:
    """Two batches of other dictionaries, each with a null among its values."""
    codes = pa.array(PATTERN.tolist(), pa.int8())
    first = pa.DictionaryArray.from_arrays(codes.slice(0, 100), pa.array([*values, None], kind))
    second = pa.DictionaryArray.from_arrays(codes.slice(100), pa.array([values[0], None, values[2]], kind))
    return pa.chunked_array([first, second])


WORDS = pa.dictionary(pa.int8(), pa.string())
NULLS = pa.dictionary(pa.int8(), pa.null())
COLUMNS: Mapping[str, pa.Array | pa.ChunkedArray] = {
    "null": pa.nulls(ROWS),
    "bool": plain([True, False, True]),
    "int8": plain([0, 1, 2], pa.int8()),
    "uint8": plain([0, 1, 2], pa.uint8()),
    "int32": plain([0, 1, 2], pa.int32()),
    "int64 beyond 2^53": plain([2**60, 2**60 + 1, 2**60 + 2]),
    "uint64": plain([2**64 - 1, 2**64 - 2, 2**63], pa.uint64()),
    "float16": plain([0.0, 1.0, 2.0], pa.float16()),
    "float32": plain([0.0, 1.0, 2.0], pa.float32()),
    "float64": plain([0.5, 1.0, 2.0]),
    "float64 NaN": plain([float("nan"), 1.0, 2.0]),
    "decimal32": plain([DECIMAL(0), DECIMAL(1), DECIMAL(2)], pa.decimal32(5)),
    "decimal64": plain([DECIMAL("0.5"), DECIMAL(1), DECIMAL(2)], pa.decimal64(10, 1)),
    "decimal128": plain([DECIMAL(0), DECIMAL(1), DECIMAL(2)], pa.decimal128(38)),
    "decimal128 fractions": plain([DECIMAL("0.5"), DECIMAL(1), DECIMAL(2)], pa.decimal128(18, 4)),
    "decimal256": plain([DECIMAL(10) ** 40, DECIMAL(1), DECIMAL(2)], pa.decimal256(60, 2)),
    "date32": plain(DAYS),
    "date64": plain(DAYS, pa.date64()),
    "timestamp s": plain(TIMES, pa.timestamp("s")),
    "timestamp ns": plain(TIMES, pa.timestamp("ns")),
    "timestamp with a zone": plain(TIMES, pa.timestamp("us", "America/New_York")),
    "time32": plain([dt.time(1), dt.time(2), dt.time(3)], pa.time32("s")),
    "time64": plain([dt.time(1), dt.time(2), dt.time(3)], pa.time64("ns")),
    "duration": plain([dt.timedelta(hours=hour) for hour in range(3)], pa.duration("ms")),
    "interval": plain([(1, 2, 3), (2, 2, 3), (3, 2, 3)], pa.month_day_nano_interval()),
    "string": plain(["a", "b", ""]),
    "string of splits": plain(["train", "valid", "test"]).fill_null("train"),
    "large_string": plain(["a", "b", "c"], pa.large_string()),
    "string_view": plain(["a", "b", "c"], pa.string_view()),
    "binary": plain([b"a", b"b", b"\xff"]),
    "large_binary": plain([b"a", b"b", b"c"], pa.large_binary()),
    "binary_view": plain([b"a", b"b", b"c"], pa.binary_view()),
    "fixed binary": plain([b"ab", b"cd", b"ef"], pa.binary(2)),
    "dictionary of strings": dictionary(["a", "b", "c"]),
    "dictionary of splits": dictionary(["train", "valid", "test"]),
    "dictionary of integers": dictionary([1, 2, 3]),
    "dictionary of floats": dictionary([0.5, 2.0, 3.0]),
    "dictionary of booleans": dictionary([True, False, True]),
    "dictionary of decimals": dictionary([DECIMAL(0), DECIMAL(1), DECIMAL(2)], pa.decimal128(5)),
    "dictionary of days": dictionary(DAYS),
    "dictionary of bytes": dictionary([b"a", b"\xff", b"c"]),
    "dictionary of nulls": pa.chunked_array([pa.nulls(100, NULLS), pa.nulls(ROWS - 100, NULLS)]),
    "list": plain([["a"], ["a", "b"], ["b"]]),
    "list of dictionaries": plain([["a"], ["a", "b"], ["b"]], pa.list_(WORDS)),
    "list of decimals": plain([[DECIMAL(1)], [DECIMAL(2)], []], pa.list_(pa.decimal128(3))),
    "large list": plain([["a"], ["a", "b"], []], pa.large_list(pa.string())),
    "list view": plain([["a"], ["a", "b"], []], pa.list_view(pa.string())),
    "fixed list": plain([[1, 2], [2, 3], [1, 3]], pa.list_(pa.int8(), 2)),
    "struct": plain([{"x": 1}, {"x": 2}, {"x": None}]),
    "map": plain([[("x", 1)], [("x", 2)], []], pa.map_(pa.string(), pa.int8())),
    "run-end encoded": pa.RunEndEncodedArray.from_arrays([80, 160, ROWS], pa.array(["a", "b", None])),
    "extension": pa.ExtensionArray.from_storage(Unit(), plain([0, 1, 2], pa.int64())),
    "uuid": pa.array([bytes([code] * 16) for code in PATTERN], pa.uuid()),
}  # fmt: skip

ROLES: Mapping[str, Mapping[str, Any]] = {
    "input": {},
    "numeric input": {"inputs": {"odd": "numeric"}},
    "categorical input": {"inputs": {"odd": "categorical"}},
    "dropped": {"drop": ["odd"]},
    "group": {"group": "odd"},
    "key": {"split": {"key": ["odd", "x"]}},
    "split": {"split": {"column": "odd"}},
    "time": {"split": {"time": "odd"}},
}
KINDS = ("binary", "multiclass", "multilabel", "regression")


def load(name: str, tasks: dict[str, object], **spec: Any) -> Dataset:
    random = np.random.default_rng(0)
    table = pa.table({"x": random.normal(size=ROWS), "y": random.normal(size=ROWS), "odd": COLUMNS[name]})
    options = {"source": "odd", "missing": ["NA", -999, 0.25], **spec}
    return dataset_from_table(table, DataSpec.model_validate(options), task_configs(tasks))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_beside_the_task_is_used_or_refused(name: str, role: str) -> None:
    try:
        data = load(name, {"y": "regression"}, **ROLES[role])
    except DataError as error:
        if role == "dropped" or not error.found:
            raise
        return
    assert ("odd" in data.encoding.columns) <= role.endswith("input")
    assert all(rows.inputs["numeric"].isfinite().all() for rows in data.splits.values())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_of_labels_is_used_or_refused(name: str, kind: str) -> None:
    try:
        data = load(name, {"y": "regression", "odd": kind})
    except DataError as error:
        if "odd" not in str(error):
            raise
        return
    if "odd" in data.tasks:
        assert all(rows.labelled["odd"].any() for rows in data.splits.values())
    else:
        assert "odd" in data.left_out


USED = {
    "input": ("decimal128", "decimal64", "decimal32", "float16", "string_view", "dictionary of strings",
              "dictionary of integers", "uint64", "extension", "run-end encoded", "timestamp ns", "duration"),
    "categorical input": ("int8", "decimal128", "date32", "dictionary of days", "bool", "float32"),
    "numeric input": ("dictionary of decimals", "dictionary of floats", "uint8"),
}  # fmt: skip


@pytest.mark.parametrize(("role", "name"), [(role, name) for role, names in USED.items() for name in names])
def test_what_can_be_an_input_is(role: str, name: str) -> None:
    data = load(name, {"y": "regression"}, **ROLES[role])
    assert "odd" in data.encoding.columns
    indicators = data.encoding.numeric.flagged
    assert ("odd" in indicators) == ("odd" in data.encoding.numeric.columns), "nulls are missing everywhere"


@pytest.mark.parametrize("name", ["int64 beyond 2^53", "uint64", "binary", "struct", "list", "uuid",
                                  "dictionary of bytes", "decimal256", "fixed list", "map"])  # fmt: skip
def test_three_values_are_three_groups(name: str) -> None:
    hashes = hash_values(pa.chunked_array(pa.table({"odd": COLUMNS[name]})["odd"].chunks))
    assert len(set(hashes.tolist())) == 3 + (name != "uuid")


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_decimals_are_classes(kind: str) -> None:
    flags = pa.array([DECIMAL(int(code > 0)) for code in PATTERN], pa.decimal128(1, 0))
    table = pa.table({"x": np.random.default_rng(0).normal(size=ROWS), "flag": flags})
    data = dataset_from_table(table, DataSpec(source="x"), task_configs({"flag": kind}))
    assert data.tasks["flag"].classes == (0, 1)  # type: ignore[attr-defined]
