from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from mtl_search.analysis.confirmation import Runs, confirmed_designs
from mtl_search.records import DesignRecord
from tests.fixtures.frames import design, metrics, trials

NONE = pd.DataFrame({"trial_id": [], "task": [], "left_out": [], "value": [], "split": []})


def runs(*again: dict[str, Any], values: Iterable[Any] = (), resamples: pd.DataFrame = NONE) -> Runs:
    searched = ({"trial_id": "a", "config_id": "A"}, {"trial_id": "b", "config_id": "B"})
    confirmed = ({"phase": "confirmation", **row} for row in again)
    return Runs.read(trials(*searched, *confirmed), metrics(*values), resamples)


def designs(*networks: tuple[str, str]) -> list[DesignRecord]:
    return [
        design("search", design_id=f"{age} {death}", configs={"age": age.upper(), "death": death.upper()})
        for age, death in networks
    ]


def test_a_network_that_two_designs_share_is_found_by_its_configuration() -> None:
    found = runs(
        {"trial_id": "x", "config_id": "A", "seed": 7, "train_seconds": 3.0},
        {"trial_id": "y", "config_id": "B", "seed": 7, "train_seconds": 4.0},
        values=[
            ("x", "age", "test", 1.0, 0.0),
            ("x", "death", "test", 2.0, 0.0),
            ("y", "death", "test", 3.0, 0.0),
        ],
    )
    one, two = confirmed_designs(designs(("a", "a"), ("a", "b")), found, ("age", "death"))
    assert one.values_ST.tolist() == [[1.0, 2.0]]
    assert two.values_ST.tolist() == [[1.0, 3.0]]
    assert (one.seconds_S.tolist(), two.seconds_S.tolist()) == ([3.0], [7.0])


def test_only_seeds_with_every_network_count() -> None:
    found = runs(
        {"trial_id": "x1", "config_id": "A", "seed": 1},
        {"trial_id": "x2", "config_id": "A", "seed": 2},
        {"trial_id": "y2", "config_id": "B", "seed": 2},
        {"trial_id": "y1", "config_id": "B", "seed": 1, "state": "failed"},
    )
    one, two = confirmed_designs(designs(("a", "a"), ("a", "b")), found, ("age", "death"))
    assert one.seeds == (1, 2)
    assert two.seeds == (2,)


def test_a_design_without_a_common_seed_is_left_out() -> None:
    found = runs(
        {"trial_id": "x", "config_id": "A", "seed": 1}, {"trial_id": "y", "config_id": "B", "seed": 2}
    )
    assert len(confirmed_designs(designs(("a", "a"), ("a", "b")), found, ("age", "death"))) == 1


def test_only_default_metrics_on_test_are_read() -> None:
    found = runs(
        {"trial_id": "x", "config_id": "A", "seed": 1},
        values=[("x", "age", "valid", 1.0, 0.0), ("a", "age", "test", 2.0, 0.0)],
    )
    assert found.values == {}
    (design,) = confirmed_designs(designs(("a", "a")), found, ("age", "death"))
    assert np.isnan(design.values_ST).all()


def test_a_network_trained_twice_on_a_seed_counts_once() -> None:
    found = runs(
        {"trial_id": "x", "config_id": "A", "seed": 1, "train_seconds": 3.0},
        {"trial_id": "z", "config_id": "A", "seed": 1, "train_seconds": 9.0},
        values=[("x", "age", "test", 1.0, 0.0), ("z", "age", "test", 5.0, 0.0)],
    )
    (design,) = confirmed_designs(designs(("a", "a")), found, ("age",))
    assert (design.values_ST.tolist(), design.seconds_S.tolist()) == ([[1.0]], [3.0])


def test_resamples_are_by_group_seed_and_task() -> None:
    left_out = pd.DataFrame(
        {
            "trial_id": ["x", "x", "x"],
            "task": ["age", "age", "age"],
            "left_out": [0, 1, 0],
            "value": [1.5, 2.5, 9.0],
            "split": ["test", None, "valid"],  # null in tables that were written before there were others
        }
    )
    found = runs({"trial_id": "x", "config_id": "A", "seed": 1}, resamples=left_out)
    (design,) = confirmed_designs(designs(("a", "a")), found, ("age", "death"))
    assert design.resampled_GST.shape == (2, 1, 2)
    assert design.resampled_GST[:, 0, 0].tolist() == [1.5, 2.5]
    assert np.isnan(design.resampled_GST[:, 0, 1]).all()


def test_some_of_the_seeds() -> None:
    again = [
        {"trial_id": f"x{seed}", "config_id": "A", "seed": seed, "train_seconds": seed} for seed in (1, 2, 3)
    ]
    values = [(f"x{seed}", "age", "test", 10.0 * seed, 0.0) for seed in (1, 2, 3)]
    (design,) = confirmed_designs(designs(("a", "a")), runs(*again, values=values), ("age",))
    part = design.on((3, 1))
    assert part.values_ST.tolist() == [[30.0], [10.0]]
    assert part.seconds_S.tolist() == [3.0, 1.0]
