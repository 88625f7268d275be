"""What an ensemble of seeds gains, beside single networks."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mtl_search.analysis import summarise
from mtl_search.records import SummaryRecord
from tests.analysis.test_summary import DESIGNS, NETWORKS, SEEDS, serves, tables, values

GROUPS = 4
BETTER = {"age": 0.9, "death": 1.05}  # what averaging makes of the mean of single networks


def reached(network: str, task: str, group: int | None = None) -> float:
    """Made up: better than the mean of its seeds, and, without some units, by more or less."""
    mean = float(np.mean([values(network, task, seed) for seed in SEEDS])) * BETTER[task]
    return mean if group is None else mean * (1 + 0.01 * group * (network == "found"))


def ensembles(*networks: str, seeds: tuple[int, ...] = SEEDS, groups: int = GROUPS) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for network in networks:
        for task in serves(network):
            named = {"age": ("rmse", "mae"), "death": ("auroc", "f1")}[task]
            left_out = np.array([reached(network, task, group) for group in range(groups)])
            common = {"config_id": network, "seeds": np.array(seeds), "task": task}
            rows.append({**common, "metric": named[0], "value": reached(network, task), "left_out": left_out})
            rows.append({**common, "metric": named[1], "value": 7.0, "left_out": None})
    frame = pd.DataFrame(rows)
    return frame.assign(is_default=frame["metric"].isin(["rmse", "auroc"]))


def summarised(frame: pd.DataFrame | None, groups: int = GROUPS) -> dict[str, SummaryRecord]:
    return {row.design_id: row for row in summarise(*tables(groups=groups), ensembles=frame)}


FOUND = "found, found"


def test_gains_are_over_the_mean_of_single_networks_by_hand() -> None:
    row = summarised(ensembles(*NETWORKS))[FOUND]
    assert row.ensemble_size == len(SEEDS)
    age, death = row.tasks
    assert (age.ensemble_value, death.ensemble_value) == (reached("found", "age"), reached("found", "death"))
    assert age.ensemble_gain == pytest.approx((10.0 - age.ensemble_value) / 10.0 * 100)
    assert death.ensemble_gain == pytest.approx((death.ensemble_value - 0.8) / 0.8 * 100)
    assert row.ensemble_delta_m == pytest.approx((age.ensemble_gain + death.ensemble_gain) / 2)
    assert row.ensemble_delta_m > row.delta_m


def test_its_interval_is_the_jackknife_s_over_units_by_hand() -> None:
    row = summarised(ensembles(*NETWORKS))[FOUND]
    age = [(10.0 - reached("found", "age", group)) / 10.0 * 100 for group in range(GROUPS)]
    error = math.sqrt((GROUPS - 1) * np.var(age))
    reach = stats.t(df=GROUPS - 1).ppf(0.975) * error
    task = row.tasks[0]
    ends = task.ensemble_gain_low, task.ensemble_gain_high
    assert ends == pytest.approx((task.ensemble_gain - reach, task.ensemble_gain + reach))
    assert row.ensemble_delta_m_low < row.ensemble_delta_m < row.ensemble_delta_m_high


def test_references_have_one_too_and_a_mixed_design_that_of_each_network() -> None:
    rows = summarised(ensembles(*NETWORKS))
    assert set(rows) == {design.design_id for design in DESIGNS}
    single, mixed = rows["single age, single death"], rows["found, single death"]
    assert single.ensemble_delta_m == pytest.approx((10 + 5) / 2)
    assert mixed.tasks[0].ensemble_gain == rows[FOUND].tasks[0].ensemble_gain
    assert mixed.tasks[1].ensemble_gain == single.tasks[1].ensemble_gain


def test_no_other_number_depends_on_them() -> None:
    def others(row: SummaryRecord) -> list[str]:
        found = [(name, repr(getattr(row, name))) for name in row.__slots__ if name != "tasks"]
        tasks = [(name, repr(getattr(task, name))) for task in row.tasks for name in task.__slots__]
        return [f"{name} {value}" for name, value in (*found, *tasks) if not name.startswith("ensemble_")]

    with_them, without = summarised(ensembles(*NETWORKS)), summarised(None)
    assert list(with_them) == list(without)
    assert {key: others(row) for key, row in with_them.items()} == {
        key: others(row) for key, row in without.items()
    }
    assert {row.ensemble_size for row in without.values()} == {None}


@pytest.mark.parametrize(
    "frame", [ensembles("single age", "found", "tuned"), ensembles(*NETWORKS, seeds=(1, 2))]
)
def test_where_a_network_lacks_one_on_these_seeds_there_is_none(frame: pd.DataFrame) -> None:
    row = summarised(frame)["found, single death"]
    assert row.ensemble_size is None
    assert all(math.isnan(task.ensemble_gain) for task in row.tasks)
    assert math.isfinite(row.delta_m)


def test_without_resamples_there_is_no_interval() -> None:
    row = summarised(ensembles(*NETWORKS, groups=0), groups=0)[FOUND]
    assert math.isfinite(row.ensemble_delta_m)
    assert math.isnan(row.ensemble_delta_m_low)
