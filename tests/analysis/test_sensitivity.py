import math
from typing import Any

import pandas as pd
import pytest

from mtl_search.analysis import learning_rate_profile, learning_rate_spread
from tests.fixtures.frames import trials


def tried(arm: str, *pairs: tuple[str, float]) -> list[dict[str, Any]]:
    return [{"arm": arm, "params": {"optimizer.lr": rate}, "mean_gain": gain} for rate, gain in pairs]


def profile(*rows: dict[str, Any]) -> pd.DataFrame:
    return learning_rate_profile(trials(*({"trial_id": str(i), **row} for i, row in enumerate(rows))))


def test_bins_are_half_decades() -> None:
    table = profile(*tried("x", ("0.001", 1.0), ("0.003", 3.0), ("0.0032", 2.0), ("0.01", 0.0)))
    assert table["n_trials"].tolist() == [2, 1, 1]
    assert table["best"].tolist() == [3.0, 2.0, 0.0]
    assert table["median"].tolist() == [2.0, 2.0, 0.0]
    assert table["lr_low"].tolist() == pytest.approx([1e-3, 10**-2.5, 1e-2])
    assert table["lr_high"].tolist() == pytest.approx([10**-2.5, 1e-2, 10**-1.5])


def test_the_spread_is_between_the_best_of_bins_with_enough_trials() -> None:
    rows = tried("x", ("1e-3", 1.0), ("1e-3", 4.0), ("1e-2", -2.0), ("1e-2", -5.0), ("1e-1", -90.0))
    rows += tried("y", ("1e-3", 1.0), ("1e-3", 1.0))
    table: Any = learning_rate_spread(profile(*rows)).set_index("arm")
    assert table.loc["x", "spread"] == pytest.approx(6.0)
    assert table.loc["x", "n_bins"] == 2
    assert math.isnan(table.loc["y", "spread"])


def test_trials_without_a_learning_rate_or_a_gain_say_nothing() -> None:
    table = profile(
        {"arm": "x", "params": {}},
        {"arm": "x", "params": {"optimizer.lr": "0.1"}, "mean_gain": math.nan},
        {"arm": "x", "params": {"optimizer.lr": "0.1"}, "state": "pruned"},
    )
    assert len(table) == 0
    assert len(learning_rate_spread(table)) == 0


def test_an_arm_with_single_trials_has_no_spread_but_a_row() -> None:
    table = learning_rate_spread(profile(*tried("x", ("1e-3", 1.0), ("1e-2", 2.0))))
    assert table["n_bins"].tolist() == [0]
    assert math.isnan(table["spread"][0])
