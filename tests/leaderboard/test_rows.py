import dataclasses
import math

from mtl_search.leaderboard.rows import epoch_rows, metric_rows, resample_rows, to_records, trial_rows
from mtl_search.leaderboard.schema import SCHEMAS
from mtl_search.records import Metric, Phase, Resample, Split, TrialState
from tests.fixtures.boards import synthetic_trial


def test_a_record_survives_the_tables_but_for_history_and_resamples() -> None:
    affinities = {("age", "death"): 0.1, ("death", "age"): -0.2}
    trial = synthetic_trial(
        "a", metrics=(Metric("age", Split.VALID, "rmse", 2.0, 3.0),), affinities=affinities
    )
    (back,) = to_records(trial_rows([trial]), metric_rows([trial]))
    assert back == dataclasses.replace(trial, history=())


def test_a_failed_trial_survives() -> None:
    trial = synthetic_trial(
        "a",
        phase=Phase.CONFIRMATION,
        state=TrialState.FAILED,
        error="loss of 'age' is not finite\nat epoch 1",
        best_epoch=None,
        duplicate_of="b",
        metrics=(),
        history=(),
        params={},
        versions={},
        score=math.inf,
        lost=True,
    )
    assert to_records(trial_rows([trial]), metric_rows([trial])) == [trial]


def test_undefined_values_stay_nan_and_are_not_null() -> None:
    trial = synthetic_trial("a", mean_gain=math.nan, metrics=(Metric("age", Split.VALID, "r2", math.nan),))
    row, metrics = trial_rows([trial]), metric_rows([trial])
    assert row["mean_gain"].null_count == 0
    assert math.isnan(row["mean_gain"][0].as_py())
    assert metrics["gain"].null_count == 0
    assert math.isnan(metrics["gain"][0].as_py())


def test_rows_have_the_written_schema() -> None:
    trial = synthetic_trial("a", resamples=(Resample("age", 0, 1.0),))
    assert trial_rows([trial]).schema.equals(SCHEMAS["trials"])
    assert metric_rows([trial]).schema.equals(SCHEMAS["metrics"])
    assert epoch_rows([trial]).schema.equals(SCHEMAS["epochs"])
    (resample,) = resample_rows([trial]).to_pylist()
    assert resample == {"trial_id": "a", "task": "age", "left_out": 0, "value": 1.0, "split": "test"}


def test_epochs_have_a_row_for_each_member() -> None:
    trial = synthetic_trial("a")
    rows = epoch_rows([trial]).to_pylist()
    assert [(row["epoch"], row["task"]) for row in rows] == [
        (epoch, task) for epoch in (1, 2) for task in ("age", "death")
    ]
    assert rows[0]["train_loss"] == 1.0
    assert rows[2]["train_loss"] == 0.5


def test_what_a_member_lacks_in_an_epoch_is_nan() -> None:
    report = dataclasses.replace(synthetic_trial("a").history[0], weights={"age": 2.0}, train_loss={})
    rows = epoch_rows([synthetic_trial("a", history=(report,))]).to_pylist()
    assert rows[0]["weight"] == 2.0
    assert math.isnan(rows[1]["weight"])
    assert all(math.isnan(row["train_loss"]) for row in rows)


def test_metrics_find_their_trial() -> None:
    one = synthetic_trial("one", metrics=(Metric("age", Split.VALID, "rmse", 1.0),))
    two = synthetic_trial("two", metrics=())
    back = to_records(trial_rows([two, one]), metric_rows([one]))
    assert [len(record.metrics) for record in back] == [0, 1]
