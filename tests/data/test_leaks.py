"""Inputs that nearly equal a task are found, others are not."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from mtl_search.data import DataSpec, SplitSpec, dataset_from_table
from tests.fixtures.data import TINY_TASKS, task_configs, tiny_table

RANDOM = np.random.default_rng(5)
RARE_SEED = 0  # a split that leaves train some of the seven rows of the rare class


def leaks(values: object, task: str, kind: object | None = None, rows: int = 500) -> list[str]:
    table = tiny_table(rows).append_column("extra", pa.array(values))
    drop = ("patient", *(name for name in TINY_TASKS if name != task))
    configs = task_configs({task: kind or TINY_TASKS[task]})
    return list(dataset_from_table(table, DataSpec(source="x", drop=drop), configs).warnings)


def targets(task: str, rows: int = 500) -> np.ndarray:
    values: np.ndarray = np.array(tiny_table(rows, missing=0.0)[task].to_pylist(), dtype=object)
    return values


def test_tiny_tables_have_no_leak() -> None:
    assert leaks(RANDOM.normal(size=500), "cost") == leaks(RANDOM.normal(size=500), "ill") == []


@pytest.mark.parametrize(
    ("of", "correlation"),
    [
        (lambda y: y, "1.000"),
        (lambda y: -y, "1.000"),
        (np.exp, "1.000"),
        (lambda y: y.round(1), "0.99"),
        (lambda y: y + RANDOM.normal(0, 0.1, len(y)), "0.99"),
    ],
)
def test_a_copy_of_a_number_in_any_unit(of: Callable[[np.ndarray], np.ndarray], correlation: str) -> None:
    (warning,) = leaks(of((targets("cost").astype(float) - 1000) / 300), "cost")
    assert warning.startswith(f"input 'extra' nearly equals task 'cost' (rank correlation {correlation}")
    assert warning.endswith("is it an outcome? list it under drop")


def test_a_number_that_tells_the_classes_apart() -> None:
    ill = targets("ill").astype(float)
    (warning,) = leaks(ill + RANDOM.normal(0, 0.1, 500), "ill")
    assert "'extra' nearly equals task 'ill' (AUROC 1.000)" in warning


def test_a_level_that_tells_the_classes_apart() -> None:
    (warning,) = leaks(np.where(targets("ill").astype(bool), "p", "q"), "ill")
    assert "'extra' nearly equals task 'ill' (AUROC 1.000)" in warning
    (warning,) = leaks(targets("stage"), "stage")
    assert "nearly equals task 'stage'" in warning


def test_what_is_missing_may_be_the_leak() -> None:
    died = np.array(RANDOM.normal(size=500))
    died[~targets("ill").astype(bool)] = np.nan
    found = leaks(died, "ill")
    assert any("'missing extra' nearly equals task 'ill'" in warning for warning in found)


def test_a_label_among_several() -> None:
    has_b = [float("b" in labels) for labels in targets("topics")]
    (warning,) = leaks(has_b, "topics")
    assert "'extra' nearly equals task 'topics'" in warning


def test_many_levels_are_memory_and_no_leak() -> None:
    levels = [f"l{value:.0f}" for value in targets("cost").astype(float)]
    assert leaks(levels, "cost") == [] or "identifier" in leaks(levels, "cost")[0]


def test_rare_classes_are_not_judged() -> None:
    rare = np.zeros(500, int)
    rare[:7] = 1
    table = tiny_table(500).append_column("rare", pa.array(rare)).append_column("extra", pa.array(rare + 0.0))
    spec = DataSpec(source="x", drop=("patient", *TINY_TASKS), split=SplitSpec(seed=RARE_SEED))
    assert dataset_from_table(table, spec, task_configs({"rare": "binary"})).warnings == ()


def test_warnings_name_each_pair_once() -> None:
    table = tiny_table(500)
    table = table.append_column("a", table["cost"]).append_column("b", table["cost"])
    data = dataset_from_table(
        table.drop_columns(["ill", "topics", "patient"]),
        DataSpec(source="x"),
        task_configs({"cost": "regression", "stage": "multiclass"}),
    )
    assert [warning.split(" (")[0] for warning in data.warnings if "missing" not in warning] == [
        "input 'a' nearly equals task 'cost'",
        "input 'b' nearly equals task 'cost'",
    ]
