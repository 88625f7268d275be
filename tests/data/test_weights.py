"""A column that weighs rows: what it is not, what it changes, and which columns cannot be one."""

import pickle
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mtl_search.data import Dataset, DataSpec, dataset_from_table
from mtl_search.errors import DataError
from mtl_search.records import Split
from mtl_search.tasks import Binary, Regression
from tests.fixtures.data import TINY_TASKS, task_configs, tiny_table

ROWS = 200
WEIGHTS = np.random.default_rng(5).choice([0.5, 1.0, 4.0], ROWS)


def load(weights: Any = WEIGHTS, table: pa.Table | None = None, **spec: Any) -> Dataset:
    table = tiny_table(ROWS) if table is None else table
    if weights is not None:
        table = table.append_column("w", pa.array(weights))
        spec["weight"] = "w"
    given = DataSpec.model_validate({"source": "tiny", "drop": ["patient"], **spec})
    return dataset_from_table(table, given, task_configs(TINY_TASKS))


def test_a_weight_is_no_input_and_moves_no_row() -> None:
    weighed, plain = load(), load(None)
    assert weighed.encoding.columns == plain.encoding.columns
    for which, rows in weighed.splits.items():
        assert rows.units.tolist() == plain.splits[which].units.tolist()
        assert rows.targets["ill"].tolist() == plain.splits[which].targets["ill"].tolist()
        assert plain.splits[which].weights_N is None
    assert float(weighed.train.weights_N.mean()) == pytest.approx(1.0)


def test_weights_are_in_the_fingerprints() -> None:
    weighed, plain, other = load(), load(None), load(WEIGHTS[::-1].copy())
    assert len({weighed.fingerprint, plain.fingerprint, other.fingerprint}) == 3
    assert len({data.test_rows["ill"] for data in (weighed, plain, other)}) == 3
    assert load(WEIGHTS.astype(np.float32)).fingerprint == weighed.fingerprint


def test_labels_are_counted_by_weight() -> None:
    table = tiny_table(ROWS, missing=0.0).drop_columns(["ill"])
    ill = np.arange(ROWS) % 2.0
    data = load(np.where(ill == 1, 3.0, 1.0), table.append_column("ill", pa.array(ill)))
    task = data.tasks["ill"]
    assert isinstance(task, Binary)
    ill_N = data.train.targets["ill"].numpy()
    assert task.rate == pytest.approx(3 * ill_N.sum() / (3 * ill_N.sum() + (1 - ill_N).sum()))
    cost = data.tasks["cost"]
    assert isinstance(cost, Regression)
    weights_N = data.train.weights_N.numpy()
    assert np.average(data.train.targets["cost"].numpy(), weights=weights_N) == pytest.approx(0.0, abs=1e-6)


def test_rows_of_weight_zero_count_nowhere() -> None:
    weights = np.where(np.arange(ROWS) < 20, 0.0, WEIGHTS)
    data, without = load(weights), load(weights[20:], tiny_table(ROWS).slice(20))
    assert data.fingerprint == without.fingerprint
    assert any("20 rows of weight 0 in column 'w' left out" in note for note in data.warnings)


def test_it_is_said_where_few_rows_carry_the_weight() -> None:
    uneven = np.where(np.arange(ROWS) % 10 == 0, 50.0, 1.0)
    (note,) = (note for note in load(uneven).warnings if "are uneven" in note)
    n = len(load(uneven).train)
    assert f"weights in column 'w' are uneven: {n} train rows are worth " in note
    assert 5 < int(note.split(" are worth ")[1].split()[0]) < 30
    assert not any("are uneven" in note for note in load().warnings)


def test_weights_travel_with_rows() -> None:
    rows = load().train
    again = pickle.loads(pickle.dumps(rows, protocol=5))
    assert again.weights_N.tolist() == rows.weights_N.tolist()
    assert rows.slice(3, 5).weights_N.tolist() == rows.weights_N[3:5].tolist()
    assert rows.select(["ill"]).take(rows.units[:2] * 0).weights_N.tolist() == [float(rows.weights_N[0])] * 2


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.where(np.arange(ROWS) < 3, -1.0, 1.0), "weight: column 'w': .*found 3 of 200 rows below 0"),
        (np.where(np.arange(ROWS) < 4, np.nan, 1.0), "found 4 of 200 rows without one"),
        ([None, *[1.0] * (ROWS - 1)], "found 1 of 200 rows without one"),
        (["heavy"] * ROWS, "weight: column 'w': expected numbers, found values of type string"),
        (np.zeros(ROWS), "more than 0, found 0 in all 200 rows of column 'w'"),
        (np.full(ROWS, np.inf), "expected finite numbers, found 200 infinite values"),
    ],
)
def test_a_column_that_cannot_weigh_rows_is_refused(weights: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(weights)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"weight": "heft"}, "weight: expected a column of the table, found no column 'heft'"),
        ({"weight": "cost"}, "tasks.cost: expected a column with no other use, found 'cost'.*under weight"),
        ({"weight": "age", "drop": ["age"]}, "weight: .*'age', which is also under drop"),
        ({"weight": "age", "inputs": {"age": "numeric"}}, "inputs: .*'age', which is also under weight"),
        ({"weight": "patient", "group": "patient", "drop": []}, "'patient', which is also under group"),
        ({"weight": "age", "split": {"time": "age"}}, "'age', which is also under split.time"),
    ],
)
def test_a_weight_has_no_other_use(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(None, **spec)


def test_metrics_are_weighed_in_every_split() -> None:
    data = load(np.full(ROWS, 7.0))
    assert set(data.splits) == set(Split)
    assert all((rows.weights_N == 1.0).all() for rows in data.splits.values())
