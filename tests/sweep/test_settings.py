"""Settings: the blocks that say how a sweep is run."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from mtl_search.errors import SpecError
from mtl_search.sweep import SweepSpec
from mtl_search.sweep.settings import Budget, Constraints, Objective, Resources
from mtl_search.training import NetworkCost

MakeSpec = Callable[..., SweepSpec]


def test_objective_is_a_number_of_networks_or_a_size() -> None:
    assert Objective(max_networks=2).max_params is None
    assert Objective(max_params=2000).max_networks is None
    for both in ({}, {"max_networks": 2, "max_params": 10}):
        with pytest.raises(ValidationError, match="either max_networks or max_params"):
            Objective.model_validate(both)


def test_budget_is_trials_or_hours() -> None:
    assert Budget(trials=3).hours is None
    assert Budget(hours=0.5).trials is None
    for both in ({}, {"trials": 3, "hours": 1.0}):
        with pytest.raises(ValidationError, match="either trials or hours"):
            Budget.model_validate(both)


@pytest.mark.parametrize("gpu", ["auto", 0, 0.0, 0.25, 1, 1.0, 2])
def test_a_trial_has_gpus_or_a_part_of_one(gpu: Any) -> None:
    assert Resources(gpu=gpu).gpu == gpu


@pytest.mark.parametrize("gpu", [1.5, -1, "all", True, float("inf")])
def test_other_gpus_are_refused(gpu: Any) -> None:
    with pytest.raises(ValidationError):
        Resources(gpu=gpu)


@pytest.mark.parametrize(
    ("bounds", "cost", "broken"),
    [
        ({}, (10**9, 10**9), None),
        ({"n_params": 100}, (100, 10**9), None),
        ({"n_params": 100}, (150, 1), ("n_params", 0.5)),
        ({"flops": 100}, (10**9, 101), ("flops", 0.01)),
        ({"n_params": 100, "flops": 100}, (200, 200), ("n_params", 1.0)),
    ],
    ids=str,
)
def test_constraints_say_by_how_much_they_are_broken(
    bounds: dict[str, int], cost: tuple[int, int], broken: tuple[str, float] | None
) -> None:
    found = Constraints(**bounds).broken_by(NetworkCost(*cost))
    assert found == (None if broken is None else (broken[0], pytest.approx(broken[1])))


@pytest.mark.parametrize(
    ("block", "change", "said"),
    [
        ("budget", {"trials": 0}, "budget.trials"),
        ("budget", {"trials": "4"}, "budget.trials"),
        ("budget", {"trials": 4.0}, "budget.trials"),
        ("budget", {"trials": True}, "budget.trials"),
        ("budget", {"reference_trials": 0}, "budget.reference_trials"),
        ("budget", {"finalists": -1}, "budget.finalists"),
        ("budget", {"seeds": -1}, "budget.seeds"),
        ("budget", {"trial": 4}, "did you mean 'trials'?"),
        ("budget", {"trials": None, "hours": 0}, "budget.hours"),
        ("budget", {"trials": None, "hours": -2.0}, "budget.hours"),
        ("objective", {"max_networks": 0}, "objective.max_networks"),
        ("objective", {"max_params": 10}, "either max_networks or max_params"),
        ("objective", {"max_network": 2}, "did you mean 'max_networks'?"),
        ("constraints", {"n_params": 0}, "constraints.n_params"),
        ("constraints", {"params": 10}, "did you mean 'n_params'?"),
        ("resources", {"cpu": 0}, "resources.cpu"),
        ("resources", {"cpu": 1.5}, "resources.cpu"),
        ("resources", {"gpu": 1.5}, "a share of one GPU, or a whole number of them"),
        ("resources", {"gpu": 0.5, "workers": 2}, "with 2 workers: gpu: 0, or a whole GPU for each"),
        ("resources", {"gpu": 3, "workers": 2}, "or a whole GPU for each, or auto"),
        ("resources", {"minutes": 0}, "resources.minutes: expected a number above 0"),
        ("resources", {"minutes": "10"}, "resources.minutes: expected a number, found '10'"),
        ("resources", {"memory": "4 apples"}, "resources.memory: expected a size such as 4GiB"),
        ("resources", {"memory": -1}, "resources.memory: expected a size such as 4GiB"),
        ("resources", {"memory": 4}, "resources.memory: expected at least 16MiB, with its unit as in 4GiB"),
        ("resources", {"cpus": 2}, "did you mean 'cpu'?"),
        ("sampler", {"name": "tpr"}, "did you mean 'tpe'?"),
        ("sampler", {"grouping": "pair"}, "sampler.grouping"),
        ("sampler", {"seed": -1}, "sampler.seed"),
        ("pruner", {"name": "ashe"}, "did you mean 'asha'?"),
        ("pruner", {"min_epochs": 3}, "pruner.min_epochs"),
        ("data", {"split": {"valid": 1.5}}, "data.split.valid"),
        ("name", "a/b", "name"),
        ("name", "..", "name"),
        ("name", "", "name"),
        ("name", "x" * 101, "name"),
        ("name", "a\n", "name"),
        ("name", 7, "name"),
        ("tasks", {"cost": {"kind": "regression", "metric": "auroc"}}, "tasks.cost.metric"),
        ("tasks", {"cost": {"kind": "regression", "role": "helper"}}, "tasks.cost.role"),
        ("tasks", {"cost": 3}, "tasks.cost"),
    ],
    ids=str,
)
def test_wrong_settings_are_told_with_their_place(
    tiny_spec: MakeSpec, block: str, change: Any, said: str
) -> None:
    with pytest.raises(SpecError) as refused:
        tiny_spec(**{block: change})
    assert said in str(refused.value)
    assert str(refused.value).startswith("<sweep>: ")


def test_settings_are_frozen(tiny_spec: MakeSpec) -> None:
    with pytest.raises(ValidationError):
        tiny_spec().settings.budget.trials = 9


def test_roles(tiny_spec: MakeSpec) -> None:
    settings = tiny_spec(tasks={"ill": {"kind": "binary", "role": "auxiliary"}}).settings
    assert settings.main_tasks == ("cost",)
    assert settings.auxiliary_tasks == ("ill",)
    assert settings.all_tasks == ("cost", "ill")
