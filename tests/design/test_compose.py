import math
import time
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_search.design import Candidate, Composition, compose

TASKS = ("a", "b", "c", "d")


@st.composite
def pools(draw: st.DrawFn, max_size: int = 8) -> list[Candidate]:
    """Networks with gains in tenths, so that ties happen, and some tasks that they do not serve."""
    gain = st.one_of(st.none(), st.integers(-30, 30).map(lambda tenths: tenths / 10), st.just(math.nan))
    return [
        Candidate(
            key=f"t{j}",
            gains={task: g for task in TASKS if (g := draw(gain)) is not None},
            n_params=draw(st.integers(0, 6)) * 10,
            flops=j,
        )
        for j in range(draw(st.integers(0, max_size)))
    ]


def measured(candidate: Candidate, task: str) -> float:
    gain = candidate.gains.get(task, math.nan)
    return gain if math.isfinite(gain) else -math.inf


def by_brute_force(
    pool: Sequence[Candidate], k: int, max_params: float = math.inf
) -> list[tuple[float, int, int]]:
    """The best delta_m with the fewest networks, then parameters, that reach it; empty for no design."""
    found = []
    for size in range(1, k + 1):
        for chosen in combinations(pool, size):
            n_params = sum(candidate.n_params for candidate in chosen)
            total = sum(max(measured(candidate, task) for candidate in chosen) for task in TASKS)
            if math.isfinite(total) and n_params <= max_params:
                found.append((round(total / len(TASKS), 9), -size, -n_params))
    return [(delta_m, -size, -n_params) for delta_m, size, n_params in sorted(found)[-1:]]


def figures(best: Composition) -> tuple[float, int, int]:
    return round(best.delta_m, 9), len(best.keys), best.n_params


@settings(max_examples=300)
@given(pools())
def test_equals_brute_force_for_each_number_of_networks(pool: list[Candidate]) -> None:
    expected = [best for k in range(1, 5) for best in by_brute_force(pool, k)]
    assert [figures(best) for best in compose(pool, TASKS)] == expected


@settings(max_examples=300)
@given(pools(), st.integers(0, 200))
def test_equals_brute_force_within_a_budget(pool: list[Candidate], max_params: int) -> None:
    found = compose(pool, TASKS, max_params=max_params)
    assert [figures(best) for best in found] == by_brute_force(pool, 4, max_params)


@given(pools(), st.integers(0, 200), st.integers(1, 3))
def test_equals_brute_force_within_both(pool: list[Candidate], max_params: int, k: int) -> None:
    found = compose(pool, TASKS, max_networks=k, max_params=max_params)
    assert [figures(best) for best in found] == by_brute_force(pool, k, max_params)


@given(pools())
def test_a_composition_is_consistent(pool: list[Candidate]) -> None:
    of_key = {candidate.key: candidate for candidate in pool}
    for best in compose(pool, TASKS):
        assert sorted(best.serves) == sorted(TASKS)
        assert sorted(set(best.serves.values())) == list(best.keys)
        gains = [measured(of_key[key], task) for task, key in best.serves.items()]
        assert best.delta_m == pytest.approx(sum(gains) / len(TASKS))
        for task, key in best.serves.items():
            assert measured(of_key[key], task) == max(measured(of_key[other], task) for other in best.keys)
        assert best.n_params == sum(of_key[key].n_params for key in best.keys)
        assert best.flops == sum(of_key[key].flops for key in best.keys)


@given(pools(), st.data())
def test_the_order_of_what_is_given_changes_nothing(pool: list[Candidate], data: st.DataObject) -> None:
    shuffled, tasks = data.draw(st.permutations(pool)), data.draw(st.permutations(TASKS))
    assert compose(shuffled, tasks) == compose(pool, TASKS)
    assert compose(shuffled, tasks, max_params=90) == compose(pool, TASKS, max_params=90)


