"""Series as they come in tables, and as they are stored."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from mtl_search.data import Encoding
from mtl_search.data.inputs import SeriesInputs
from mtl_search.data.inputs.series import SeriesOptions
from mtl_search.data.notes import told
from mtl_search.data.shapes import SeriesShape
from mtl_search.errors import DataError
from mtl_search.model.encoders.series import SeriesEncoder
from mtl_search.tasks.base import Layout

FRAMES = pa.list_(pa.list_(pa.uint8(), 2))
READINGS = pa.list_(pa.list_(pa.float64()))
SOUNDS = [[[0, 10], [4, 30]], None, [[8, 20]], [], [[1, 1], [2, 2], [3, 3]]]


def table(values: list[Any], kind: pa.DataType = FRAMES) -> pa.Table:
    return pa.table({"sound": pa.array(values, kind)})


def fit(values: list[Any], kind: pa.DataType = FRAMES, **options: Any) -> SeriesInputs:
    return SeriesInputs.fit(table(values, kind), ("sound",), {"sound": SeriesOptions(**options)})


def standardised(inputs: SeriesInputs, rows: pa.Table) -> list[list[list[float]]]:
    """What the encoder makes of each known step, without its projection."""
    encoder = SeriesEncoder(inputs.shape.series[0], 2)
    torch.nn.init.eye_(encoder.linear.weight)
    torch.nn.init.zeros_(encoder.linear.bias)
    values_BLW, known_BL = encoder(inputs.encode(rows))
    return [row[known].tolist() for row, known in zip(values_BLW, known_BL, strict=True)]


series = st.lists(
    st.none() | st.lists(st.lists(st.integers(0, 255), min_size=2, max_size=2), max_size=4), max_size=6
)


@settings(deadline=None)
@given(series, st.sampled_from(["lists", "large", "fixed", "flat", "bytes", "of numbers", "sliced"]))
def test_what_is_stored_is_what_was_given_however_it_was(values: list[Any], stored: str) -> None:
    inputs = fit([[[7, 9]] * 4])
    flat = [None if row is None else [x for step in row for x in step] for row in values]
    columns = {
        "lists": lambda: pa.array(values, FRAMES),
        "large": lambda: pa.array(values, pa.large_list(pa.large_list(pa.int64()))),
        "fixed": lambda: pa.array(
            [row if row and len(row) == 4 else None for row in values], pa.list_(FRAMES.value_type, 4)
        ),
        "flat": lambda: pa.array(flat, pa.list_(pa.uint8())),
        "bytes": lambda: pa.array([None if row is None else bytes(row) for row in flat], pa.binary()),
        "of numbers": lambda: pa.array(values, READINGS),
        "sliced": lambda: pa.array([[[1, 1]], None, *values], FRAMES)[2:],
    }
    column = columns[stored]()
    if stored == "fixed":
        values = column.to_pylist()
    encoded = inputs.encode(pa.table({"sound": column}))
    lengths = encoded["series:sound:length"].tolist()
    assert lengths == [len(row or []) for row in values]
    steps = inputs.extents(pa.table({"sound": column}), "sound")
    assert steps.tolist() == [[-1 if row is None else len(row)] for row in values]
    assert encoded["series:sound"].dtype == torch.uint8
    for row, padded in zip(values, encoded["series:sound"].tolist(), strict=True):
        assert padded == [*(row or []), *[[0, 0]] * (4 - len(row or []))]


def test_bytes_are_stored_as_they_are_and_standardised_by_the_encoder() -> None:
    inputs = fit(SOUNDS)
    (fitted,) = inputs.series
    steps = np.array([step for row in SOUNDS for step in row or []], float)
    assert fitted.means == pytest.approx(steps.mean(0).tolist())
    assert fitted.scales == pytest.approx(steps.std(0).tolist())
    assert inputs.shape.series == (SeriesShape("sound", 2, 3, fitted.means, fitted.scales, "uint8"),)
    known = np.concatenate([row for row in standardised(inputs, table(SOUNDS)) if row != [[0.0, 0.0]]])
    np.testing.assert_allclose(known.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(known.std(0), 1, atol=1e-6)


@pytest.mark.parametrize("unit", [1.0, 1e-9, 1e40])
def test_other_numbers_are_standardised_before_they_are_halved(unit: float) -> None:
    rows = [[[unit * (1e5 + x), unit * x] for x in range(n)] for n in (3, 5)]
    inputs = fit(rows, READINGS)
    assert inputs.encode(table(rows, READINGS))["series:sound"].dtype == torch.float16
    known = np.concatenate(standardised(inputs, table(rows, READINGS)))
    np.testing.assert_allclose(known.mean(0), 0, atol=2e-3)
    np.testing.assert_allclose(known.std(0), 1, atol=2e-3)
    far = inputs.encode(table([[[1e300, -1e300]]], READINGS))["series:sound"]
    assert far.isfinite().all()


def test_a_channel_that_never_changes_is_zero() -> None:
    inputs = fit([[[5, 1], [5, 2]]])
    assert [step[0] for step in standardised(inputs, table([[[5, 1], [5, 2]]]))[0]] == [0.0, 0.0]


def test_missing_and_empty_series_are_one_step_of_zeros() -> None:
    inputs = fit(SOUNDS)
    rows = standardised(inputs, table([None, [], [[0, 0]]]))
    assert rows[:2] == [[[0.0, 0.0]]] * 2
    assert rows[2] != [[0.0, 0.0]]
    nothing = pa.table({"sound": pa.nulls(2)})
    assert inputs.encode(nothing)["series:sound:length"].tolist() == [0, 0]
    assert inputs.extents(nothing, "sound").tolist() == [[-1], [-1]]


def test_longer_series_are_cut_and_counted() -> None:
    inputs = fit(SOUNDS, length=2)
    encoded, notes = inputs.encode_with_notes(table([*SOUNDS, [[9, 9]] * 5]))
    assert encoded["series:sound"].shape == (6, 2, 2)
    assert encoded["series:sound:length"].tolist() == [2, 0, 1, 0, 2, 2]
    assert told(notes) == (
        "column 'sound': 2 of 6 series have more than 2 steps and are cut",
        "column 'sound': 1 of 6 series have no step and count as missing",
    )
    assert inputs.series[0].means == fit([[[0, 10], [4, 30]], [[8, 20]], [[1, 1], [2, 2]]]).series[0].means


def test_no_more_steps_are_kept_than_there_are() -> None:
    assert fit(SOUNDS, length=100).series[0].length == 3


def test_labels_may_lie_over_the_steps() -> None:
    assert fit(SOUNDS).layouts == {"sound": Layout("sound", (3,))}


def test_many_rows_are_read_in_parts_to_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    rows = [None, [], *(random.normal(size=(n, 3)).tolist() for n in random.integers(0, 20, 50))]
    whole, of_floats = fit(SOUNDS), fit(rows, READINGS, length=12)
    monkeypatch.setattr("mtl_search.data.frames.ROWS", 2)
    chunked = pa.concat_tables([table(SOUNDS[:3]), table(SOUNDS[3:])])
    assert SeriesInputs.fit(chunked, ("sound",)) == whole
    assert fit(rows, READINGS, length=12) == of_floats
    parts, at_once = whole.encode(chunked), whole.encode(table(SOUNDS))
    assert all(torch.equal(parts[key], at_once[key]) for key in at_once)


def test_lists_of_lists_are_series_by_their_type_alone() -> None:
    assert SeriesInputs.reads(FRAMES)
    assert SeriesInputs.reads(READINGS)
    for kind in (pa.list_(pa.uint8()), pa.binary(), pa.list_(pa.list_(pa.string())), pa.string()):
        assert not SeriesInputs.reads(kind)


def test_an_encoding_with_series_is_read_again() -> None:
    flat = pa.table({"sound": table(SOUNDS)["sound"], "bytes": pa.array([b"abcd"] * 5)})
    encoding = Encoding.fit(flat, ("sound", "bytes"), {"bytes": SeriesOptions(channels=2)})
    adapter = TypeAdapter(Encoding)
    again = adapter.validate_json(adapter.dump_json(encoding))
    assert again == encoding
    assert again.shape.series[1].length == 2


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        ([[[1.0, 2.0], [3.0, None]]], READINGS, "finite numbers at each step, found 1 that are NaN, null"),
        ([[[1.0, float("nan")]]], READINGS, "finite numbers at each step, found 1 that are NaN"),
        ([[[1.0, float("inf")]]], READINGS, "a series that is missing is null as a whole"),
        (
            [[[1.0, 2.0], [3.0]]],
            READINGS,
            "steps of 2 numbers each, found 1 steps of another size, 1 for one",
        ),
        ([[[1.0, 2.0], None]], READINGS, "numbers at each step, found 1 steps that are null"),
        ([[[1.0, 2.5]]], READINGS, "whole numbers from 0 to 255, as in training, found 2.5"),
        ([[[256, 2]]], READINGS, "whole numbers from 0 to 255, as in training, found 256"),
        ([b"abc"], pa.binary(), "whole steps of 2 bytes, found 1 rows with others, 3 for one"),
        ([[1, 2, 3]], pa.list_(pa.int8()), "whole steps of 2 numbers, found 1 rows with others, 3 for one"),
        (["hey"], pa.string(), "series of numbers, as in training, found values of type string"),
        ([[["hey"]]], pa.list_(pa.list_(pa.string())), "series of numbers, as in training"),
    ],
)
def test_what_is_no_such_series_is_refused(values: list[Any], kind: pa.DataType, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit(SOUNDS).encode(table(values, kind))


@pytest.mark.parametrize(
    ("values", "kind", "options", "message"),
    [
        ([b"abcd"], pa.binary(), {}, "`channels`, the numbers at each step, .* values of type binary"),
        ([[1, 2]], pa.list_(pa.int64()), {}, "`channels`"),
        (SOUNDS, FRAMES, {"channels": 3}, "steps of 3 numbers, as it is declared, found 2"),
        ([None, []], FRAMES, {}, "a series with a step among the train rows, found none"),
        ([None, []], READINGS, {}, "a series with a step among the train rows, found none"),
    ],
)
def test_what_cannot_be_fitted_is_refused(values: Any, kind: Any, options: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit(values, kind, **options)


@pytest.mark.parametrize("options", [{"channels": 0}, {"length": 0}, {"height": 3}])
def test_wrong_options_are_refused(options: Any) -> None:
    with pytest.raises(ValidationError):
        SeriesOptions(**options)
