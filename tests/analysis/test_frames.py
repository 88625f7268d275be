import math
from typing import Any

import pandas as pd

from mtl_search.analysis.frames import (
    default_gains,
    main_tasks,
    metric_kinds,
    networks_searched,
    rows_of,
    searched,
)
from mtl_search.records import MetricKind
from tests.fixtures.frames import TASKS, metrics, trials, valid_gains


def test_evidence_is_complete_trials_of_the_search_each_once() -> None:
    frame = trials(
        {"trial_id": "kept"},
        {"trial_id": "pruned", "state": "pruned"},
        {"trial_id": "failed", "state": "failed"},
        {"trial_id": "confirmed", "phase": "confirmation"},
        {"trial_id": "again", "duplicate_of": "kept"},
    )
    assert searched(frame)["trial_id"].tolist() == ["kept"]


def test_other_kinds_of_model_are_no_evidence_of_networks() -> None:
    arms = ("single_task", "linear", "shared_equal", "trees", "pcgrad_shared", "search")
    frame = trials(*({"trial_id": arm, "arm": arm} for arm in arms), {"trial_id": "x", "state": "pruned"})
    kept = ["single_task", "shared_equal", "pcgrad_shared", "search"]
    assert networks_searched(frame)["trial_id"].tolist() == kept


def test_the_tasks_say_their_role_and_metric() -> None:
    assert main_tasks(TASKS) == ("age", "death")
    assert metric_kinds(TASKS)["age"] == MetricKind("rmse", higher_is_better=False, floor=0.0)


def test_gains_by_trial_and_task_are_of_the_default_metric_on_valid() -> None:
    table = metrics(("t0", "age", "valid", 9.0, 10.0), ("t0", "age", "train", 5.0, 50.0))
    other = metrics(("t0", "age", "valid", 3.0, 70.0)).assign(metric="mae", is_default=False)
    more = valid_gains({"t1": {"death": 1.0}})
    found: Any = default_gains(pd.concat([table, other, more]))
    assert found.loc["t0", "age"] == 10.0
    assert found.loc["t1", "death"] == 1.0
    assert math.isnan(found.loc["t1", "age"])


def test_a_missing_text_is_none_and_a_missing_number_is_nan() -> None:
    frame = pd.DataFrame({"verdict": pd.array(["better", None], dtype="str"), "p": [0.1, math.nan]})
    _, row = rows_of(frame)
    assert row["verdict"] is None
    assert math.isnan(row["p"])


def test_rows_are_dicts_by_column() -> None:
    assert rows_of(TASKS)[0]["task"] == "age"