@given(pools(), pools(max_size=3))
def test_never_worse_with_more_networks_to_use_or_to_choose_from(
    pool: list[Candidate], more: list[Candidate]
) -> None:
    few = [best.delta_m for best in compose(pool, TASKS)]
    assert few == sorted(few)
    added = [Candidate(f"more-{c.key}", c.gains, c.n_params) for c in more]
    many = [best.delta_m for best in compose([*pool, *added], TASKS)]
    assert len(many) >= len(few)
    assert all(a >= b - 1e-6 for a, b in zip(many[len(many) - len(few) :], few, strict=True))


@given(pools(), st.integers(0, 100), st.integers(0, 100))
def test_never_worse_with_a_larger_budget(pool: list[Candidate], budget: int, extra: int) -> None:
    small, large = (compose(pool, TASKS, max_params=b) for b in (budget, budget + extra))
    assert len(large) >= len(small)
    assert all(one.delta_m >= other.delta_m - 1e-6 for one, other in zip(large, small, strict=False))


@given(pools())
def test_beyond_one_network_a_task_nothing_changes(pool: list[Candidate]) -> None:
    usual, many = compose(pool, TASKS), compose(pool, TASKS, max_networks=9)
    assert many[: len(usual)] == usual
    assert len(many) == (len(usual) + 5 if usual else 0)
    assert all(best == usual[-1] for best in many[len(usual) :])


def test_a_network_may_help_a_task_that_another_serves() -> None:
    cover = Candidate("cover", {"stay": -4.0, "death": 6.0}, 10)
    alone = Candidate("alone", {"stay": 0.0}, 10)
    best = compose([cover, alone], ["stay", "death"], max_networks=2)[-1]
    assert best.serves == {"stay": "alone", "death": "cover"}
    assert best.delta_m == 3.0


def test_ties_go_to_fewer_networks_then_to_fewer_parameters_then_to_the_smaller_key() -> None:
    both = {"a": 1.0, "b": 1.0}
    equal = [Candidate("z", both, 20), Candidate("a1", {"a": 1.0}, 1), Candidate("b1", {"b": 1.0}, 1)]
    assert compose(equal, ["a", "b"])[-1].keys == ("z",)
    assert compose([*equal, Candidate("small", both, 19)], ["a", "b"])[-1].keys == ("small",)
    assert compose([*equal, Candidate("y", both, 20)], ["a", "b"])[-1].keys == ("y",)


def test_gains_that_differ_by_less_than_a_millionth_are_equal() -> None:
    large, small = Candidate("large", {"a": 1.0 + 1e-9}, 100), Candidate("small", {"a": 1.0}, 1)
    assert compose([large, small], ["a"])[0].keys == ("small",)


@pytest.mark.parametrize("gain", [math.nan, math.inf, -math.inf])
def test_a_gain_that_is_not_finite_serves_nothing(gain: float) -> None:
    assert compose([Candidate("a", {"x": gain}, 1)], ["x"]) == ()
    assert compose([Candidate("a", {"x": gain}, 1), Candidate("b", {"x": -9.0}, 1)], ["x"])[0].keys == ("b",)


def test_tasks_that_are_not_asked_for_do_not_count() -> None:
    pool = [Candidate("a", {"x": 1.0, "aux": -50.0}, 1), Candidate("b", {"x": 0.0, "aux": 50.0}, 1)]
    assert compose(pool, ["x"])[0].keys == ("a",)


def test_a_network_that_learned_nothing_does_not_blur_the_rest() -> None:
    pool = [Candidate("a", {"x": 1.0}, 1), Candidate("b", {"x": 1.01}, 1), Candidate("f", {"x": -1e9}, 1)]
    assert compose(pool, ["x"])[0].keys == ("b",)


def test_no_candidates_make_no_design() -> None:
    assert compose([], ["x"]) == ()
    assert compose([Candidate("a", {"x": 1.0}, 9)], ["x"], max_params=8) == ()
    assert compose([Candidate("a", {"x": 1.0}, 9)], ["x", "y"]) == ()


def test_a_budget_is_kept_to_the_last_parameter() -> None:
    good = [Candidate("a", {"x": 5.0}, 10**9 + 1), Candidate("b", {"y": 5.0}, 10**9)]
    pool = [*good, Candidate("c", {"x": 1.0, "y": 1.0}, 10**9)]
    assert compose(pool, ["x", "y"], max_params=2 * 10**9 + 1)[0].keys == ("a", "b")
    assert compose(pool, ["x", "y"], max_params=2 * 10**9)[0].keys == ("b", "c")
    assert compose(pool, ["x", "y"], max_params=10**9)[0].keys == ("c",)
    assert compose(pool, ["x", "y"], max_params=10**9 - 1) == ()


