"""check_constraints: a space in which nothing fits is told before anything runs."""

from collections.abc import Callable
from typing import Any

import pytest
from optuna.samplers import TPESampler

from mtl_search.errors import SpecError
from mtl_search.search.preparing.constraints import check_constraints

MakeBench = Callable[..., Any]
WIDTHS = {"trunk": {"name": "mlp", "stages": 2, "width": {"categorical": [4, 64, 256]}}}


def test_without_constraints_everything_fits(bench: MakeBench) -> None:
    b = bench()
    check_constraints(b.spec, b.dataset)


def test_something_fits_in_each_arm(bench: MakeBench) -> None:
    b = bench(trial=WIDTHS, constraints={"n_params": 600})
    check_constraints(b.spec, b.dataset)


@pytest.mark.parametrize("bound", ["n_params", "flops"])
def test_nothing_fits(bench: MakeBench, bound: str) -> None:
    b = bench(trial=WIDTHS, constraints={bound: 7})
    with pytest.raises(SpecError) as refused:
        check_constraints(b.spec, b.dataset)
    message = str(refused.value)
    assert message.startswith("<sweep>: constraints: expected some network of arm 'single_task' within")
    assert f"{bound} 7, found none in 200 drawn at random, the smallest with {bound} " in message


def test_the_arm_in_which_nothing_fits_is_named(bench: MakeBench) -> None:
    # each task alone is small enough, both together are not
    free = bench()
    free.run(free.open())
    limit = max(r.n_params for r in free.records() if r.arm == "single_task")
    b = bench(folder="bounded", constraints={"n_params": limit})
    with pytest.raises(SpecError, match="arm 'shared_equal'"):
        check_constraints(b.spec, b.dataset)


@pytest.mark.parametrize("arm", ["search", "mine"])
def test_an_objective_that_holds_no_network_of_what_is_searched(bench: MakeBench, arm: str) -> None:
    roomy = bench(objective={"max_networks": None, "max_params": 10_000})
    check_constraints(roomy.spec, roomy.dataset)
    arms = {"mine": {"members": "all"}} if arm == "mine" else {}
    b = bench(folder="small", objective={"max_networks": None, "max_params": 7}, arms=arms)
    with pytest.raises(SpecError, match=rf"objective\.max_params: .*'{arm}' within n_params 7, found none"):
        check_constraints(b.spec, b.dataset)


def test_drafts_that_break_a_constraint_teach_the_sampler(bench: MakeBench) -> None:
    b = bench(trial=WIDTHS, constraints={"n_params": 600}, budget={"trials": 8})
    source = b.open()
    b.run(source)
    refused = [
        t for run in source.studies for t in run.optuna.study.trials if t.constraints.get("n_params", 0) > 0
    ]
    assert refused
    assert all(r.n_params <= 600 for r in b.records())


def test_a_sampler_that_draws_what_is_too_large_alone_is_passed_over(
    bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def widest(*arguments: Any) -> object:
        distribution = arguments[-1]
        return distribution.choices[-1] if hasattr(distribution, "choices") else distribution.low

    monkeypatch.setattr(TPESampler, "infer_relative_search_space", lambda *arguments: {})
    monkeypatch.setattr(TPESampler, "sample_independent", widest)
    b = bench(trial=WIDTHS, constraints={"n_params": 600}, sampler="tpe", budget={"trials": 4})
    b.run(b.open())
    assert len([r for r in b.records() if r.arm == "search"]) == 4
    assert all(r.n_params <= 600 for r in b.records())


def test_a_sampler_that_chooses_helpers_alone_is_refused(bench: MakeBench) -> None:
    b = bench(
        tasks={"ill": {"kind": "binary", "role": "auxiliary"}},
        sampler={"grouping": "optuna"},
        budget={"trials": 12},
    )
    source = b.open()
    b.run(source)
    search = [r for r in b.records() if r.arm == "search"]
    assert len(search) == 12
    assert all("cost" in r.members for r in search)
    refused = [t.constraints for t in source.studies[-1].optuna.study.trials if t.constraints]
    assert {"main_members": 1.0} in refused


@pytest.mark.parametrize("grouping", ["random", "pairs", "exhaustive", "optuna"])
def test_members_are_chosen_in_each_way(bench: MakeBench, grouping: str) -> None:
    b = bench(
        tasks={"stage": "multiclass"},
        data={"drop": ["patient", "topics"]},
        trial={"members": {"subset": {"min": 1, "max": 3}}},
        sampler={"grouping": grouping},
        budget={"trials": 7, "reference_trials": 1},
    )
    b.run(b.open())
    search = [r.members for r in b.records() if r.arm == "search"]
    assert len(search) == 7
    if grouping == "exhaustive":
        assert len({*search, *(r.members for r in b.records())}) == 7, "every set of three tasks"
    if grouping == "pairs":
        assert search[:3] == [m for m in search if len(m) == 2][:3]
        assert len(set(search[:3])) == 3
