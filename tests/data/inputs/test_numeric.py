"""Numbers as features: robust scaling, missing indicators, every type that is read as a number."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_search.data.inputs import NumericInputs
from mtl_search.data.inputs.numeric import STEPS, is_numeric, read_numbers
from mtl_search.errors import DataError

finite = st.floats(allow_nan=False, allow_infinity=False)


def one(values: list[object], kind: pa.DataType | None = None) -> pa.Table:
    return pa.table({"x": pa.array(values, kind)})


def encode(train: pa.Table, rows: pa.Table) -> list[list[float]]:
    encoded: list[list[float]] = NumericInputs.fit(train, ("x",)).encode(rows)["numeric"].tolist()
    return encoded


def test_scaling_by_hand() -> None:
    """Quartiles of 0 .. 8 are 2, 4 and 6: four steps are one unit, and the ends bend."""
    features = encode(one(list(range(9))), one([4, 8, 0]))
    bent = 1 / np.sqrt(1 + 1 / 9)
    np.testing.assert_allclose(features, [[0.0], [bent], [-bent]], rtol=1e-6)


@settings(deadline=None)
@given(st.lists(finite, min_size=2, max_size=40), st.lists(finite, max_size=10))
def test_features_are_bounded_and_keep_the_order(train: list[float], rows: list[float]) -> None:
    features = np.array(encode(one([*train]), one([*rows, *train]))).ravel()
    assert np.isfinite(features).all()
    assert np.abs(features).max() <= 3.0
    order = np.argsort([*rows, *train], kind="stable")
    assert (np.diff(features[order]) >= 0).all()


@settings(deadline=None)
@given(
    st.lists(st.integers(-(10**6), 10**6), min_size=4, max_size=40, unique=True),
    st.sampled_from([1e-3, 7.0]),
    st.floats(-10, 10),
)
def test_the_unit_of_a_column_does_not_matter(values: list[int], factor: float, shift: float) -> None:
    plain, scaled = one([*values]), one([factor * value + shift for value in values])
    np.testing.assert_allclose(encode(scaled, scaled), encode(plain, plain), atol=1e-5)


def test_one_outlier_leaves_the_others_apart() -> None:
    values = [*range(100), 1e12]
    features = np.array(encode(one(values), one(values))).ravel()
    assert features[:100].max() - features[:100].min() > 1.5
    assert features[100] == pytest.approx(3.0)


@pytest.mark.parametrize("values", [[0.0] * 90 + [5e-4] * 10, [7.0] * 9 + [1e9]])
def test_columns_with_one_common_value_keep_the_rare_ones_apart(values: list[float]) -> None:
    features = encode(one(list(values)), one([values[0], values[-1]]))
    assert features[0] == [0.0]
    assert features[1][0] > 0.5


def test_missing_is_the_median_and_an_indicator() -> None:
    train = one([1.0, None, 3.0, float("nan"), 5.0])
    inputs = NumericInputs.fit(train, ("x",))
    assert inputs.features == ("x", "missing x")
    assert inputs.encode(one([3.0, None, float("nan")]))["numeric"].tolist() == [
        [0.0, 0.0],
        [0.0, 1.0],
        [0.0, 1.0],
    ]


def test_what_train_never_misses_has_no_indicator() -> None:
    assert encode(one([1.0, 2.0, 3.0]), one([None])) == [[0.0]]


def test_indicators_follow_in_the_order_of_their_columns() -> None:
    train = pa.table({"a": [1.0, None, 2.0], "b": [1.0, 2.0, 3.0], "c": [None, 1.0, 2.0]})
    inputs = NumericInputs.fit(train, ("a", "b", "c"))
    assert inputs.features == ("a", "b", "c", "missing a", "missing c")
    assert inputs.encode(train)["numeric"][:, 3:].tolist() == [[0, 1], [1, 0], [0, 0]]
    assert inputs.encode(train)["numeric"].dtype == torch.float32


def quantiles(values: list[object]) -> tuple[float, ...]:
    (of_column,) = NumericInputs.fit(one(values), ("x",)).quantiles
    return of_column


def test_quantiles_are_those_of_the_feature() -> None:
    values = np.random.default_rng(0).lognormal(size=1000)
    feature_N = np.array(encode(one([*values]), one([*values]))).ravel()
    expected = np.quantile(feature_N, np.linspace(0, 1, STEPS + 1))
    np.testing.assert_allclose(quantiles([*values]), expected, atol=1e-6)


def test_quantiles_are_of_the_numbers_that_are_there() -> None:
    values = [float(value) for value in range(50)]
    assert quantiles([*values, None, float("nan"), *[None] * 50]) == quantiles([*values])


def test_few_rows_have_as_many_quantiles() -> None:
    found = quantiles([9.0, 3.0, 5.0, 3.0])
    np.testing.assert_allclose(
        found, sorted(np.ravel(encode(one([9.0, 3.0, 5.0, 3.0]), one([9.0, 3.0, 5.0, 3.0])))), atol=1e-6
    )


@pytest.mark.parametrize(
    "values",
    [[True, False, None], [0, 1, 1, 1], [7.0, None], [-1e300, 1e300, None], [1e-320, 2e-320, 3e-320]],
)
def test_two_values_have_no_quantiles(values: list[object]) -> None:
    """Nor have numbers that are one and the same as features."""
    assert quantiles(values) == ()


@settings(deadline=None)
@given(st.lists(finite, min_size=3, max_size=200))
def test_quantiles_rise_within_bounds_from_the_least_to_the_largest(values: list[float]) -> None:
    found = quantiles([*values])
    if found:
        ends = encode(one([*values]), one([min(values), max(values)]))
        np.testing.assert_allclose((found[0], found[-1]), np.ravel(ends), atol=2e-6)
        assert len(found) == min(STEPS, len(values) - 1) + 1
        assert sorted(found) == list(found)
        assert len(set(found)) > 1


def test_indicators_have_no_quantiles() -> None:
    train = pa.table({"a": [1.0, None, 2.0, 4.0], "b": [1.0, 2.0, 2.0, 1.0], "c": [None, 1.0, 2.0, 3.0]})
    shape = NumericInputs.fit(train, ("a", "b", "c")).shape
    assert [bool(points) for points in shape.quantiles] == [True, False, True, False, False]
    assert shape.n_numeric == 5


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([True, False, None], None, [1, 0, np.nan]),
        ([1, None], pa.uint8(), [1, np.nan]),
        ([2**60, None], None, [2.0**60, np.nan]),
        ([0.5, None], pa.float16(), [0.5, np.nan]),
        ([Decimal("1.25"), None], None, [1.25, np.nan]),
        ([dt.date(1970, 1, 2), None], None, [86400e6, np.nan]),
        ([dt.datetime(1970, 1, 1, 0, 0, 1), None], pa.timestamp("ms"), [1e6, np.nan]),
        ([dt.timedelta(seconds=2), None], pa.duration("s"), [2e6, np.nan]),
        ([dt.time(0, 0, 3), None], pa.time32("s"), [3e6, np.nan]),
        ([dt.time(0, 0, 3), None], pa.time64("us"), [3e6, np.nan]),
    ],
)
def test_every_type_of_number(values: list[object], kind: pa.DataType | None, expected: list[float]) -> None:
    table = one(values, kind)
    assert is_numeric(table["x"].type)
    np.testing.assert_array_equal(read_numbers(table["x"], "x"), expected)


@pytest.mark.parametrize("kind", [pa.string(), pa.list_(pa.int8()), pa.binary()])
def test_other_types_are_no_numbers(kind: pa.DataType) -> None:
    assert not is_numeric(kind)
    with pytest.raises(DataError, match="column 'x': expected numbers, as in training, found values of type"):
        read_numbers(pa.chunked_array([pa.nulls(2, kind)]), "x")


def test_infinite_inputs_are_errors() -> None:
    with pytest.raises(DataError, match=r"column 'x': expected finite numbers .*, found 2 infinite values"):
        encode(one([1.0, 2.0]), one([float("inf"), float("-inf"), 1.0]))
