import dataclasses
import math

import pytest

from mtl_search.leaderboard.rows import (
    belief_rows,
    epoch_rows,
    gate_rows,
    metric_rows,
    param_rows,
    resample_rows,
    to_records,
    trial_rows,
)
from mtl_search.leaderboard.schema import SCHEMAS
from mtl_search.records import Belief, MeanGate, Metric, Phase, Resample, Split, TrialState
from tests.fixtures.boards import synthetic_trial

DEFAULTS = {"age": "rmse", "death": "auroc"}


def test_a_record_survives_the_tables_but_for_history_and_resamples() -> None:
    affinities = {("age", "death"): 0.1, ("death", "age"): -0.2}
    trial = synthetic_trial(
        "a", metrics=(Metric("age", Split.VALID, "rmse", 2.0, 3.0),), affinities=affinities
    )
    (back,) = to_records(trial_rows([trial]), metric_rows([trial], DEFAULTS))
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
    assert to_records(trial_rows([trial]), metric_rows([trial], DEFAULTS)) == [trial]


def test_undefined_values_stay_nan_and_are_not_null() -> None:
    trial = synthetic_trial("a", mean_gain=math.nan, metrics=(Metric("age", Split.VALID, "r2", math.nan),))
    row, metrics = trial_rows([trial]), metric_rows([trial], DEFAULTS)
    assert row["mean_gain"].null_count == 0
    assert math.isnan(row["mean_gain"][0].as_py())
    assert metrics["gain"].null_count == 0
    assert math.isnan(metrics["gain"][0].as_py())


def test_rows_have_the_written_schema() -> None:
    trial = synthetic_trial("a", resamples=(Resample("age", 0, 1.0),))
    assert trial_rows([trial]).schema.equals(SCHEMAS["trials"])
    assert metric_rows([trial], DEFAULTS).schema.equals(SCHEMAS["metrics"])
    assert param_rows(trial_rows([trial])).schema.equals(SCHEMAS["params"])
    assert epoch_rows([trial]).schema.equals(SCHEMAS["epochs"])
    (resample,) = resample_rows([trial]).to_pylist()
    assert resample == {"trial_id": "a", "task": "age", "left_out": 0, "value": 1.0, "split": "test"}


def test_gates_survive() -> None:
    gates = (MeanGate("age", 0, "shared 1", 0.25), MeanGate("age", 0, "age 1", 0.75))
    trial = synthetic_trial("a", gates=gates)
    rows = gate_rows([trial])
    assert rows.schema.equals(SCHEMAS["gates"])
    (back,) = to_records(trial_rows([trial]), metric_rows([trial], DEFAULTS), gates=rows)
    assert back.gates == gates


def test_beliefs_survive() -> None:
    beliefs = (
        Belief("age", 1.5, 0.5, "explore never trained"),
        Belief("death", -1.0, 2.0, "explore never trained"),
    )
    trial = synthetic_trial("a", beliefs=beliefs)
    rows = belief_rows([trial])
    assert rows.schema.equals(SCHEMAS["beliefs"])
    (back,) = to_records(trial_rows([trial]), metric_rows([trial], DEFAULTS), beliefs=rows)
    assert back.beliefs == beliefs


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


def test_metrics_say_of_which_trial_they_are_and_which_is_the_default() -> None:
    metrics = (Metric("age", Split.VALID, "rmse", 1.0), Metric("age", Split.VALID, "mae", 1.0))
    trial = synthetic_trial("a", metrics=metrics, arm="shared_equal", phase=Phase.REPLICATION)
    default, other = metric_rows([trial], DEFAULTS).to_pylist()
    assert (default["arm"], default["phase"], default["state"]) == ("shared_equal", "replication", "complete")
    assert (default["is_default"], other["is_default"]) == (True, False)


@pytest.mark.parametrize(
    ("value", "number", "text", "flag"),
    [
        ("0.001", 0.001, None, None),
        ("3", 3.0, None, None),
        ('"gelu"', None, "gelu", None),
        ('"3"', None, "3", None),
        ("false", None, None, False),
        ("null", None, None, None),
    ],
)
def test_parameters_have_their_type(
    value: str, number: float | None, text: str | None, flag: bool | None
) -> None:
    (row,) = param_rows(trial_rows([synthetic_trial("a", params={"x": value})])).to_pylist()
    assert row == {"trial_id": "a", "name": "x", "number": number, "text": text, "flag": flag}


def test_members_are_a_text_as_well() -> None:
    assert trial_rows([synthetic_trial("a")])["members_text"].to_pylist() == ["age+death"]


def test_metrics_find_their_trial() -> None:
    one = synthetic_trial("one", metrics=(Metric("age", Split.VALID, "rmse", 1.0),))
    two = synthetic_trial("two", metrics=())
    back = to_records(trial_rows([two, one]), metric_rows([one], DEFAULTS))
    assert [len(record.metrics) for record in back] == [0, 1]
