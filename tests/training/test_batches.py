"""Batches of mapped rows are those of rows in memory, and so is what a network learns of them."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from mtl_search.data import Dataset
from mtl_search.data.cache import Cache, Part
from mtl_search.records import Split
from mtl_search.training import Score, Training, TrialConfig
from mtl_search.training.batches import Batches


@pytest.fixture(scope="module")
def mapped(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    cache, splits = Cache(tmp_path_factory.mktemp("cache")), dataset.splits
    counts = {which: len(rows) for which, rows in splits.items()}
    cache.write("key", "tiny", counts, (Part(which, rows) for which, rows in splits.items()))
    found = cache.read("key")
    assert found is not None
    train, valid, test = (found[0][which] for which in Split)
    return replace(dataset, train=train, valid=valid, test=test)


def test_batches_are_equal(dataset: Dataset, mapped: Dataset) -> None:
    order_N = torch.randperm(len(dataset.train), generator=torch.Generator().manual_seed(0))
    cpu = torch.device("cpu")
    ours, theirs = (Batches(of.train, order_N, 33, cpu) for of in (dataset, mapped))
    assert torch.equal(ours.labelled("ill"), theirs.labelled("ill"))
    last = (len(order_N) - 1) // 33
    for step in (0, 1, last):
        one, other = ours[step], theirs[step]
        assert len(one) == len(other) == len(order_N[step * 33 : (step + 1) * 33])
        assert torch.equal(one.inputs["numeric"], other.inputs["numeric"])
        assert torch.equal(one.targets["stage"].nan_to_num(), other.targets["stage"].nan_to_num())


def test_a_network_learns_the_same_to_the_bit(
    dataset: Dataset, mapped: Dataset, make_config: Callable[..., TrialConfig]
) -> None:
    score = Score({name: task.metric for name, task in dataset.tasks.items()})
    found = []
    for of in (dataset, mapped):
        training = Training(make_config(epochs=2), of, seed=3, score=score, affinities=True)
        reports = [replace(training.run_epoch(), seconds=0.0) for _ in range(2)]
        found.append((reports, training.affinities, training.weights()))
    (reports, affinities, weights), (reports_mapped, affinities_mapped, weights_mapped) = found
    assert reports == reports_mapped
    assert affinities
    assert affinities == affinities_mapped
    assert all(torch.equal(values, weights_mapped[name]) for name, values in weights.items())
