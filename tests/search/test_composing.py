"""Composing: each arm's designs, of its own networks and of those it may build on."""

from collections.abc import Callable
from typing import Any

import pytest

from mtl_search.design import Design
from mtl_search.search.composing import compose_arm, design_rows
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
    rows = design_rows(b.spec, ledger, final=False)
    assert list(dict.fromkeys(row["arm"] for row in rows)) == [
        "single_task", "shared_equal", "shared_tuned", "mine", "search",
    ]  # fmt: skip


def test_single_task_is_one_design_of_the_references(searched: Any) -> None:
    b, ledger = searched
    (row,) = (row for row in design_rows(b.spec, ledger, final=False) if row["arm"] == "single_task")
    assert row["n_networks"] == 2
    assert row["delta_m"] == 0.0
    assert row["gains"] == {"cost": 0.0, "ill": 0.0}
    assert {ledger[key].arm for key in row["networks"]} == {"single_task"}


def test_an_arm_is_composed_of_its_own_networks(searched: Any) -> None:
    b, ledger = searched
    for arm in ("shared_equal", "shared_tuned", "mine"):
        for design in compose_arm(b.spec, ledger, arm, final=False):
            assert {ledger[key].arm for key in design.keys} == {arm}


def test_the_search_may_use_the_references(searched: Any) -> None:
    b, ledger = searched
    best = {
        arm: compose_arm(b.spec, ledger, arm, final=False)[-1].delta_m
        for arm in ("shared_equal", "shared_tuned", "search")
    }
    assert best["search"] == max(best.values())
    used = {
        ledger[key].arm
        for design in compose_arm(b.spec, ledger, "search", final=False)
        for key in design.keys
    }
    assert "mine" not in used


def test_rows_say_what_they_consist_of(searched: Any) -> None:
    b, ledger = searched
    for row in design_rows(b.spec, ledger, final=False):
        records = {key: ledger[key] for key in row["networks"]}
        assert row["n_networks"] == len(records) <= 2
        assert row["n_params"] == sum(record.n_params for record in records.values())
        assert row["flops"] == sum(record.flops for record in records.values())
        assert row["serves"].keys() == row["gains"].keys() == {"cost", "ill"}
        for task, key in row["serves"].items():
            assert task in records[key].members
            assert row["gains"][task] == ledger.gains(records[key])[task]
        assert row["delta_m"] == pytest.approx(sum(row["gains"].values()) / 2)
        assert str(Design.parse(row["text"])) == row["text"]


def test_designs_are_listed_once(searched: Any) -> None:
    b, ledger = searched
    rows = design_rows(b.spec, ledger, final=False)
    found = [(row["arm"], *row["networks"]) for row in rows]
    assert len(found) == len(set(found))


def test_runners_up_come_after_the_best(searched: Any) -> None:
    b, ledger = searched
    rows = [row for row in design_rows(b.spec, ledger, final=False) if row["arm"] == "search"]
    ranks = [row["rank"] for row in rows]
    assert ranks == sorted(ranks)
    best = max(row["delta_m"] for row in rows if row["rank"] == 1)
    others = [row["delta_m"] for row in rows if row["rank"] > 1]
    assert others == sorted(others, reverse=True)
    assert all(delta_m <= best for delta_m in others)


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
    (design,) = compose_arm(b.spec, source.ledger, "search", final=False)
    assert design.n_params <= smallest
    assert len(design.keys) == 1, "there is room for one network of both tasks alone"


def test_no_design_before_every_task_is_served(bench: MakeBench) -> None:
    b = bench()
    source = b.open()
    assert design_rows(b.spec, source.ledger, final=False) == []
    b.run(source, stop_after=2)
    assert design_rows(b.spec, source.ledger, final=False) == [], "cost alone so far"
    b.run(source, stop_after=1)
    assert {row["arm"] for row in design_rows(b.spec, source.ledger, final=False)} == {
        "single_task",
        "search",
    }


def test_a_task_that_cannot_be_learned_alone_is_left_out(bench: MakeBench) -> None:
    b = bench()
    plain = b.outcome
    b.outcome = lambda job: failure(ValueError("x")) if job.config.members == ("ill",) else plain(job)
    source = b.open()
    b.run(source)
    rows = design_rows(b.spec, source.ledger, final=False)
    assert {row["arm"] for row in rows} == {"single_task", "shared_equal", "shared_tuned", "search"}
    assert all(set(row["serves"]) == {"cost"} for row in rows)


def test_nothing_that_can_be_learned_alone_leaves_no_design(bench: MakeBench) -> None:
    b = bench()
    plain = b.outcome
    b.outcome = lambda job: failure(ValueError("x")) if len(job.config.members) == 1 else plain(job)
    source = b.open()
    b.run(source)
    assert source.ledger.comparable == ()
    assert design_rows(b.spec, source.ledger, final=True) == []
