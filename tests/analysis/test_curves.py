import math
from typing import Any

import pandas as pd
import pytest

from mtl_search.analysis import learning_curves, search_history, weight_trajectories
from tests.fixtures.frames import trials


def epochs(*rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["trial_id", "epoch", "task", "train_loss", "valid", "weight"])


def test_curves_are_quartiles_over_the_arms_complete_trials() -> None:
    frame = trials(*({"trial_id": name} for name in "abc"), {"trial_id": "p", "state": "pruned"})
    rows = [
        (name, 1, "age", loss, 10 * loss, 1.0)
        for name, loss in zip("abcp", (1.0, 2.0, 4.0, 99.0), strict=True)
    ]
    (row,) = (
        learning_curves(epochs(*rows, ("a", 2, "age", 0.5, 5.0, 1.0)), frame)
        .query("epoch == 1")
        .to_dict("records")
    )
    assert (row["arm"], row["task"], row["n_trials"]) == ("search", "age", 3)
    assert (row["train_loss_low"], row["train_loss_median"], row["train_loss_high"]) == (1.5, 2.0, 3.0)
    assert row["valid_median"] == 20.0


def test_fewer_trials_reach_later_epochs() -> None:
    frame = trials({"trial_id": "a"}, {"trial_id": "b"})
    table = learning_curves(
        epochs(*((n, e, "age", 1.0, 1.0, 1.0) for n, e in (("a", 1), ("a", 2), ("b", 1)))), frame
    )
    assert table["n_trials"].tolist() == [2, 1]


def test_weights_are_relative_to_their_mean() -> None:
    frame = trials({"trial_id": "a", "weighting": "fixed"}, {"trial_id": "b", "weighting": "fixed"})
    rows = [("a", 1, "age", 0, 0, 3.0), ("a", 1, "death", 0, 0, 1.0)]
    scaled = [("b", 1, "age", 0, 0, 300.0), ("b", 1, "death", 0, 0, 100.0)]
    table = weight_trajectories(epochs(*rows, *scaled), frame).set_index("task")
    assert table["weight_median"].to_dict() == pytest.approx({"age": 1.5, "death": 0.5})
    assert table["n_trials"].tolist() == [2, 2]


def test_networks_of_one_task_have_no_weights_to_show() -> None:
    frame = trials({"trial_id": "a", "members": ["age"]})
    assert len(weight_trajectories(epochs(("a", 1, "age", 0, 0, 1.0)), frame)) == 0


def test_weights_that_are_all_zero_are_undefined() -> None:
    frame = trials({"trial_id": "a"})
    rows = [("a", 1, task, 0, 0, 0.0) for task in ("age", "death")]
    assert weight_trajectories(epochs(*rows), frame)["weight_median"].isna().all()


def test_history_is_in_the_order_trials_ended() -> None:
    frame = trials(
        {"trial_id": "late", "finished": 9, "mean_gain": 5.0, "device_seconds": 2.0},
        {"trial_id": "first", "finished": 1, "mean_gain": -1.0, "device_seconds": 3.0},
        {"trial_id": "pruned", "finished": 2, "mean_gain": 50.0, "state": "pruned", "device_seconds": 1.0},
        {"trial_id": "worse", "finished": 3, "mean_gain": -2.0, "device_seconds": 1.0},
        {"trial_id": "other", "finished": 4, "mean_gain": 0.0, "arm": "shared"},
        {"trial_id": "copy", "finished": 5, "mean_gain": 9.0, "duplicate_of": "first"},
        {"trial_id": "test", "finished": 6, "mean_gain": 9.0, "phase": "confirmation"},
    )
    table = search_history(frame)
    search = table[table["arm"] == "search"]
    assert search["trial_id"].tolist() == ["first", "pruned", "worse", "late"]
    assert search["number"].tolist() == [1, 2, 3, 4]
    assert search["best"].tolist() == [-1.0, -1.0, -1.0, 5.0]
    assert search["device_seconds"].tolist() == [3.0, 4.0, 5.0, 7.0]
    assert table.loc[table["arm"] == "shared", "best"].tolist() == [0.0]


def test_before_the_first_complete_trial_there_is_no_best() -> None:
    frame = trials(
        {"trial_id": "f", "state": "failed", "mean_gain": math.nan}, {"trial_id": "a", "mean_gain": 1.0}
    )
    assert math.isnan(search_history(frame)["best"][0])
    assert search_history(frame)["best"][1] == 1.0
