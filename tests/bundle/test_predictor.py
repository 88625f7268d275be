"""A bundle predicts what its networks say, whatever the rows' batch, order, storage and company."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch

import mtl_search
from mtl_search.bundle import Predictor
from mtl_search.bundle.reading import Reading
from mtl_search.data import DataSpec, Encoding
from mtl_search.errors import DataError, ResourceError
from tests.fixtures.data import TINY_TASKS, tiny_table

PROBABILITIES = [f"topics_probability_{label}" for label in "abc"]


def assert_alike(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Equal but for the last bits of a float32."""
    pd.testing.assert_frame_equal(one, other, rtol=0, atol=1e-6 * max(1.0, one["cost"].abs().max()))


def test_it_says_what_it_is(model: Predictor) -> None:
    assert set(model.tasks) == set(TINY_TASKS)
    assert model.card.startswith("# Tiny")
    assert not model.tasks["ill"].name.startswith("_")


def test_columns_are_named_after_tasks(model: Predictor, table: pa.Table) -> None:
    found = model.predict(table)
    assert list(found) == list(model.columns)
    assert {"ill", "ill_probability", "stage", "stage_probability_ii", "cost", "cost_sd"} <= set(found)
    assert set(PROBABILITIES) <= set(found)
    assert set(found["ill"]) <= {0, 1}
    assert set(found["stage"]) <= {"i", "ii", "iii"}
    assert found[[f"stage_probability_{c}" for c in ("i", "ii", "iii")]].sum(axis=1).tolist() == (
        pytest.approx([1.0] * 97)
    )


def test_it_is_the_mean_over_seeds_and_the_spread_beside_it(model: Predictor, table: pa.Table) -> None:
    inputs = model.reading.inputs.encode(table)
    cost_SN, ill_SN = [], []
    for ready in model.models:
        with torch.inference_mode():
            outputs = ready.network(inputs)
        if "cost" in outputs:
            cost_SN.append(model.tasks["cost"].predictions(outputs["cost"]).numpy())
        if "ill" in outputs:
            ill_SN.append(outputs["ill"][:, 0].double().sigmoid().numpy())
    found = model.predict(table)
    assert found["cost"].to_numpy() == pytest.approx(np.mean(cost_SN, axis=0))
    assert found["cost_sd"].to_numpy() == pytest.approx(np.std(cost_SN, axis=0, ddof=1))
    assert found["ill_probability"].to_numpy() == pytest.approx(np.mean(ill_SN, axis=0))
    assert len(cost_SN) == len(ill_SN) == 2


@pytest.mark.parametrize("batch", [1, 7, 96, 10_000])
def test_neither_batch_nor_order_matters(model: Predictor, table: pa.Table, batch: int) -> None:
    whole = model.predict(table)
    assert_alike(whole, model.predict(table, batch=batch))
    order = np.random.default_rng(batch).permutation(len(table))
    shuffled = model.predict(table.take(pa.array(order)), batch=batch)
    assert_alike(whole.iloc[order].reset_index(drop=True), shuffled)


def test_a_frame_keeps_its_index_and_gives_what_a_table_gives(model: Predictor, table: pa.Table) -> None:
    frame = table.to_pandas()
    frame.index = pd.Index(range(1000, 1097), name="row")
    found = model.predict(frame)
    assert found.index.equals(frame.index)
    assert_alike(model.predict(table), found.reset_index(drop=True))
    one = model.predict(frame.iloc[[3]])
    assert_alike(found.iloc[[3]].reset_index(drop=True), one.reset_index(drop=True))


def test_columns_in_any_order_and_company(model: Predictor, table: pa.Table) -> None:
    names = [*reversed(model.reading.inputs.columns)]
    chosen = table.select(names).append_column("other", pa.array([{"a": 1}] * 97))
    assert model.predict(chosen, as_="arrow").equals(model.predict(table, as_="arrow"))


def test_what_means_missing_in_training_does_here(model: Predictor, table: pa.Table) -> None:
    missing = table.set_column(0, "age", pa.nulls(97, pa.float64()))
    named = table.set_column(0, "age", pa.array([-999.0] * 97))
    assert_alike(model.predict(missing), model.predict(named))
    unknown = table.set_column(4, "code", pa.array(["unknown"] * 97))
    unseen = table.set_column(4, "code", pa.array(["never seen"] * 97))
    assert_alike(model.predict(unknown), model.predict(unseen))


def test_no_rows_have_no_predictions_of_the_same_columns(model: Predictor, table: pa.Table) -> None:
    none = model.predict(table.slice(0, 0), as_="arrow")
    assert none.schema == model.predict(table, as_="arrow").schema
    assert none.num_rows == 0


def test_threads_share_a_model(model: Predictor, table: pa.Table) -> None:
    parts = [table.slice(start, 13) for start in range(0, 97, 13)] * 6
    alone = [model.predict(part, as_="arrow") for part in parts]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda part: model.predict(part, as_="arrow"), parts))
    assert all(one.equals(other) for one, other in zip(alone, together, strict=True))


@pytest.mark.parametrize(
    ("name", "column", "found"),
    [
        ("age", ["old"] * 97, "found values of type string ('old', 'old' ...)"),
        ("age", [[1]] * 97, "found values of type list"),
        ("ward", [3] * 97, "found values of type int64 (3, 3 ...)"),
        ("code", [True] * 97, "found values of type bool"),
        ("pressure", [float("inf")] * 97, "found 97 infinite values"),
    ],
)
def test_columns_of_another_kind_are_named(
    model: Predictor, table: pa.Table, name: str, column: list[object], found: str
) -> None:
    wrong = table.set_column(table.column_names.index(name), name, pa.array(column))
    with pytest.raises(DataError, match=f"column '{name}': expected") as error:
        model.predict(wrong)
    assert found in str(error.value)