@pytest.mark.parametrize(
    ("tasks", "max_networks", "message"),
    [([], 1, "a task and a network, found 0 and 1"), (["x"], 0, "found 1 and 0"), (["x"], -1, "and -1")],
)
def test_nothing_to_compose_is_refused(tasks: list[str], max_networks: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compose([Candidate("a", {"x": 1.0}, 1)], tasks, max_networks=max_networks)


def test_a_shared_key_is_refused() -> None:
    with pytest.raises(ValueError, match="a key of their own"):
        compose([Candidate("a", {"x": 1.0}, 1), Candidate("a", {"x": 2.0}, 1)], ["x"])


def large_pool(kind: str, seed: int, n: int = 1000, n_tasks: int = 20) -> tuple[list[Candidate], list[str]]:
    """Networks whose gains are related in one of the ways that measured ones are, or in a worse one."""
    random = np.random.default_rng(seed)
    gains_NT = random.normal(size=(n, n_tasks))
    if kind == "good at all or at nothing":
        gains_NT += 3 * random.normal(size=(n, 1))
    elif kind == "three latent skills":
        gains_NT = random.normal(size=(n, 3)) @ random.normal(size=(3, n_tasks)) + 0.3 * gains_NT
    elif kind == "what one task gains another loses":
        gains_NT -= gains_NT.mean(axis=1, keepdims=True)
    elif kind == "near to some tasks":
        gains_NT = -((random.normal(size=(n, 1, 4)) - random.normal(size=(n_tasks, 4))) ** 2).sum(axis=2)
    elif kind == "a few members each":
        few = random.random((n, n_tasks)) < random.uniform(0.05, 0.4, size=(n, 1))
        gains_NT[~few] = math.nan
        gains_NT[0] = -1.0
    elif kind == "four members each":
        members_N4 = np.array([random.permutation(n_tasks)[:4] for _ in range(n)])
        others_NT = np.ones((n, n_tasks), dtype=bool)
        np.put_along_axis(others_NT, members_N4, False, axis=1)
        gains_NT[others_NT] = math.nan
    elif kind == "many ties":
        gains_NT = np.round(2 * gains_NT) / 2
    elif kind == "all or nothing":
        gains_NT = (random.random((n, n_tasks)) < random.uniform(0.05, 0.35, size=(n, 1))).astype(float)
    tasks = [f"t{t}" for t in range(n_tasks)]
    n_params = random.integers(10_000, 100_000, n)
    gains = [dict(zip(tasks, gains_T, strict=True)) for gains_T in gains_NT.tolist()]
    return [Candidate(f"n{j}", gains[j], int(n_params[j])) for j in range(n)], tasks


KINDS = [
    "independent",
    "good at all or at nothing",
    "three latent skills",
    "what one task gains another loses",
    "near to some tasks",
    "a few members each",
    "four members each",
    "many ties",
    "all or nothing",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_networks_take_under_two_seconds(kind: str) -> None:
    pool, tasks = large_pool(kind, seed=0)
    start = time.process_time()
    front = compose(pool, tasks, max_networks=5)
    assert time.process_time() - start < 2.0
    assert [best.delta_m for best in front] == sorted(best.delta_m for best in front)
    assert len(front) == (1 if kind == "four members each" else 5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_pair_equals_brute_force(kind: str) -> None:
    pool, tasks = large_pool(kind, seed=1, n=300)
    gains_NT = np.array([[measured(candidate, task) for task in tasks] for candidate in pool])
    best = max(np.maximum(gains_NT, gains_T).sum(axis=1).max() for gains_T in gains_NT)
    front = compose(pool, tasks, max_networks=2)
    assert [found.delta_m for found in front[-1:]] == pytest.approx(
        [best / len(tasks)] if math.isfinite(best) else [], abs=1e-7
    )
