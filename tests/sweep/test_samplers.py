"""Samplers: names, options, seeds; each suggests for a space with all kinds of parameters."""

import math
from typing import Any

import optuna
import pytest
from optuna.trial import Trial
from pydantic import TypeAdapter, ValidationError

from mtl_search.sweep.samplers import Sampler, SamplerConfig

NAMES = ("random", "tpe", "gp", "cmaes", "qmc")


def sampler(**options: Any) -> Sampler:
    return TypeAdapter(SamplerConfig).validate_python(options)


def quality(trial: Trial) -> float:
    """A space as a sweep has it: logarithms, integers, choices, a part that not every trial has."""
    rate = trial.suggest_float("optimizer.lr", 1e-4, 1e-1, log=True)
    split = trial.suggest_int("sharing.split", 1, 3)
    width = trial.suggest_categorical("trunk.width", [32, 64])
    trial.suggest_categorical("members.cost", [True, False])
    extra = 0.0
    if trial.suggest_categorical("weighting", ["equal", "fixed"]) == "fixed":
        extra = trial.suggest_float("weighting.fixed.weights.cost", 0.1, 10.0, log=True)
    return -abs(math.log10(rate) + 2) - abs(split - 2) - width / 1000 - extra / 100


def drawn(name: str, seed: int, trials: int = 14) -> list[dict[str, Any]]:
    study = optuna.create_study(direction="maximize", sampler=sampler(name=name).build(seed))
    for _ in range(trials):
        trial = study.ask()
        study.tell(trial, quality(trial))
    return [trial.params for trial in study.trials]


@pytest.fixture(autouse=True)
def _quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_trials(name: str) -> None:
    first = drawn(name, seed=3)
    assert drawn(name, seed=3) == first
    assert drawn(name, seed=4) != first


@pytest.mark.parametrize("name", NAMES)
def test_suggests_beside_trials_with_fixed_members(name: str) -> None:
    # what a member strategy chose stands in the queue, the sampler draws the rest
    study = optuna.create_study(direction="maximize", sampler=sampler(name=name).build(0))
    for number in range(14):
        study.enqueue_trial({"members.cost": number % 2 == 0})
        trial = study.ask()
        study.tell(trial, quality(trial))
        assert trial.params["members.cost"] is (number % 2 == 0)
        assert 1e-4 <= trial.params["optimizer.lr"] <= 1e-1


@pytest.mark.parametrize(("name", "trials"), [("tpe", 40), ("gp", 22), ("cmaes", 40)])
def test_learns_from_what_it_was_told(name: str, trials: int) -> None:
    values = [
        -abs(math.log10(params["optimizer.lr"]) + 2) - abs(params["sharing.split"] - 2)
        for params in drawn(name, seed=1, trials=trials)
    ]
    early, late = sum(values[:10]) / 10, sum(values[-10:]) / 10
    assert late > early


def test_startup_trials_are_handed_on() -> None:
    built: Any = sampler(name="tpe", startup_trials=3).build(0)
    assert built.sampler._n_startup_trials == 3


def test_defaults() -> None:
    config = sampler(name="tpe")
    assert (config.grouping, config.seed) == ("bayes", 0)


@pytest.mark.parametrize("grouping", ["bayes", "random", "pairs", "exhaustive", "optuna"])
def test_members_may_be_chosen_in_each_way(grouping: str) -> None:
    assert sampler(name="random", grouping=grouping).grouping == grouping


@pytest.mark.parametrize(
    "options",
    [
        {"name": "tpe", "grouping": "best"},
        {"name": "tpe", "seed": -1},
        {"name": "tpe", "seed": 0.5},
        {"name": "tpe", "startup_trials": -1},
        {"name": "gp", "startup_trials": 0},
        {"name": "random", "startup_trials": 3},
        {"name": "grid"},
        {"seed": 3},
    ],
    ids=str,
)
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        sampler(**options)
