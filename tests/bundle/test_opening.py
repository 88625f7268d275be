"""A number that is declared to be a level is the same level in whatever rows and format it comes."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from mtl_search.bundle.opening import _are_printed, open_table
from mtl_search.bundle.reading import Reading
from mtl_search.data import DataSpec, Encoding
from mtl_search.data.declared import declare
from mtl_search.data.inputs.categorical import CategoricalOptions
from mtl_search.data.sources import read_source


@pytest.mark.parametrize(
    ("values", "kind", "levels"),
    [
        ([1.0, 2.5, None], None, ["1", "2.5", None]),
        ([1.0, 2.0, float("nan")], None, ["1", "2", None]),
        ([Decimal("1.00"), Decimal("2.50")], pa.decimal128(5, 2), ["1", "2.5"]),
        ([1e300, float("inf")], None, ["1e+300", "inf"]),
        ([1, 2], pa.int8(), ["1", "2"]),
    ],
)
def test_a_level_depends_on_its_row_alone(values: list[object], kind: pa.DataType, levels: list[str]) -> None:
    column = pa.chunked_array([pa.array(values, kind)])
    assert declare(column, "categorical", "x").to_pylist() == levels
    alone = [declare(column.slice(at, 1), "categorical", "x").to_pylist()[0] for at in range(len(values))]
    assert alone == levels


@pytest.mark.parametrize(
    ("levels", "printed"),
    [
        (("1", "20"), True),
        (("1.5", "2"), True),
        (("007", "1"), False),
        (("a", "1"), False),
        (("1.50",), False),
        (("1", "NA"), False),
        (("a", 'b, "c"\n'), False),
        (("false", "true"), True),
        (("False", "True"), False),
        (("2024-01-31", "2024-02-29"), True),
        (("2024-01-31 10:00:00",), True),
    ],
)
def test_codes_are_text(levels: tuple[str, ...], printed: bool) -> None:
    assert _are_printed(levels) is printed


@pytest.mark.parametrize("values", [("True", "False"), ("2024-01-31T10:00", "2024-01-31T11:00"), ("07", "1")])
def test_levels_are_read_as_training_read_them(values: tuple[str, str], tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["level", *values * 20]))
    rules = DataSpec(source=str(path), inputs={"level": CategoricalOptions()})
    whole, _ = read_source(rules.source, tmp_path)
    encoding = Encoding.fit(whole, ("level",), rules.inputs)
    reading = Reading(rules, encoding)
    (batch,) = open_table(str(path), reading, ()).batches(("level",), 100)
    codes = reading.encode(reading.prepare(batch.table))["categorical"]
    assert codes.equal(encoding.encode(whole)["categorical"])
    assert codes.unique().tolist() == [1, 2]
