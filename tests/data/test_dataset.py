"""The Dataset as a whole: what a search sees, and its summary."""

import pickle

import pytest
import torch

from mtl_search.data import Dataset
from mtl_search.records import Split
from tests.fixtures.data import TINY_TASKS, tiny_dataset


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return tiny_dataset(200)


def test_without_test_there_are_no_test_rows(dataset: Dataset) -> None:
    search = dataset.without_test()
    assert search.test is None
    assert list(search.splits) == [Split.TRAIN, Split.VALID]
    assert list(search.summary().rows) == [Split.TRAIN, Split.VALID]
    assert search.fingerprint == dataset.fingerprint
    assert dataset.test is not None
    secret = dataset.test.targets["cost"][:8].numpy().tobytes()
    assert secret in pickle.dumps(dataset)
    assert secret not in pickle.dumps(search)


def test_splits_have_all_tasks_and_inputs(dataset: Dataset) -> None:
    for rows in dataset.splits.values():
        assert list(rows.targets) == list(rows.labelled) == list(TINY_TASKS)
        assert rows.inputs["numeric"].shape == (len(rows), dataset.input_shape.n_numeric)
        assert rows.inputs["categorical"].shape[1] == len(dataset.input_shape.cardinalities)
        for name, labelled in rows.labelled.items():
            assert labelled.any()
            assert not rows.targets[name][~labelled].any()


def test_summary_counts(dataset: Dataset) -> None:
    summary = dataset.summary()
    assert sum(summary.rows.values()) == 200
    assert summary.numeric == ("age", "pressure", "smoker")
    assert summary.missing_indicators == ("pressure",)
    assert summary.categorical == {"ward": 4, "code": 3}
    for task in summary.tasks:
        assert task.kind == TINY_TASKS[task.name]
        for which, rows in dataset.splits.items():
            assert task.labelled[which] == int(rows.labelled[task.name].sum())
    assert [task.metric for task in summary.tasks] == ["auroc", "accuracy", "auroc", "rmse"]


def test_summary_says_nothing_of_test_labels(dataset: Dataset) -> None:
    assert dataset.test is not None
    before = dataset.summary()
    poisoned = pickle.loads(pickle.dumps(dataset))
    for values in poisoned.test.targets.values():
        values.fill_(1)
    assert poisoned.summary() == before


def test_a_dataset_survives_pickling(dataset: Dataset) -> None:
    again = pickle.loads(pickle.dumps(dataset))
    assert again.summary() == dataset.summary()
    assert again.tasks == dataset.tasks
    assert torch.equal(again.valid.inputs["numeric"], dataset.valid.inputs["numeric"])
