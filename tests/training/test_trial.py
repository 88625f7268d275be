"""run_trial: outcomes of trainings that end well, early, or badly."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_search.data import Dataset
from mtl_search.model import Network
from mtl_search.records import EpochReport, Split, TrialState
from mtl_search.tasks import Regression
from mtl_search.training import (
    NonFiniteLossError,
    Score,
    Training,
    TrialConfig,
    build_network,
    conclude,
    failure,
    network_cost,
    run_trial,
)
from mtl_search.training.trial import N_GROUPS
from tests.fixtures.parts import Experts

MakeConfig = Callable[..., TrialConfig]


def test_a_training_that_ends_well(dataset: Dataset, make_config: MakeConfig) -> None:
    seen: list[EpochReport] = []
    outcome = run_trial(make_config(), dataset, on_epoch=lambda report: seen.append(report) or True)  # type: ignore[func-returns-value]
    assert (outcome.state, outcome.epochs, outcome.error) == (TrialState.COMPLETE, 3, None)
    best = max(seen, key=lambda report: report.score)
    assert (outcome.best_epoch, outcome.score) == (best.epoch, best.score)
    for name in ("cost", "ill", "stage"):
        task = dataset.tasks[name]
        found = {m.name: m.value for m in outcome.metrics if m.task == name}
        assert found.keys() == {metric.name for metric in task.metrics}
        assert found[task.metric.name] == pytest.approx(best.valid[name])
    assert {m.split for m in outcome.metrics} == {Split.VALID}


def test_without_a_score_the_main_members_count(dataset: Dataset, make_config: MakeConfig) -> None:
    ill: Any = dataset.tasks["ill"]
    helper = replace(ill, role="auxiliary")
    helped = replace(dataset, tasks={**dataset.tasks, "ill": helper})
    outcome = run_trial(make_config("cost", "ill", epochs=1), helped)
    rmse = next(m.value for m in outcome.metrics if m.name == "rmse")
    assert outcome.score == pytest.approx(-rmse)


def test_gains_are_over_the_references(dataset: Dataset, make_config: MakeConfig) -> None:
    metrics = {name: dataset.tasks[name].metric for name in ("cost", "ill")}
    score = Score(metrics, {"cost": 300.0, "ill": 0.5})
    outcome = run_trial(make_config("cost", "ill"), dataset, score=score)
    defaults = {m.task: m for m in outcome.metrics if m.name == metrics[m.task].name}
    for task, metric in defaults.items():
        assert metric.gain == pytest.approx(metrics[task].gain(metric.value, score.references[task]))
    assert outcome.score == pytest.approx((defaults["cost"].gain + defaults["ill"].gain) / 2)
    others = [m for m in outcome.metrics if m.name != metrics[m.task].name]
    assert others
    assert all(math.isnan(m.gain) for m in others)


def test_stopped_early_is_pruned(dataset: Dataset, make_config: MakeConfig) -> None:
    outcome = run_trial(make_config(epochs=5), dataset, on_epoch=lambda report: report.epoch < 2)
    assert (outcome.state, outcome.epochs) == (TrialState.PRUNED, 2)
    assert outcome.metrics


def test_out_of_patience_is_complete(dataset: Dataset, make_config: MakeConfig) -> None:
    # lr so small that nothing changes: the first epoch stays the best
    config = make_config("cost", epochs=9, patience=2, optimizer={"name": "adamw", "lr": 1e-12})
    outcome = run_trial(config, dataset)
    assert (outcome.state, outcome.epochs, outcome.best_epoch) == (TrialState.COMPLETE, 3, 1)


def test_a_blown_up_loss_is_an_outcome(
    dataset: Dataset, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Regression.loss

    def loss(self: Regression, *args: Tensor) -> Tensor:
        return plain(self, *args) * math.nan

    monkeypatch.setattr(Regression, "loss", loss)
    outcome = run_trial(make_config(), dataset)
    assert outcome.state is TrialState.FAILED
    assert outcome.error == "the loss of task 'cost' is not finite in epoch 1, step 1"
    assert (outcome.epochs, outcome.best_epoch, outcome.metrics) == (1, None, ())
    assert math.isnan(outcome.score)


def test_out_of_memory_is_an_outcome(
    dataset: Dataset, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forward(self: Network, inputs: object) -> None:
        raise torch.OutOfMemoryError("tried to allocate 3.00 GiB")

    monkeypatch.setattr(Network, "forward", forward)
    outcome = run_trial(make_config(), dataset)
    assert outcome.state is TrialState.FAILED
    first, *others = str(outcome.error).splitlines()
    assert first == "OutOfMemoryError: tried to allocate 3.00 GiB"
    assert others[-1].strip() == 'raise torch.OutOfMemoryError("tried to allocate 3.00 GiB")'
    assert not outcome.lost


def test_other_errors_are_defects_and_are_raised(
    dataset: Dataset, make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forward(self: Network, inputs: object) -> None:
        raise KeyError("no such thing")

    monkeypatch.setattr(Network, "forward", forward)
    with pytest.raises(KeyError):
        run_trial(make_config(), dataset)


def test_no_epoch_with_a_score_is_no_score(dataset: Dataset, make_config: MakeConfig) -> None:
    class Nothing(Score):
        def __call__(self, values: object) -> float:
            return math.nan

    outcome = run_trial(make_config("cost"), dataset, score=Nothing({}))
    assert outcome.best_epoch is None
    assert math.isnan(outcome.score)


def test_test_is_read_only_when_asked(dataset: Dataset, make_config: MakeConfig) -> None:
    config = make_config("cost", "ill", epochs=1)
    outcome = run_trial(config, dataset, read_test=True)
    assert {m.split for m in outcome.metrics} == {Split.VALID, Split.TEST}
    assert len(outcome.resamples) == 2 * N_GROUPS
    assert {r.left_out for r in outcome.resamples} == set(range(N_GROUPS))
    assert {r.split for r in outcome.resamples} == {Split.TEST}
    hidden = run_trial(config, dataset.without_test())
    valid = [(m.task, m.name, m.value) for m in outcome.metrics if m.split is Split.VALID]
    assert [(m.task, m.name, m.value) for m in hidden.metrics] == valid
    with pytest.raises(ValueError, match="test rows"):
        run_trial(config, dataset.without_test(), read_test=True)


def test_valid_is_resampled_when_asked(dataset: Dataset, make_config: MakeConfig) -> None:
    training = Training(make_config("cost", epochs=1), dataset, seed=0, score=Score({}))
    training.run_epoch()
    both = conclude(training, dataset, read_test=True, resample_valid=True).resamples
    valid = conclude(training, dataset.without_test(), resample_valid=True).resamples
    assert {r.split for r in valid} == {Split.VALID}
    assert [r for r in both if r.split is Split.VALID] == list(valid)
    assert len(both) == 2 * len(valid) == 2 * N_GROUPS


def test_gates_are_those_of_the_best_epoch(dataset: Dataset, make_config: MakeConfig) -> None:
    training = Training(make_config("cost", "ill", sharing=Experts()), dataset, seed=0, score=Score({}))
    training.run_epoch()
    training.best.state = {name: torch.zeros_like(value) for name, value in training.weights().items()}
    gates = conclude(training, dataset.without_test()).gates
    assert [(gate.task, gate.expert) for gate in gates] == [
        (task, expert) for task in ("cost", "ill") for expert in ("shared 1", "shared 2")
    ]
    assert {gate.weight for gate in gates} == {0.5}, "of a softmax over zeros"


def test_references_of_valid_say_nothing_of_test(dataset: Dataset, make_config: MakeConfig) -> None:
    score = Score({"cost": dataset.tasks["cost"].metric}, {"cost": 300.0})
    outcome = run_trial(make_config("cost", epochs=1), dataset, score=score, read_test=True)
    gains = {m.split: m.gain for m in outcome.metrics if m.name == "rmse"}
    assert math.isfinite(gains[Split.VALID])
    assert math.isnan(gains[Split.TEST])


def test_failures_are_told_in_one_line() -> None:
    told = failure(ValueError("  wrong\n"), epochs=2)
    assert (told.state, told.epochs, told.error) == (TrialState.FAILED, 2, "ValueError:   wrong")
    assert failure(NonFiniteLossError("cost", 1, 2)).error == str(NonFiniteLossError("cost", 1, 2))
    assert len(failure(ValueError("x" * 9000)).error or "") == 2000


def test_cost_is_that_of_the_network(dataset: Dataset, make_config: MakeConfig) -> None:
    config = make_config("cost", "ill")
    network = build_network(config, dataset.tasks, dataset.input_shape, torch.Generator())
    cost = network_cost(config, dataset)
    assert cost.n_params == sum(parameter.numel() for parameter in network.parameters())
    assert cost.flops > cost.n_params
    apart = network_cost(make_config("cost", "ill", sharing="cost ill / cost ill"), dataset)
    assert apart.n_params < cost.n_params