def test_a_missing_column_is_named_with_what_training_saw(model: Predictor, table: pa.Table) -> None:
    with pytest.raises(DataError, match=r"column 'ward': expected text, as in training \('east', ") as error:
        model.predict(table.rename_columns({"ward": "wards"}))
    assert "found no column of that name; did you mean 'wards'?" in str(error.value)
    with pytest.raises(DataError, match=r"column 'age': expected numbers, as in training \(median 4"):
        model.predict(table.drop_columns(["age"]).to_pandas())
    with pytest.raises(DataError, match=r"found none of '(age', 'ward|ward', 'age)'"):
        model.predict(table.drop_columns(["age", "ward"]))


@pytest.mark.parametrize("device", ["tpu", "meta", "cuda:99"])
def test_a_device_that_is_not_there(folder: Path, device: str) -> None:
    with pytest.raises(ResourceError, match="--device: expected cpu"):
        Predictor.load(folder, device=device)


def test_a_process_that_has_the_package_alone_predicts_the_same(
    folder: Path, model: Predictor, table: pa.Table, tmp_path: Path
) -> None:
    table.to_pandas().to_feather(tmp_path / "new.feather")
    code = (
        "import sys, pandas, mtl_search\n"
        "frame = pandas.read_feather('new.feather')\n"
        f"mtl_search.load_model({str(folder)!r}).predict(frame).to_feather('out.feather')\n"
        "assert not {'ray', 'optuna'} & set(sys.modules), 'predicting needs neither'\n"
    )
    root = Path(mtl_search.__file__).parent.parent
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(root)}, check=True)
    assert_alike(model.predict(table), pd.read_feather(tmp_path / "out.feather"))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([2**70, 1], "too large"),
        ([1j, 2j], "Unsupported"),
        ([1, "a"], "Could not convert 'a'"),
    ],
)
def test_frames_that_arrow_cannot_hold(model: Predictor, values: list[object], says: str) -> None:
    frame = tiny_table(2).to_pandas().assign(age=values)
    with pytest.raises(DataError, match="frame: expected columns of one type each, found .*" + says):
        model.predict(frame)


DAYS = pa.table({"day": pa.array(["2024-01-01", "2024-01-31", "2024-03-01"]), "1": pa.array([1.0, 2.0, 3.0])})
DATED = DAYS.set_column(0, "day", DAYS["day"].cast(pa.date32()))
DATES = Reading(DataSpec(source="days"), Encoding.fit(DATED, ("day", "1")))


@pytest.mark.parametrize(
    "days",
    [
        DAYS["day"],
        DAYS["day"].dictionary_encode(),
        DATED["day"].cast(pa.timestamp("ns")),
        pa.array([f"{day}T00:00:00.000Z" for day in DAYS["day"].to_pylist()]),
    ],
)
def test_dates_may_be_written_as_text(days: pa.ChunkedArray) -> None:
    prepared = DATES.prepare(DAYS.set_column(0, "day", days))
    assert DATES.encode(prepared)["numeric"].equal(DATES.encode(DATES.prepare(DATED))["numeric"])
    nothing = DAYS.set_column(0, "day", pa.array([None, float("nan"), None], pa.float64()))
    assert DATES.encode(DATES.prepare(nothing))["numeric"][:, 0].tolist() == [0.0] * 3


def test_dates_beyond_the_calendar_are_named_too() -> None:
    moments = pa.table({"until": pa.array([2**60, 2**61, 2**61 + 1], pa.timestamp("us"))})
    reading = Reading(DataSpec(source="moments"), Encoding.fit(moments, ("until",)))
    with pytest.raises(DataError, match=r"expected dates, as in training \(median 75039-04-04"):
        reading.prepare(pa.table({"until": [1, 2, 3]}))


@pytest.mark.parametrize("days", [[19_000, 19_001, 19_002], ["2024-01-01", "soon", None]])
def test_what_is_no_date_is_named(days: list[object]) -> None:
    expected = (
        r"column 'day': expected dates, as in training \(median 2024-01-31, none missing\), found values"
    )
    with pytest.raises(DataError, match=expected):
        DATES.prepare(DAYS.set_column(0, "day", pa.array(days)))
    with pytest.raises(DataError, match="column '1': expected numbers"):
        DATES.prepare(DATED.set_column(1, "1", DATED["day"]))


def test_frames_may_have_names_that_are_numbers(model: Predictor) -> None:
    predictor = replace(model, reading=DATES)
    frame = DATED.to_pandas().set_axis(["day", 1], axis=1)
    assert predictor._table(frame).column_names == ["day", "1"]


def test_a_task_keeps_its_name_beside_columns_that_would_have_it(
    model: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [replace(model.tasks["cost"], name=name) for name in ("cost", "cost_sd")]  # type: ignore[type-var]
    described = model.description.model_copy(update={"tasks": tuple(tasks)})
    said = {"cost": torch.tensor([[1.0], [3.0]]), "cost_sd": torch.tensor([[7.0]])}
    monkeypatch.setattr(Predictor, "predictions", lambda self, inputs: said)
    found = replace(model, description=described).decoded({})
    assert found.to_pydict() == {"cost": [2.0], "cost_sd_": [pytest.approx(2**0.5)], "cost_sd": [7.0]}
