"""The tiny tables: the same for a seed, every kind of column, learnable."""

import pytest
import torch

from mtl_search.testing.data import TINY_TASKS, task_configs, tiny_dataset, tiny_table


def test_a_seed_gives_the_same_table() -> None:
    assert tiny_table(50, seed=3).equals(tiny_table(50, seed=3))
    assert not tiny_table(50, seed=3).equals(tiny_table(50, seed=4))


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_labels_are_missing_as_told(missing: float) -> None:
    table = tiny_table(1000, missing=missing)
    for name in TINY_TASKS:
        assert table[name].null_count == pytest.approx(1000 * missing, abs=60)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rows", [60, 200])
def test_datasets_have_every_task_and_no_warning(rows: int, seed: int) -> None:
    dataset = tiny_dataset(rows, seed)
    assert [task.kind for task in dataset.tasks.values()] == list(TINY_TASKS.values())
    assert dataset.warnings == ()
    assert sum(dataset.summary().rows.values()) == rows


def test_a_linear_model_learns_the_targets() -> None:
    dataset = tiny_dataset(400, tasks={"cost": "regression"})
    features, valid = (
        torch.cat([torch.ones(len(rows), 1), rows.inputs["numeric"], rows.inputs["categorical"].float()], 1)
        for rows in (dataset.train, dataset.valid)
    )
    labelled, known = dataset.train.labelled["cost"], dataset.valid.labelled["cost"]
    weights = torch.linalg.lstsq(features[labelled], dataset.train.targets["cost"][labelled, None]).solution
    metrics = dataset.tasks["cost"].evaluate((valid @ weights)[known], dataset.valid.targets["cost"][known])
    assert metrics["r2"] > 0.6


def test_options_are_checked() -> None:
    with pytest.raises(ValueError, match="kind"):
        task_configs({"y": "ranking"})
