from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator

from mtl_search.analysis import importances
from mtl_search.analysis.importance import FEWEST_TRIALS, features
from tests.fixtures.frames import TASKS, trials, valid_gains


def searched(n: int, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Trials whose mean gain hangs on the learning rate, and whose gain of age hangs on death being there."""
    rng = np.random.default_rng(seed)
    rows, gains = [], {}
    for i in range(n):
        rate, dropout, both = 10 ** rng.uniform(-5, -1), rng.uniform(0, 0.5), bool(rng.random() < 0.5)
        members = ["age", "death"] if both else ["age"]
        params = {
            "optimizer.lr": f"{rate:.4g}",
            "trunk.dropout": f"{dropout:.3f}",
            "members.death": str(both),
        }
        if both:
            params |= {"weighting": "fixed", "weighting.fixed.weights.age": f"{rng.uniform(0.1, 10):.3f}"}
        rows.append(
            {
                "trial_id": f"t{i}",
                "members": members,
                "sharing": "age death / age death / age | death" if both else "age / age / age",
                "weighting": "fixed" if both else "equal",
                "params": params,
                "mean_gain": -((np.log10(rate) + 3) ** 2) + rng.normal(0, 0.05),
            }
        )
        gains[f"t{i}"] = {"age": 5.0 * both + rng.normal(0, 0.1)} | ({"death": rng.normal()} if both else {})
    return trials(*rows), valid_gains(gains)


def test_what_decides_is_named_first() -> None:
    table = importances(*searched(200), TASKS)
    overall = table[table["target"] == "delta_m"].set_index("feature")["importance"]
    assert overall.idxmax() == "optimizer.lr"
    assert overall["optimizer.lr"] > 0.5
    age = table[table["target"] == "age"].set_index("feature")["importance"]
    assert age.idxmax() in ("with death", "members")  # the same thing here
    assert age["optimizer.lr"] < 0.2


@pytest.mark.parametrize(
    "evaluator", [PedAnovaImportanceEvaluator, lambda: FanovaImportanceEvaluator(seed=0)]
)
def test_shares_sum_to_one_for_each_target(
    evaluator: Callable[..., Any] | type[PedAnovaImportanceEvaluator],
) -> None:
    table = importances(*searched(60), TASKS, evaluator=evaluator)
    assert set(table["target"]) == {"delta_m", "age", "death"}
    for _, rows in table.groupby("target"):
        assert rows["importance"].sum() == pytest.approx(1.0)
        assert (rows["importance"] >= 0).all()


def test_models_of_another_kind_say_nothing_of_networks() -> None:
    frame, metrics = searched(60)
    others = frame.head(20).assign(trial_id=[f"o{i}" for i in range(20)], arm="trees", mean_gain=50.0)
    gains = valid_gains({f"o{i}": {"age": 50.0} for i in range(20)})
    mixed = importances(pd.concat([frame, others]), pd.concat([metrics, gains]), TASKS)
    assert mixed.equals(importances(frame, metrics, TASKS))


def test_it_is_the_same_every_time() -> None:
    assert importances(*searched(50), TASKS).equals(importances(*searched(50), TASKS))


def test_too_few_trials_say_nothing() -> None:
    assert len(importances(*searched(FEWEST_TRIALS - 1), TASKS)) == 0


def test_equal_values_say_nothing() -> None:
    frame, metrics = searched(40)
    table = importances(frame.assign(mean_gain=1.0), metrics, TASKS)
    assert "delta_m" not in set(table["target"])


def test_features_of_a_network_and_of_a_single_task() -> None:
    frame, _ = searched(40)
    described = dict(zip(frame["members"].map(len), features(frame), strict=True))
    alone, together = described[1], described[2]
    assert alone["with age"] is True
    assert alone["with death"] is False
    assert alone["members"] == 1
    assert "shared stages" not in alone
    assert "weighting" not in alone
    assert together["shared stages"] == 2.0  # two of the three stages
    assert together["weighting"] == "fixed"
    assert isinstance(together["weight of age"], float)
    assert "members.death" not in together


def test_shared_stages_are_a_mean_over_pairs() -> None:
    tree = "a b c / a b | c / a | b | c"  # a and b share two stages, the other pairs one
    frame = trials({"trial_id": "t", "members": ["a", "b", "c"], "sharing": tree})
    assert features(frame)[0]["shared stages"] == pytest.approx(4 / 3)


def test_ways_of_sharing_are_a_feature_with_their_options() -> None:
    soft = {"sharing": "mmoe(experts=4)", "params": {"sharing.experts": "4"}}
    tree, experts = features(trials({}, soft))
    assert (tree["sharing"], experts["sharing"]) == ("hard", "mmoe")
    assert "shared stages" in tree
    assert "shared stages" not in experts
    assert experts["sharing.experts"] == 4.0


def test_a_parameter_that_is_no_number_in_one_trial_is_a_category() -> None:
    frame = trials({"params": {"size": "64"}}, {"params": {"size": "auto"}}, {"params": {"depth": "2"}})
    assert [row.get("size") for row in features(frame)] == ["64", "auto", None]
    assert features(frame)[2]["depth"] == 2.0


def test_a_thousand_trials_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtl_search.analysis.importance.MOST_TRIALS", 30)
    table = importances(*searched(95), TASKS)
    assert table.groupby("target")["importance"].sum().tolist() == pytest.approx([1.0] * 3)


def test_weights_of_a_task_are_one_feature_in_all_alternatives() -> None:
    frame = trials(
        {"params": {"weighting.weights.age": "1.5", "weighting": "fixed"}},
        {"params": {"weighting.fixed.weights.age": "0.5", "weighting.name": '"fixed"', "kind": '"a"'}},
    )
    one, two = features(frame)
    assert (one["weight of age"], two["weight of age"]) == (1.5, 0.5)
    assert two["kind"] == "a"
    assert not any(name.startswith("weighting.") for name in (*one, *two))
