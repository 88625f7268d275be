"""Labels of a table that is not for training: read as in training, and what cannot be judged is named."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mtl_search.data import DataSpec
from mtl_search.data.labels import Labels, read_labels
from mtl_search.errors import DataError
from tests.fixtures.data import task_configs, tiny_table

TASKS = {
    "ill": "binary",
    "grade": {"kind": "multiclass", "column": "stage", "missing": ["i"]},
    "topics": "multilabel",
    "cost": "regression",
}
CONFIGS = task_configs(TASKS)
TABLE = tiny_table(120)
FITTED = {
    name: config.fit(
        name,
        [TABLE["stage"].filter(pa.compute.not_equal(TABLE["stage"], "i"))]
        if name == "grade"
        else [TABLE[name]],
    )
    for name, config in CONFIGS.items()
}


def read(table: pa.Table, **spec: Any) -> Labels:
    return read_labels(table, DataSpec.model_validate({"source": "new", **spec}), CONFIGS, FITTED)


def with_column(name: str, values: Any) -> pa.Table:
    return tiny_table(120).drop_columns([name]).append_column(name, pa.array(values))


def test_labels_are_read_as_in_training() -> None:
    found = read(TABLE)
    assert not any(found.unseen.values())
    assert not found.notes
    assert found.targets.keys() == TASKS.keys()
    missing = {None, "i"}
    assert found.labelled["grade"].tolist() == [v not in missing for v in TABLE["stage"].to_pylist()]
    assert len(np.unique(found.units_N)) == 120


def test_units_and_weights_are_those_of_training_where_they_are_there() -> None:
    weights = 1 + np.arange(120) % 3
    table = TABLE.append_column("w", pa.array(weights))
    found = read(table, group="patient", weight="w")
    patients = TABLE["patient"].to_numpy()
    assert len(np.unique(found.units_N)) == len(np.unique(patients))
    assert found.weights_N.tolist() == weights.tolist()
    without = read(TABLE.drop_columns(["patient"]), group="patient", weight="w")
    assert without.weights_N is None
    assert any("no column 'patient': rows count as independent" in note for note in without.notes)
    assert any("no column 'w': all rows weigh the same" in note for note in without.notes)


def test_unseen_labels_are_counted_and_left_out() -> None:
    ill = [2, 2, 7, *[0, 1] * 58, None]
    found = read(with_column("ill", ill))
    assert found.unseen["ill"] == {"2": 2, "7": 1}
    assert found.labelled["ill"].tolist() == [v in (0, 1) for v in ill]
    topics = [["a", "z"], ["z"], None, *[["b"]] * 117]
    listed = read(with_column("topics", topics))
    assert listed.unseen["topics"] == {"z": 2}
    assert listed.targets["topics"][0].tolist() == [1, 0, 0]
    assert listed.labelled["topics"].tolist() == [v is not None for v in topics]


def test_a_task_without_its_column_is_not_judged() -> None:
    found = read(TABLE.drop_columns(["stage"]))
    assert found.targets.keys() == TASKS.keys() - {"grade"}
    assert "task 'grade' is not judged: no column 'stage'" in found.notes


@pytest.mark.parametrize(
    ("table", "spec", "message"),
    [
        (
            TABLE.select(["age", "ward"]),
            {},
            "labels: expected a column 'ill' or 'stage' .*, found none of them",
        ),
        (TABLE.slice(0, 0), {}, "labels: expected a label that training has seen, found none in 0 rows"),
        (
            with_column("ill", ["yes"] * 120),
            {},
            r"'ill': .* as in training \(0, 1\), found values of type string",
        ),
        (with_column("ill", [True, False] * 60), {}, "found values of type bool"),
        (with_column("stage", [0.5] * 120), {}, "task 'grade', column 'stage': .*whole numbers.*, found 0.5"),
        (
            with_column("cost", ["dear"] * 120),
            {},
            "column 'cost': expected numbers, found values of type string",
        ),
        (
            with_column("cost", [np.inf] * 120),
            {},
            "'cost': expected finite numbers, found 120 infinite values",
        ),
        (with_column("topics", ["a"] * 120), {}, "'topics': expected lists of labels"),
        (with_column("patient", [None] * 120), {"group": "patient"}, "a group in every row, found 120 rows"),
        (
            with_column("code", [-1] * 120),
            {"weight": "code"},
            "weight: column 'code': .*120 of 120 rows below 0",
        ),
    ],
)
def test_labels_that_cannot_be_judged_are_refused(
    table: pa.Table, spec: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(table, **spec)
