"""Training copies of a row: each as if it were alone, judged by what they say together."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from mtl_search.data import Dataset
from mtl_search.training import Score, Training, TrialConfig
from mtl_search.training import evaluation as module
from mtl_search.training.evaluation import Evaluator

MakeConfig = Callable[..., TrialConfig]
NAMES = ("cost", "ill", "stage", "topics")


def training(config: TrialConfig, dataset: Dataset, *, affinities: bool = False) -> Training:
    score = Score({name: task.metric for name, task in dataset.tasks.items()})
    return Training(config, dataset, seed=0, score=score, affinities=affinities)


@pytest.mark.parametrize("weighed", [False, True])
def test_a_loss_is_the_mean_of_the_losses_of_the_copies(
    dataset: Dataset, make_config: MakeConfig, weighed: bool
) -> None:
    """Of every kind of task, some labels missing; no gradient of a copy's head is another's."""
    rows = dataset.train
    weights_N = 1.0 + torch.arange(len(rows)) % 4 if weighed else None
    data = replace(
        dataset,
        train=replace(rows, weights_N=weights_N),
        valid=replace(dataset.valid, weights_N=torch.ones(len(dataset.valid)) if weighed else None),
    )
    config = make_config(*NAMES, copies=3, batch_size=1000, epochs=1)
    outputs = training(config, data).network.copies_of(rows.inputs)
    report = training(config, data).run_epoch()
    for name in NAMES:
        labelled_N = rows.labelled[name]
        weights = [] if weights_N is None else [weights_N / weights_N[labelled_N].mean()]
        of_copies = [
            float(dataset.tasks[name].loss(of_NK, rows.targets[name], labelled_N, *weights).detach())
            for of_NK in outputs[name].chunk(3)
        ]
        assert len(set(of_copies)) == 3
        assert report.train_loss[name] == pytest.approx(sum(of_copies) / 3, rel=1e-5)


@pytest.mark.parametrize("weighting", ["uncertainty", "pcgrad", "gradnorm", "imtl_g", "db_mtl"])
def test_every_family_of_weightings_trains_copies(
    dataset: Dataset, make_config: MakeConfig, weighting: str
) -> None:
    one = training(make_config(*NAMES, copies=2, weighting={"name": weighting}, epochs=1), dataset)
    before = {name: value.clone() for name, value in one.network.state_dict().items()}
    report = one.run_epoch()
    assert set(report.train_loss) == set(report.weights) == set(NAMES)
    assert all(not torch.equal(value, before[name]) for name, value in one.network.state_dict().items())


def test_what_copies_say_together_is_judged(
    dataset: Dataset, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = training(make_config("cost", "ill", copies=3, epochs=1), dataset, affinities=True)
    report = one.run_epoch()
    assert set(one.affinities) == {("cost", "ill"), ("ill", "cost")}
    rows, task = dataset.valid, dataset.tasks["ill"]
    known = rows.labelled["ill"]
    probabilities_N = mean_probabilities(one.network.copies_of(rows.inputs), len(rows))[known]
    measure = task.measures[task.metric.name]
    assert report.valid["ill"] == pytest.approx(
        measure(probabilities_N, task.truths(rows.targets["ill"][known]), None)
    )
    sizes: list[int] = []
    one.network.encoder.register_forward_hook(lambda module, given, made: sizes.append(len(made)))
    monkeypatch.setattr(module, "CHUNK", 24)
    tasks = {name: dataset.tasks[name] for name in ("cost", "ill")}
    assert Evaluator(rows.select(tasks), tasks).default_metrics(one.network) == pytest.approx(
        dict(report.valid), rel=1e-4
    )
    assert max(sizes) == 8, "rows times copies bound the memory"


def mean_probabilities(outputs: Mapping[str, Tensor], rows: int) -> Tensor:
    return outputs["ill"].detach().double().view(3, rows).sigmoid().mean(0)
