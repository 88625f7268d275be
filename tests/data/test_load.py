"""From a data block to a Dataset: fitted on train alone, reproducible, and strict about what it is given."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
import pytest
import torch

from mtl_search.data import Dataset, DataSpec, dataset_from_table, load_dataset
from mtl_search.errors import DataError
from mtl_search.records import Split
from tests.fixtures.data import TINY_TASKS, task_configs, tiny_table

TABLE = tiny_table(300)
NO_LISTS: dict[str, object] = {name: kind for name, kind in TINY_TASKS.items() if name != "topics"}
BY_COLUMN = TABLE.append_column("s", pa.array((["train"] * 3 + ["valid"] + ["test"]) * 60))


def load(table: pa.Table = TABLE, tasks: Mapping[str, object] | None = None, **spec: object) -> Dataset:
    options = {"source": "tiny.parquet", "drop": ["patient"], **spec}
    return dataset_from_table(table, DataSpec.model_validate(options), task_configs(tasks or TINY_TASKS))


def by_column(table: pa.Table = BY_COLUMN, tasks: Mapping[str, object] | None = None) -> Dataset:
    return load(table, tasks, split={"column": "s"})


def changed(table: pa.Table, column: str, change: Callable[[int, object], object]) -> pa.Table:
    values = [change(row, value) for row, value in enumerate(table[column].to_pylist())]
    return table.set_column(table.column_names.index(column), column, pa.array(values, table[column].type))


def in_split(which: str) -> Callable[[int], bool]:
    names = BY_COLUMN["s"].to_pylist()
    return lambda row: bool(names[row] == which)


def test_a_file_is_loaded(tmp_path: Path) -> None:
    pa_parquet.write_table(TABLE, tmp_path / "tiny.parquet")
    spec = DataSpec(source="tiny.parquet", drop=("patient",))
    loaded = load_dataset(spec, task_configs(TINY_TASKS), base=tmp_path)
    assert loaded.summary() == load().summary()


def test_tasks_group_split_and_dropped_columns_are_no_inputs() -> None:
    table = BY_COLUMN.append_column("extra", TABLE["age"])
    table = table.set_column(table.column_names.index("ward"), "ward", BY_COLUMN["s"])
    data = load(
        table,
        {"ill": "binary", "stage": "multiclass"},
        split={"column": "s"},
        group="ward",
        drop=["cost", "topics", "extra", "patient"],
    )
    assert data.encoding.columns == ("age", "pressure", "smoker", "code")


def test_columns_of_a_multilabel_task_are_no_inputs() -> None:
    flags = {"p": pc.greater(TABLE["age"], 60), "q": pc.less(TABLE["age"], 45)}
    table = pa.table({"age": TABLE["age"], "ward": TABLE["ward"], **flags})
    data = load(table, {"old": {"kind": "multilabel", "columns": ["p", "q"]}}, drop=[])
    assert data.encoding.columns == ("age", "ward")
    assert data.train.targets["old"].shape[1] == 2


def test_only_train_rows_decide_how_things_are_encoded() -> None:
    """Other values in valid and test rows change nothing but these rows."""
    valid, test = in_split("valid"), in_split("test")
    table = changed(BY_COLUMN, "age", lambda row, v: 1e9 if valid(row) or test(row) else v)
    table = changed(table, "cost", lambda row, v: -1e9 if valid(row) or test(row) else v)
    before, after = by_column(), by_column(table)
    assert after.encoding == before.encoding
    assert after.tasks == before.tasks
    for name in before.train.inputs:
        assert torch.equal(after.train.inputs[name], before.train.inputs[name])
    assert not torch.equal(after.valid.inputs["numeric"], before.valid.inputs["numeric"])


def test_poisoned_test_labels_change_nothing_a_search_sees() -> None:
    """The fingerprint alone knows: it is of the whole content."""
    test = in_split("test")
    swapped: dict[object, float] = {0.0: 1.0, 1.0: 0.0}
    table = changed(BY_COLUMN, "cost", lambda row, v: 0.0 if test(row) else v)
    table = changed(table, "ill", lambda row, v: swapped.get(v) if test(row) else v)
    before, after = by_column().without_test(), by_column(table).without_test()
    assert after.fingerprint != before.fingerprint
    for which, rows in before.splits.items():
        for part in ("inputs", "targets", "labelled"):
            for name, values in getattr(rows, part).items():
                assert torch.equal(getattr(after.splits[which], part)[name], values)
    assert after.warnings == before.warnings
    assert after.tasks == before.tasks


def test_targets_stand_beside_their_inputs() -> None:
    values = np.random.default_rng(0).permutation(300) + 0.5
    labels = pa.array(values * 2, mask=values % 5 == 0.5)
    data = load(pa.table({"x": values, "y": labels}), {"y": "regression"}, drop=[])
    for rows in data.splits.values():
        x, y, labelled = rows.inputs["numeric"][:, 0], rows.targets["y"], rows.labelled["y"]
        assert torch.equal(x[labelled].argsort(), y[labelled].argsort())
        assert ((data.tasks["y"].truths(y[labelled]) % 10 - 1).abs() > 0.5).all()  # others have no label


def test_the_same_data_has_the_same_fingerprint() -> None:
    assert load().fingerprint == load().fingerprint
    assert len(load().fingerprint) == 16
    others = [
        load(split={"seed": 1}),
        load(split={"valid": 0.2}),
        load(drop=["patient", "code"]),
        load(tasks={**TINY_TASKS, "ill": {"kind": "binary", "pos_weight": 2.0}}),
        load(tasks=NO_LISTS, drop=["patient", "topics"]),
        load(changed(TABLE, "age", lambda row, v: 1.0 if row == 7 else v)),
        load(rows=250),
        load(train_rows=100),
        load(group="patient", drop=[]),
    ]
    assert len({load().fingerprint, *(data.fingerprint for data in others)}) == len(others) + 1


def test_rows_limit_all_and_train_rows_limit_train() -> None:
    data = load(rows=200, train_rows=80)
    assert len(data.train) == 80
    rows = data.summary().rows
    assert rows[Split.VALID] + rows[Split.TEST] < 90
    assert len(load(rows=10_000).train) == len(load().train)


def test_warnings_say_what_was_left_out() -> None:
    table = TABLE.append_column("row", pa.array(range(300))).append_column("hospital", pa.array(["A"] * 300))
    assert [warning.split(" and is")[0] for warning in load(table).warnings] == [
        "column 'row' looks like an identifier",
        "column 'hospital' has one value in the train rows",
    ]


@pytest.mark.parametrize(
    ("spec", "tasks", "message"),
    [
        ({}, {"il": "binary"}, "tasks.il: expected a column of the table, found no column 'il'; did"),
        ({"drop": ["agee"]}, None, "drop: .*found no column 'agee'; did you mean 'age'"),
        ({"group": "patients"}, None, "group: .*'patients'; did you mean 'patient'"),
        ({"split": {"column": "fold"}}, None, "split.column: .*no column 'fold'"),
        ({"drop": ["ill"]}, None, "tasks.ill: expected a column with no other use, .* under drop"),
        ({"group": "ill"}, None, "tasks.ill: .*also under group"),
        ({"split": {"column": "stage"}}, None, "tasks.stage: .*also under split.column"),
        ({}, {"ward": "regression"}, "column 'ward': expected numbers, found values of type dictionary"),
        (
            {"drop": ["topics"]},
            {"stage": "binary"},
            "column 'stage': expected two classes .*found 3: .*kind: multiclass",
        ),
        ({}, {"cost": "multiclass"}, "column 'cost': expected classes .*kind: regression"),
        ({}, {"cost": "multilabel"}, "column 'cost': expected lists of labels"),
        ({}, {"patient": "multiclass"}, "also under drop"),
        ({"drop": TABLE.column_names[:6]}, None, "inputs: expected at least one"),
        ({"inputs": {"topics": "numeric"}, "drop": []}, {"ill": "binary"}, "inputs.topics: .*of type list"),
    ],
)
def test_uses_of_columns_that_cannot_be(
    spec: dict[str, object], tasks: dict[str, object] | None, message: str
) -> None:
    with pytest.raises(DataError, match=message) as error:
        load(tasks=tasks, **spec)
    assert error.value.place.startswith("tiny.parquet: ")


def test_no_task_is_an_error() -> None:
    with pytest.raises(DataError, match="tasks: expected at least one task, found none"):
        dataset_from_table(TABLE, DataSpec(source="x"), {})


def assert_left_out(table: pa.Table, task: str, why: str) -> None:
    """The others go on, and it is said why; its column is no input."""
    data = by_column(table)
    assert data.tasks.keys() == TINY_TASKS.keys() - {task}
    assert list(data.left_out) == [task]
    assert re.search(why, data.left_out[task])
    assert data.warnings[0] == f"task {task!r} is left out: {data.left_out[task]}"
    assert task not in data.encoding.columns
    assert all(rows.targets.keys() == data.tasks.keys() for rows in data.splits.values())


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("ill", 1.0, "column 'ill': expected two classes in the train rows, found 1: 1"),
        ("ill", None, "column 'ill': expected two classes in the train rows, found no label"),
        ("stage", "i", "column 'stage': .*found only 'i'"),
        ("stage", None, "column 'stage': .*found no label"),
        ("cost", 5.0, "column 'cost': expected different values in the train rows, found only 5.0"),
        ("cost", None, "column 'cost': .*found no label"),
        ("topics", None, "column 'topics'"),
    ],
)
def test_a_task_of_one_value_is_left_out(column: str, value: object, message: str) -> None:
    assert_left_out(changed(BY_COLUMN, column, lambda _row, _old: value), column, message)


@pytest.mark.parametrize("column", ["age", "cost"])
def test_infinite_values_are_an_error(column: str) -> None:
    with pytest.raises(DataError, match=f"column '{column}': expected finite numbers.*, found") as error:
        load(changed(TABLE, column, lambda _row, _old: float("inf")))
    assert error.value.place.startswith("tiny.parquet: ")


@pytest.mark.parametrize("which", ["valid", "test"])
def test_a_task_with_a_class_only_outside_train_is_left_out(which: str) -> None:
    there = in_split(which)
    table = changed(BY_COLUMN, "stage", lambda row, v: "iv" if there(row) and v == "iii" else v)
    assert_left_out(table, "stage", "column 'stage': expected the classes of .*'iv' in other rows")


@pytest.mark.parametrize("which", ["valid", "test"])
def test_a_task_without_labels_in_a_split_is_left_out(which: str) -> None:
    there = in_split(which)
    table = changed(BY_COLUMN, "cost", lambda row, v: None if there(row) else v)
    assert_left_out(table, "cost", f"tasks.cost: .* in every split, found none in 60 {which} rows")


@pytest.mark.parametrize("which", ["train", "valid", "test"])
@pytest.mark.parametrize("column", ["age", "cost"])
def test_an_infinite_value_of_any_split_is_an_error(which: str, column: str) -> None:
    row = BY_COLUMN["s"].to_pylist().index(which)
    table = changed(BY_COLUMN, column, lambda at, v: float("-inf") if at == row else v)
    with pytest.raises(DataError, match=f"column '{column}': expected finite numbers.*found 1 infinite"):
        by_column(table)


def test_a_csv_of_the_same_table_is_split_alike(tmp_path: Path) -> None:
    plain = TABLE.drop_columns(["topics"]).set_column(3, "ward", TABLE["ward"].cast(pa.string()))
    pa_csv.write_csv(plain, tmp_path / "tiny.csv")
    spec = DataSpec(source="tiny.csv", drop=("patient",))
    loaded = load_dataset(spec, task_configs(NO_LISTS), base=tmp_path)
    direct = load(TABLE.drop_columns(["topics"]), NO_LISTS)
    assert loaded.fingerprint == direct.fingerprint
    assert loaded.summary().rows == direct.summary().rows


@pytest.mark.parametrize("which", ["valid", "test"])
def test_a_task_whose_metric_is_undefined_in_a_split_is_left_out(which: str) -> None:
    inside = in_split(which)
    table = changed(BY_COLUMN, "ill", lambda row, v: 0.0 if inside(row) and v is not None else v)
    assert_left_out(table, "ill", f"tasks.ill: .* that auroc is defined on.* {which} rows")
    accurate = dict(TINY_TASKS) | {"ill": {"kind": "binary", "metric": "accuracy"}}
    assert "ill" in by_column(table, accurate).tasks, "of one class, but defined"


def test_without_a_main_task_that_can_be_judged_there_is_an_error() -> None:
    table = changed(BY_COLUMN, "cost", lambda row, v: 1.0).drop_columns(["ill", "stage", "topics"])
    with pytest.raises(DataError, match="column 'cost': expected different values"):
        by_column(table, {"cost": "regression"})
