"""Transfer: what did well for some tasks is tried for others, wherever their spaces leave it open."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from mtl_search.records import TrialRecord
from mtl_search.search.jobs import Job
from mtl_search.search.studies.transfer import Transfer, setting_of
from mtl_search.training import TrialOutcome, failure

MakeBench = Callable[..., Any]
LR = "optimizer.lr"


def rate(record: TrialRecord) -> float:
    return float(json.loads(record.params[LR]))


def of(b: Any, arm: str, task: str = "") -> list[TrialRecord]:
    return [r for r in b.records() if r.arm == arm and (not task or r.members == (task,))]


def best(records: list[TrialRecord]) -> float:
    return rate(max(records, key=lambda record: record.score))


def test_the_second_task_begins_with_what_did_well_for_the_first(bench: MakeBench) -> None:
    b = bench(budget={"reference_trials": 6})
    b.run(b.open())
    first = of(b, "single_task", "cost")[:5]  # the sixth comes when all others have had five
    assert rate(of(b, "single_task", "ill")[0]) == best(first)


def test_the_first_task_learns_from_the_last_in_a_second_round(bench: MakeBench) -> None:
    def values(job: Job) -> dict[str, float]:
        far = abs(job.config.optimizer.lr - 0.01)
        lucky = job.config.members == ("ill",) and not job.trial_id.endswith("0000")
        return {"cost": 100 + far, "ill": (0.9 if lucky else 0.5) - far}

    b = bench(values=values, budget={"reference_trials": 8})
    b.run(b.open())
    order = [job.trial_id for job in b.jobs if job.trial_id.startswith("single")]
    assert [name.split(".")[1][:4] for name in order] == ["cost"] * 6 + ["ill-"] * 6 + ["cost"] * 2 + [
        "ill-"
    ] * 2
    cost, ill = of(b, "single_task", "cost"), of(b, "single_task", "ill")
    assert rate(cost[6]) in {rate(record) for record in ill[:6]}
    assert rate(cost[6]) not in {rate(record) for record in cost[:6]}


@pytest.mark.parametrize("slots", [1, 3])
def test_networks_of_all_tasks_begin_with_what_did_well_alone(bench: MakeBench, slots: int) -> None:
    b = bench(budget={"reference_trials": 6})
    b.run(b.open(slots=slots), slots=slots)
    alone = {rate(record) for record in of(b, "single_task")}
    assert {rate(record) for record in of(b, "shared_equal")[:3]} <= alone
    assert len({rate(record) for record in of(b, "shared_equal")}) == 12, "each once, then Optuna's own"


def test_tuned_weights_begin_equal_with_what_did_well_under_equal_ones(bench: MakeBench) -> None:
    b = bench(budget={"reference_trials": 6})
    b.run(b.open())
    first = of(b, "shared_tuned")[0]
    weights = json.loads(first.config)["weighting"]["weights"]
    assert weights == {"cost": 1.0, "ill": 1.0}
    assert rate(first) in {rate(record) for record in of(b, "shared_equal")}


def test_each_new_set_begins_with_what_did_well_and_its_next_training_is_optuna_s(bench: MakeBench) -> None:
    b = bench(
        tasks={"stage": "multiclass"},
        data={"drop": ["patient", "topics"]},
        budget={"reference_trials": 4, "trials": 20},
        trial={"sharing": "shared"},
    )
    b.run(b.open())
    known = {rate(record) for arm in ("single_task", "shared_equal", "shared_tuned") for record in of(b, arm)}
    pairs = [record for record in of(b, "search") if record.members == ("cost", "ill")]
    assert rate(pairs[0]) in known
    assert all(rate(record) not in known for record in pairs[1:])


def test_a_task_alone_is_not_trained_twice_with_the_same(bench: MakeBench) -> None:
    b = bench(budget={"reference_trials": 4, "trials": 9})
    b.run(b.open())
    assert not any(record.duplicate_of for record in b.records())


def test_what_failed_is_not_handed_on(bench: MakeBench) -> None:
    b = bench(budget={"reference_trials": 4})
    plain = b.outcome

    def outcome(job: Job) -> TrialOutcome:
        broken = job.config.members == ("cost",) and job.config.optimizer.lr > 0.005
        return failure(ValueError("diverged")) if broken else plain(job)

    b.outcome = outcome
    b.run(b.open())
    assert any(record.error for record in of(b, "single_task", "cost"))
    assert rate(of(b, "single_task", "ill")[0]) <= 0.005


def test_an_arm_of_the_user_s_gets_what_its_space_leaves_open(bench: MakeBench) -> None:
    arms = {
        "narrow": {"members": "all", "optimizer": {"name": "adamw", "lr": {"float": [0.09, 0.1]}}},
        "open": {"members": "all", "batch_size": 32},
        "closed": {"members": "all", "optimizer": {"name": "adamw", "lr": 0.02}},
    }
    b = bench(arms=arms, budget={"reference_trials": 4})
    b.run(b.open())
    known = {rate(record) for record in of(b, "single_task") + of(b, "shared_equal")}
    assert rate(of(b, "open")[0]) in known
    assert all(0.09 <= rate(record) <= 0.1 for record in of(b, "narrow"))
    assert all(LR not in record.params for record in of(b, "closed"))


def test_ranks_count_over_tasks(bench: MakeBench) -> None:
    # 0.01 is second for both tasks, 0.02 and 0.04 each the best for one and the worst for the other
    b = bench(budget={"reference_trials": 4})
    table = {0.01: (2, 2), 0.02: (1, 3), 0.04: (3, 1)}
    b.values = lambda job: dict(zip(("cost", "ill"), places(job), strict=True))

    def places(job: Job) -> tuple[float, float]:
        cost, ill = table.get(job.config.optimizer.lr, (4, 4))
        return 100.0 + cost, 0.9 - ill / 100

    source = b.open()
    for run in source.studies[:2]:
        for lr in table:
            run.optuna.enqueue({LR: lr})
    b.run(source, stop_after=8)
    transfer = Transfer(source.ledger, ("cost", "ill"))
    assert transfer.offer("shared_equal", source.arms[1].space, ("cost", "ill"), [])[LR] == 0.01
    tried = [{LR: 0.01}]
    assert transfer.offer("shared_equal", source.arms[1].space, ("cost", "ill"), tried)[LR] in (0.02, 0.04)


def test_nothing_to_learn_from_is_nothing_offered(bench: MakeBench) -> None:
    source = bench().open()
    transfer = Transfer(source.ledger, ("cost", "ill"))
    assert transfer.offer("single_task", source.arms[0].space, ("cost",), []) == {}


def test_a_setting_is_what_is_portable() -> None:
    params: dict[str, Any] = {
        "members.a": True, "sharing.split": 2, "sharing": "shared", "sharing.cut.a+b": 1, LR: 0.1,
        "weighting.name": "fixed", "weighting.fixed.weights.a": 2.0, "weighting.stch.mu": 0.3,
    }  # fmt: skip
    assert setting_of(params, ("a", "b")) == {LR: 0.1, "weighting.name": "fixed", "weighting.stch.mu": 0.3}


@pytest.mark.parametrize("stop_after", [3, 7, 9, 13, 20])
def test_a_sweep_that_is_resumed_begins_each_study_with_what_is_known(
    bench: MakeBench, stop_after: int
) -> None:
    b = bench(budget={"reference_trials": 6})
    b.run(b.open(), stop_after=stop_after)
    b.run(b.open())
    alone = {rate(record) for record in of(b, "single_task")}
    assert rate(of(b, "single_task", "ill")[0]) in {rate(r) for r in of(b, "single_task", "cost")}
    assert rate(of(b, "shared_equal")[0]) in alone
