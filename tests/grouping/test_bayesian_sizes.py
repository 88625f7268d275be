"""The bayesian strategy within a size: it finds the best design that fits, and leaves out what cannot."""

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.planted_data import planted_pairs
from mtl_search.design import Candidate, compose
from mtl_search.grouping.bayesian import BayesianGrouping
from mtl_search.grouping.member_space import Members, MemberSpace
from mtl_search.grouping.replay.synthetic import synthetic_table
from mtl_search.grouping.strategy import Measurement
from mtl_search.search import run_sweep
from mtl_search.sweep import SweepSpec

TASKS = tuple("abcdef")
SPACE = MemberSpace(TASKS)
EVERY = [members for n in range(1, 7) for members in itertools.combinations(TASKS, n)]
Size = Callable[[Members], int]


def trained(members: Members, size: int) -> Measurement:
    """a, b and c help each other, so do d and e; f and everybody else hurt."""
    groups = ({"a", "b", "c"}, {"d", "e"})
    gains = {
        task: sum(2.0 if any({task, c} <= g for g in groups) else -1.5 for c in members if c != task)
        for task in members
    }
    return Measurement(members, gains, n_params=size)


def best(measured: list[Measurement], max_params: int) -> float:
    """The delta_m of the best design within the size; minus infinity where none fits."""
    candidates = [Candidate(str(i), one.gains, one.n_params) for i, one in enumerate(measured)]
    designs = compose(candidates, TASKS, max_params=max_params)
    return designs[-1].delta_m if designs else -np.inf


def searched(strategy: BayesianGrouping, size: Size, steps: int) -> list[Measurement]:
    measured = [trained((task,), size((task,))) for task in TASKS]
    for _ in range(steps):
        members = strategy.propose(measured, []).members
        measured.append(trained(members, size(members)))
    return measured


def rooted(members: Members) -> int:
    """Part of the network is shared."""
    return round(100 * len(members) ** 0.5)


def apart(members: Members) -> int:
    """What a and b share needs a large network."""
    return 1000 if {"a", "b"} <= set(members) else 100


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("size", "max_params"), [(rooted, 600), (rooted, 350), (rooted, 250), (apart, 400), (apart, 300)]
)
def test_the_design_that_is_best_within_the_size_is_found_in_a_score_of_trainings(
    size: Size, max_params: int, seed: int
) -> None:
    wanted = best([trained(members, size(members)) for members in EVERY], max_params)
    measured = searched(BayesianGrouping(SPACE, None, seed, max_params=max_params), size, 20)
    assert best(measured, max_params) == pytest.approx(wanted)


def test_a_number_of_networks_finds_another_design() -> None:
    """With three networks a, b and c are one; where that one is too large, two serve them."""
    by_number = {m.members for m in searched(BayesianGrouping(SPACE, 3, 0), apart, 20)[6:]}
    by_size = [m.members for m in searched(BayesianGrouping(SPACE, None, 0, max_params=400), apart, 20)[6:]]
    assert ("a", "b", "c") in by_number
    assert {("a", "c"), ("b", "c"), ("d", "e")} <= set(by_size)


def test_sets_whose_networks_do_not_fit_are_left_for_those_that_do() -> None:
    def proportional(members: Members) -> int:
        return 100 * len(members)

    known = [trained(members, proportional(members)) for members in EVERY if len(members) in (1, 2)]
    for max_params in (300, 400):
        strategy, measured = BayesianGrouping(SPACE, None, 0, max_params=max_params), list(known)
        for _ in range(6):
            members = strategy.propose(measured, []).members
            assert proportional(members) <= max_params
            measured.append(trained(members, proportional(members)))


def test_gains_of_networks_too_large_do_not_make_a_set_look_good() -> None:
    large = [trained(("a", "b", "c"), 900)] * 2
    small = Measurement(("a", "b", "c"), dict.fromkeys("abc", -5.0), n_params=100)
    known = [trained(m, 100) for m in EVERY if len(m) in (1, 2) or len(m) == 6]
    proposal = BayesianGrouping(SPACE, None, 0, max_params=400).propose([*known, *large, small], [])
    assert proposal.members != ("a", "b", "c")


@pytest.mark.parametrize("seed", range(3))
def test_a_size_that_holds_everything_proposes_as_a_network_for_each_task_does(seed: int) -> None:
    table = synthetic_table("clusters", 6, seed=seed)
    plenty, free = (BayesianGrouping(table.space, None, seed, max_params=size) for size in (10**9, None))
    measured: list[Measurement] = []
    rng = np.random.default_rng(seed)
    for step in range(12):
        proposal = free.propose(measured, [])
        assert plenty.propose(measured, []) == proposal
        gains = {task: float(rng.normal()) for task in proposal.members}
        measured.append(Measurement(proposal.members, gains, n_params=100 + step))


@pytest.mark.parametrize(("n_tasks", "limit"), [(10, 3.0), (100, 8.0)])
def test_it_is_quick_enough_to_ask_before_each_trial(n_tasks: int, limit: float) -> None:
    rng, tasks = np.random.default_rng(0), tuple(f"t{i:03d}" for i in range(n_tasks))
    drawn = [tuple(sorted(rng.choice(tasks, rng.integers(2, 6), replace=False))) for _ in range(80)]
    known = [
        Measurement(m, {t: float(rng.normal()) for t in m}, n_params=round(100 * len(m) ** 0.5))
        for m in (*((task,) for task in tasks), *drawn, tasks)
    ]
    strategy = BayesianGrouping(MemberSpace(tasks), None, 0, max_params=round(120 * n_tasks**0.5))
    strategy.propose(known, [])  # fits the effects
    began = time.process_time()
    assert strategy.propose(known, []).members in strategy.space
    assert time.process_time() - began < limit, "a seventh of that on a machine that does nothing else"


def test_a_planted_sweep_ends_with_the_design_that_is_best_within_its_size(tmp_path: Path) -> None:
    """Four networks of a task each are larger than that, two of the planted pairs are not."""
    planted = planted_pairs()
    spec = SweepSpec.from_value(
        {
            "name": "planted",
            "data": {"source": "planted"},
            "tasks": planted.tasks,
            "objective": {"max_params": 60},
            "budget": {"trials": 7, "reference_trials": 3, "repeats": 0, "finalists": 0, "seeds": 1},
            "references": {"linear": False},
            "resources": {"gpu": 0},
            "sampler": {"name": "tpe", "grouping": "bayes", "seed": 0},
            "pruner": "none",
            "trial": {
                "members": {"subset": {"min": 1, "max": 4}},
                "sharing": "shared",
                **planted.trial,
            },
        }
    )
    board = run_sweep(spec, tmp_path / "sweep", dataset=planted.dataset, inline=True).board
    designs = [row for row in board.designs().to_pylist() if "search" in row["arms"]]
    trials = {row["trial_id"]: tuple(row["members"]) for row in board.trials().to_pylist()}
    assert [row["n_params"] <= 60 for row in designs] == [True]
    assert {trials[name] for name in designs[0]["networks"]} == set(planted.networks)
