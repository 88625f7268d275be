"""A number that is declared to be a level is the same level in whatever rows and format it comes."""

from decimal import Decimal

import pyarrow as pa
import pytest

from mtl_search.bundle.opening import _are_numbers
from mtl_search.data.declared import declare


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
    ("levels", "numbers"),
    [
        (("1", "20"), True),
        (("1.5", "2"), True),
        (("007", "1"), False),
        (("a", "1"), False),
        (("1.50",), False),
    ],
)
def test_codes_are_no_numbers(levels: tuple[str, ...], numbers: bool) -> None:
    assert _are_numbers(levels) is numbers
