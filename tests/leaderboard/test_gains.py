import math

import pyarrow as pa
import pytest

from mtl_search.leaderboard.gains import fill_gains, fill_mean_gains, fill_references
from mtl_search.leaderboard.schema import SCHEMAS
from mtl_search.leaderboard.tasks import TaskInfo, task_rows
from mtl_search.records import MetricKind, Role

NAN = float("nan")


def tasks(**references: float) -> pa.Table:
    infos = [
        TaskInfo("age", "regression", Role.MAIN, MetricKind("rmse", False)),
        TaskInfo("cost", "regression", Role.MAIN, MetricKind("r2", True, floor=0.01)),
        TaskInfo("ward", "multiclass", Role.AUXILIARY, MetricKind("acc", True)),
    ]
    return fill_references(task_rows(infos), references)


def metrics(*rows: tuple[str, str, str, str, float]) -> pa.Table:
    names = ("trial_id", "task", "split", "metric", "value")
    return pa.Table.from_pylist(
        [{**dict(zip(names, row, strict=True)), "gain": -99.0} for row in rows], schema=SCHEMAS["metrics"]
    )


def trial_rows(*trial_ids: str) -> pa.Table:
    return pa.Table.from_pylist([{"trial_id": name} for name in trial_ids], schema=SCHEMAS["trials"])


def test_references_are_those_given_and_nan_elsewhere() -> None:
    age, cost, ward = tasks(age=2.0, ward=0.5)["reference"].to_pylist()
    assert (age, ward) == (2.0, 0.5)
    assert math.isnan(cost)


@pytest.mark.parametrize(
    ("row", "gain"),
    [
        (("t", "age", "valid", "rmse", 1.5), 25.0),  # lower is better: 2.0 to 1.5
        (("t", "age", "valid", "rmse", 2.5), -25.0),
        (("t", "ward", "valid", "acc", 0.6), 20.0),
        (("t", "cost", "valid", "r2", 0.5), NAN),  # the reference is within the floor
        (("t", "age", "valid", "mae", 1.5), -99.0),  # not the default metric
        (("t", "age", "test", "rmse", 1.5), -99.0),  # not valid
        (("t", "age", "valid", "rmse", NAN), NAN),
    ],
)
def test_gains_by_hand(row: tuple[str, str, str, str, float], gain: float) -> None:
    filled = fill_gains(metrics(row), tasks(age=2.0, cost=0.01, ward=0.5))["gain"].to_pylist()
    assert filled == pytest.approx([gain], nan_ok=True)


def test_mean_gains_are_weighted_by_task() -> None:
    measured = metrics(("both", "age", "valid", "rmse", 1.5), ("both", "cost", "valid", "r2", 0.6))
    rows = tasks(age=2.0, cost=0.5)
    weighted = rows.set_column(rows.schema.get_field_index("weight"), "weight", pa.array([0.5, 1.0, 1.0]))
    filled = fill_gains(measured, rows)
    gains = fill_mean_gains(trial_rows("both"), filled, weighted)["mean_gain"].to_pylist()
    assert gains == pytest.approx([(0.5 * 25.0 + 20.0) / 1.5])


def test_mean_gains_count_main_members_only() -> None:
    trials = trial_rows("both", "ward", "none")
    measured = metrics(
        ("both", "age", "valid", "rmse", 1.5),
        ("both", "cost", "valid", "r2", 0.55),
        ("both", "ward", "valid", "acc", 0.9),
        ("both", "age", "train", "rmse", 0.1),
        ("both", "age", "valid", "mae", 0.1),
        ("ward", "ward", "valid", "acc", 0.9),
    )
    known = tasks(age=2.0, cost=0.5, ward=0.5)
    filled = fill_mean_gains(trials, fill_gains(measured, known), known)
    both, ward, none = filled["mean_gain"].to_pylist()
    assert both == pytest.approx((25.0 + 10.0) / 2)
    assert math.isnan(ward)
    assert math.isnan(none)
    assert filled.schema.equals(SCHEMAS["trials"])


def test_an_undefined_gain_is_left_out_of_the_mean() -> None:
    known = tasks(age=2.0)
    values = metrics(("t", "age", "valid", "rmse", 1.5), ("t", "cost", "valid", "r2", 0.5))
    filled = fill_mean_gains(trial_rows("t"), fill_gains(values, known), known)
    assert filled["mean_gain"].to_pylist() == [25.0]
