"""Composing: each arm's designs, of its own networks and of those it may build on."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mtl_search.design import Candidate, Design, design_id
from mtl_search.search.designs.composing import compose_arm, compose_for, design_records, without_twins
from mtl_search.training import failure

MakeBench = Callable[..., Any]


@pytest.fixture
def searched(bench: MakeBench) -> Any:
    """A bench whose sweep was run, and its ledger."""
    b = bench(arms={"mine": {"members": "all", "weighting": {"name": "uncertainty"}}})
    source = b.open()
    b.run(source)
    return b, source.ledger


def test_every_arm_has_designs(searched: Any) -> None:
    b, ledger = searched
    rows = design_records(b.spec, ledger, final=False)
    assert {arm for row in rows for arm in row.arms} == {
        "single_task", "shared_equal", "shared_tuned", "mine", "search", "pooled",
    }  # fmt: skip
    assert all(row.arm == row.arms[0] for row in rows)


def test_single_task_is_one_design_of_the_references(searched: Any) -> None:
    b, ledger = searched
    (row,) = (row for row in design_records(b.spec, ledger, final=False) if row.arm == "single_task")
    assert row.n_networks == 2
    assert row.delta_m == 0.0
    assert row.gains == {"cost": 0.0, "ill": 0.0}
    assert {ledger[key].arm for key in row.networks} == {"single_task"}


def test_an_arm_is_composed_of_its_own_networks(searched: Any) -> None:
    b, ledger = searched
    for arm in ("shared_equal", "shared_tuned", "mine", "search"):
        for design in compose_arm(b.spec, ledger, arm, final=False):
            assert {ledger[key].arm for key in design.keys} == {arm}


def test_pooled_designs_are_of_the_networks_of_all_arms(searched: Any) -> None:
    b, ledger = searched
    best = {
        arm: compose_arm(b.spec, ledger, arm, final=False)[-1].delta_m
        for arm in ("single_task", "shared_equal", "shared_tuned", "mine", "search", "pooled")
    }
    assert best["pooled"] == max(best.values())


def test_rows_say_what_they_consist_of(searched: Any) -> None:
    b, ledger = searched
    for row in design_records(b.spec, ledger, final=False):
        records = {key: ledger[key] for key in row.networks}
        assert row.n_networks == len(records) <= 2
        assert row.n_params == sum(record.n_params for record in records.values())
        assert row.flops == sum(record.flops for record in records.values())
        assert row.serves.keys() == row.gains.keys() == {"cost", "ill"}
        for task, key in row.serves.items():
            assert task in records[key].members
            assert row.gains[task] == ledger.gains(records[key])[task]
        assert row.delta_m == pytest.approx(sum(row.gains.values()) / 2)
        assert str(Design.parse(row.text)) == row.text


def test_one_design_is_one_row(searched: Any) -> None:
    b, ledger = searched
    rows = design_records(b.spec, ledger, final=False)
    served = [tuple(sorted(row.configs.items())) for row in rows]
    assert len(served) == len(set(served)) == len({row.design_id for row in rows})
    for row in rows:
        assert row.configs == {task: ledger[key].config_id for task, key in row.serves.items()}
        assert row.design_id == design_id(row.configs)
        assert len(row.arms) == len(set(row.arms))


def test_rows_come_best_first_with_one_recommended(searched: Any) -> None:
    b, ledger = searched
    rows = design_records(b.spec, ledger, final=False)
    assert [row.delta_m for row in rows] == sorted((row.delta_m for row in rows), reverse=True)
    assert [row.chosen for row in rows] == [True] + [False] * (len(rows) - 1), "so far the best"
    assert rows[0].why == "the best so far on valid; nothing is decided yet"


def test_more_networks_are_never_worse(bench: MakeBench) -> None:
    b = bench(
        tasks={"stage": "multiclass"},
        data={"drop": ["patient", "topics"]},
        objective={"max_networks": 3},
        budget={"trials": 8},
    )
    source = b.open()
    b.run(source)
    deltas = [design.delta_m for design in compose_arm(b.spec, source.ledger, "search", final=False)]
    assert deltas == sorted(deltas)


def test_a_size_in_place_of_a_number(bench: MakeBench) -> None:
    free = bench()
    source = free.open()
    free.run(source)
    smallest = min(r.n_params for r in free.records() if len(r.members) == 2)
    b = bench(folder="bounded", objective={"max_networks": None, "max_params": smallest})
    source = b.open()
    b.run(source)
    (design,) = compose_arm(b.spec, source.ledger, "pooled", final=False)
    assert design.n_params <= smallest
    assert len(design.keys) == 1, "there is room for one network of both tasks alone"


def test_no_design_before_every_task_is_served(bench: MakeBench) -> None:
    b = bench()
    source = b.open()
    assert design_records(b.spec, source.ledger, final=False) == []
    b.run(source, stop_after=2)
    assert design_records(b.spec, source.ledger, final=False) == [], "cost alone so far"
    b.run(source, stop_after=1)
    best, *_ = design_records(b.spec, source.ledger, final=False)
    assert best.arms == ("single_task", "pooled")


def test_a_task_without_a_gain_is_served_all_the_same(bench: MakeBench) -> None:
    """Its reference cannot be divided by, so no design is judged by it."""
    b = bench()
    source = b.open()
    b.run(source)
    ledger = source.ledger
    worthless = {task: replace(metric, floor=1e9) for task, metric in ledger.metrics.items() if task == "ill"}
    ledger.metrics = {**ledger.metrics, **worthless}
    assert ledger.comparable == ("cost",)
    rows = design_records(b.spec, ledger, final=False)
    alone = [r for r in ledger.records if r.members == ("ill",) and r.duplicate_of is None]
    best = max(alone, key=lambda record: ledger.values(record)["ill"])
    for row in rows:
        assert row.serves["ill"] == best.trial_id
        assert row.gains.keys() == {"cost"}
        assert row.delta_m == row.gains["cost"]
        assert row.n_networks == len(row.networks) == len(set(row.serves.values()))


def test_a_task_that_cannot_be_learned_alone_is_served_by_the_best_of_others(bench: MakeBench) -> None:
    b = bench()
    plain = b.outcome
    b.outcome = lambda job: failure(ValueError("x")) if job.config.members == ("ill",) else plain(job)
    source = b.open()
    b.run(source)
    rows = design_records(b.spec, source.ledger, final=False)
    assert {"single_task", "shared_equal", "shared_tuned"} <= {arm for row in rows for arm in row.arms}
    assert all(row.serves.keys() == {"cost", "ill"} for row in rows)
    assert all(row.gains.keys() == {"cost"} for row in rows)


def test_nothing_that_can_be_compared_leaves_one_design(bench: MakeBench) -> None:
    b = bench()
    plain = b.outcome
    b.outcome = lambda job: failure(ValueError("x")) if len(job.config.members) == 1 else plain(job)
    source = b.open()
    b.run(source)
    assert source.ledger.comparable == ()
    (row,) = design_records(b.spec, source.ledger, final=True)
    assert row.serves.keys() == {"cost", "ill"}
    assert math.isnan(row.delta_m)


@pytest.mark.parametrize(("weight", "chosen"), [(1.0, "one"), (0.1, "other")])
def test_designs_are_composed_for_what_counts(bench: MakeBench, weight: float, chosen: str) -> None:
    b = bench(tasks={"cost": {"kind": "regression", "weight": weight}}, objective={"max_networks": 1})
    source = b.open()
    b.run(source, stop_after=5)
    both = [
        Candidate("one", {"cost": 10.0, "ill": 0.0}, 100),
        Candidate("other", {"cost": 0.0, "ill": 6.0}, 100),
    ]
    (design,) = compose_for(b.spec, source.ledger, "search", both)
    assert design.keys == (chosen,)
    gains = {"one": 10.0 * weight, "other": 6.0}[chosen]
    assert design.delta_m == pytest.approx(gains / (1 + weight))


def test_fixed_weights_of_one_are_no_other_network_than_equal_ones(searched: Any) -> None:
    """The first trial of ``shared_tuned`` is the best of ``shared_equal`` under another name."""
    _, ledger = searched
    candidates = ledger.candidates(("shared_equal", "shared_tuned"))
    once = without_twins(ledger, candidates)
    left_out = [ledger[one.key] for one in candidates if one not in once]
    assert [record.arm for record in left_out] == ["shared_tuned"]
    assert '"weights":{"cost":1.0,"ill":1.0}' in left_out[0].config
    alone = ledger.candidates(("shared_tuned",))
    assert without_twins(ledger, alone) == alone, "of an arm without the other it is a network of its own"
