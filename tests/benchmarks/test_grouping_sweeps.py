"""Sweeps with and without the Bayesian grouping: pairs that differ in it alone, and what is said of them."""

import json
import math

import pandas as pd
import pytest

from benchmarks.grouping_sweeps import DATASETS, interval, report, sweep_of


def row(grouping: str, seed: int, best: float, own: float) -> dict[str, object]:
    found = {"dataset": "yeast", "grouping": grouping, "seed": seed, "best": best, "own": own}
    return found | {"networks": 2, "sets": 9, "trials": 27, "seconds": 60}


def test_a_pair_differs_in_its_grouping_alone() -> None:
    for name in DATASETS:
        one, other = (sweep_of(name, how, 3).settings.model_dump() for how in ("bayes", "random"))
        assert one["sampler"].pop("grouping") != other["sampler"].pop("grouping")
        assert {**one, "name": ""} == {**other, "name": ""}


def test_what_is_said_is_the_mean_of_the_pairs() -> None:
    rows = [
        *(row("bayes", seed, best, math.nan) for seed, best in enumerate((1.0, 2.0, 3.5))),
        *(row("random", seed, best, 0.5) for seed, best in enumerate((0.5, 1.0, 3.0))),
        row("bayes", 9, 100.0, 1.0),
    ]
    text = report(pd.DataFrame(rows))
    found = json.loads(text.splitlines()[-1])
    assert found.keys() == {"yeast best"}, "of their own no pair has a design"
    assert found["yeast best"]["mean"] == pytest.approx((0.5 + 1.0 + 0.5) / 3)
    assert found["yeast best"]["seeds"] == 3, "a sweep without its other half is no pair"
    assert "bayes +2.17 %, random +1.50 %, difference +0.67" in text


def test_the_interval_of_one_pair_is_everything() -> None:
    assert interval(pd.Series([1.0]).to_numpy()) == (-math.inf, math.inf)
    low, high = interval(pd.Series([1.0, 3.0]).to_numpy())
    assert (low + high) / 2 == pytest.approx(2.0)
    assert (high - low) / 2 == pytest.approx(12.706, rel=1e-3), "Student's t of one degree of freedom"
