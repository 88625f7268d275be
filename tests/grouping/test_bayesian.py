"""The bayesian strategy: it learns, it resumes, it keeps to its space, and it is quick enough to
ask before each trial."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_search.grouping.bayesian import BayesianGrouping
from mtl_search.grouping.member_space import Members, MemberSpace
from mtl_search.grouping.plain import RandomSets
from mtl_search.grouping.replay.synthetic import synthetic_table
from mtl_search.grouping.replay.tables import replay
from mtl_search.grouping.strategy import Measurement

TASKS = tuple("abcdef")


def gains_of(members: Members) -> dict[str, float]:
    """a, b and c help each other, so do d and e; f and everybody else hurt."""
    groups = ({"a", "b", "c"}, {"d", "e"})
    return {
        task: sum(2.0 if any({task, c} <= g for g in groups) else -1.5 for c in members if c != task)
        for task in members
    }


def train(
    strategy: BayesianGrouping, steps: int, measured: list[Measurement] | None = None
) -> list[Measurement]:
    done = list(measured or [])
    for _ in range(steps):
        members = strategy.propose(done, []).members
        done.append(
            Measurement(members, {t: g for t, g in gains_of(members).items() if t in strategy.space.main})
        )
    return done


SINGLES = [Measurement((task,), {task: 0.0}) for task in TASKS]


@pytest.mark.parametrize("seed", range(3))
def test_the_sets_that_help_each_other_are_found_in_a_dozen_trainings(seed: int) -> None:
    measured = train(BayesianGrouping(MemberSpace(TASKS), 3, seed), 12, SINGLES)
    assert {("a", "b", "c"), ("d", "e")} <= {m.members for m in measured}


PAIRS = [(s, t) for s in TASKS for t in TASKS if s != t]
AFFINITIES = {(s, t): gains_of(tuple(sorted((s, t))))[t] for s, t in PAIRS}


def needed(seed: int, *affinities: dict[tuple[str, str], float]) -> int:
    """How many trainings it takes until both sets that help each other were trained."""
    strategy = BayesianGrouping(MemberSpace(TASKS), 3, seed, affinities)
    found = [m.members for m in train(strategy, 30, SINGLES)[len(SINGLES) :]]
    return 1 + max(found.index(members) for members in (("a", "b", "c"), ("d", "e")))


@pytest.mark.parametrize("seed", range(3))
def test_affinities_save_trainings(seed: int) -> None:
    assert needed(seed, AFFINITIES) < needed(seed)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_affinities_counts_and_not_what_one_diverged_training_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    diverged = {pair: 1e6 * rng.standard_normal() for pair in PAIRS}
    small = {pair: 1e-3 * affinity for pair, affinity in AFFINITIES.items()}
    assert needed(seed, AFFINITIES, diverged, small) == needed(seed, AFFINITIES)


def test_affinities_that_are_wrong_are_found_out() -> None:
    wrong = {pair: -affinity for pair, affinity in AFFINITIES.items()}
    assert needed(0, wrong) < 30


def test_friends_come_before_enemies_from_the_first() -> None:
    """Singles and all tasks together tell nothing of pairs; affinities do."""
    together = gains_of(TASKS)
    known = [*SINGLES, Measurement(TASKS, together)]
    for sign in (1, -1):
        affinities = {pair: sign * affinity for pair, affinity in AFFINITIES.items()}
        strategy = BayesianGrouping(MemberSpace(TASKS, min_members=2, max_members=2), 3, 0, [affinities])
        members = strategy.propose(known, []).members
        assert (AFFINITIES[members] > 0) == (sign > 0)


def test_all_tasks_together_come_first() -> None:
    proposal = BayesianGrouping(MemberSpace(TASKS), 3, 0).propose(SINGLES, [])
    assert (proposal.members, proposal.reason) == (TASKS, "explore")


def test_without_any_measurement_something_of_the_space_is_proposed() -> None:
    space = MemberSpace(TASKS, max_members=3)
    assert BayesianGrouping(space, 2, 0).propose([], []).members in space
    assert BayesianGrouping(space, 2, 0).propose([], [("a", "b")]).members not in {("a", "b")}


@st.composite
def spaces(draw: st.DrawFn) -> MemberSpace:
    n_main = draw(st.integers(1, 6))
    n_tasks = draw(st.integers(n_main, 6))
    smallest = draw(st.integers(1, n_tasks))
    return MemberSpace(TASKS[:n_main], TASKS[n_main:n_tasks], smallest, draw(st.integers(smallest, n_tasks)))


@settings(deadline=None, max_examples=25)
@given(spaces(), st.integers(1, 4), st.integers(0, 3))
def test_every_proposal_is_of_the_space_and_not_in_training(space: MemberSpace, k: int, seed: int) -> None:
    strategy, running = BayesianGrouping(space, k, seed), list[Members]()
    measured = [Measurement((task,), {task: 0.0}) for task in space.main]
    for step in range(min(space.count, 8)):
        members = strategy.propose(measured, running).members
        assert members in space
        assert members not in running or len(set(running)) == space.count
        running.append(members)
        if step % 2:
            done = running.pop(0)
            gains = {task: gain for task, gain in gains_of(done).items() if task in space.main}
            measured.append(Measurement(done, gains))


def test_a_resumed_sweep_goes_on_as_if_it_had_never_stopped() -> None:
    space = MemberSpace(TASKS)
    straight = train(BayesianGrouping(space, 3, 5), 14, SINGLES)
    resumed = train(BayesianGrouping(space, 3, 5), 7, SINGLES)
    assert train(BayesianGrouping(space, 3, 5), 7, resumed) == straight


def test_slots_side_by_side_train_different_sets() -> None:
    strategy, running = BayesianGrouping(MemberSpace(TASKS), 3, 0), list[Members]()
    measured = train(strategy, 5, SINGLES)
    for _ in range(4):
        running.append(strategy.propose(measured, running).members)
    assert len(set(running)) == 4


def test_a_table_that_shows_the_same_again_is_not_asked_again() -> None:
    space = MemberSpace(tuple("abcd"), min_members=2)
    measured = [Measurement(("a", "b"), {"a": 5.0, "b": 5.0})] * 2
    for _ in range(10):
        members = BayesianGrouping(space, 2, 0).propose(measured, []).members
        assert members not in {m.members for m in measured}
        measured = [*measured, Measurement(members, dict.fromkeys(members, -1.0))]


def test_where_all_is_trained_and_repeating_shows_nothing_the_search_still_goes_on() -> None:
    space = MemberSpace(tuple("ab"), min_members=2)
    measured = [Measurement(("a", "b"), {"a": 5.0, "b": 5.0})] * 2
    assert BayesianGrouping(space, 2, 0).propose(measured, [("a", "b")]).members == ("a", "b")


def test_an_auxiliary_task_is_trained_where_it_helps() -> None:
    space = MemberSpace(tuple("ad"), tuple("be"))
    measured = [Measurement((task,), {task: 0.0}) for task in "ad"]
    sets = [m.members for m in train(BayesianGrouping(space, 2, 0), 8, measured)]
    assert ("a", "b") in sets
    assert ("d", "e") in sets


def settled(times: int, seed: int = 0) -> list[Measurement]:
    """a and b help each other, so do c and d, which is known; nearly everything else was seen to hurt."""
    rng = np.random.default_rng(seed)
    measured = [Measurement((task,), {task: 0.0}) for task in "abcd"]
    sets = {"abcd": -6.0, "ac": -5.0, "ad": -5.0, "bc": -5.0, "bd": -5.0, "abc": -6.0, "bcd": -6.0}
    for members, gain in [*sets.items(), *[("ab", 5.0), ("cd", 5.0)] * times]:
        measured.append(Measurement(tuple(members), {t: gain + 0.5 * rng.normal() for t in members}))
    return measured


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("k", [2, 4])
def test_where_no_new_set_can_beat_the_noise_the_design_is_trained_again_in_turn(seed: int, k: int) -> None:
    space, measured = MemberSpace(tuple("abcd")), settled(5, seed)
    if k == 2:
        assert ("a", "b", "d") not in {m.members for m in measured}  # some sets are new
    else:  # of which each might serve one of the tasks better
        measured += [gained("abd", -6.0, -6.1, -5.9), gained("acd", -6.0, -5.9, -6.1)]
    proposed = []
    for step in range(4):
        proposal = BayesianGrouping(space, k, seed).propose(measured, [])
        assert proposal.reason == "retune"
        proposed.append(proposal.members)
        gains = dict.fromkeys(proposal.members, 5.0 + 0.1 * step)
        measured = [*measured, Measurement(proposal.members, gains)]
    assert sorted(proposed) == [("a", "b")] * 2 + [("c", "d")] * 2


def test_where_a_new_set_may_be_better_it_is_trained_rather_than_the_design() -> None:
    measured = [m for m in settled(5) if m.members not in {("c", "d"), ("b", "c", "d")}]
    proposal = BayesianGrouping(MemberSpace(tuple("abcd")), 2, 0).propose(measured, [])
    assert proposal.reason == "explore"
    assert {"c", "d"} <= set(proposal.members)


def gained(members: str, *gains: float) -> Measurement:
    return Measurement(tuple(members), dict(zip(members, gains, strict=True)))


def test_a_set_that_may_enter_the_design_after_all_is_trained_again() -> None:
    steps = (-0.2, -0.1, 0.0, 0.1, 0.2)
    known = [gained(task, step) for task in "abc" for step in steps]
    known += [gained("ab", 3.0 + step, 3.0) for step in steps]
    known += [gained("abc", -4.0, -4.0, -4.0), gained("bc", -3.0, -3.0)]
    space = MemberSpace(tuple("abc"))
    near = BayesianGrouping(space, 2, 0).propose([*known, gained("ac", 1.0, 0.0)], [])
    assert (near.members, near.reason) == (("a", "c"), "retune")  # it may serve c better than c alone
    far = BayesianGrouping(space, 2, 0).propose([*known, gained("ac", -3.0, -3.0)], [])
    assert (far.members, far.reason) in {(("a", "b"), "retune"), (("c",), "retune")}


def test_retuning_in_two_slots_takes_both_networks_of_the_design() -> None:
    strategy, measured = BayesianGrouping(MemberSpace(tuple("abcd")), 2, 0), settled(5)
    first = strategy.propose(measured, []).members
    assert {first, strategy.propose(measured, [first]).members} == {("a", "b"), ("c", "d")}


def test_undefined_gains_are_borne() -> None:
    measured = [*SINGLES, Measurement(TASKS, dict.fromkeys(TASKS, float("nan")))]
    assert BayesianGrouping(MemberSpace(TASKS), 3, 0).propose(measured, []).members in MemberSpace(TASKS)


def test_where_hours_are_spent_a_rise_is_worth_what_it_costs() -> None:
    """With a second for each member's cube, smaller sets are trained than where each training costs one."""

    def members_trained(*, per_second: bool) -> int:
        space = MemberSpace(TASKS, min_members=2)
        strategy = BayesianGrouping(space, 6, 0, per_second=per_second)
        done = [*SINGLES, *[Measurement(TASKS, gains_of(TASKS), seconds=216.0)] * 4]  # as references do
        for _ in range(8):
            members = strategy.propose(done, []).members
            done.append(Measurement(members, gains_of(members), seconds=float(len(members) ** 3)))
        return sum(len(one.members) for one in done[-6:])

    assert members_trained(per_second=True) < members_trained(per_second=False)


@pytest.mark.parametrize("k", [2, 3, 4, 6])
def test_it_begins_with_small_sets_where_pairs_could_serve_all_tasks(k: int) -> None:
    strategy = BayesianGrouping(MemberSpace(TASKS, min_members=2), k, 0)
    sizes = [len(one.members) for one in train(strategy, 4, list(SINGLES))[len(SINGLES) :]]
    assert max(sizes) <= 4 if k > 3 else sizes[0] == len(TASKS)


def test_it_does_not_begin_so_once_references_have_trained_all_tasks_together() -> None:
    """Nor where no set is small."""
    space = MemberSpace(TASKS, min_members=5)
    proposal = BayesianGrouping(space, 6, 0).propose(SINGLES, [])
    assert len(proposal.members) >= 5
    known = [*SINGLES, *[Measurement(TASKS, dict.fromkeys(TASKS, gain)) for gain in (3.0, 4.0, 5.0, 6.0)]]
    strategy = BayesianGrouping(MemberSpace(TASKS, min_members=2), 6, 0)
    assert max(len(one.members) for one in train(strategy, 2, known)[len(known) :]) > 4


def test_why_a_set_is_trained_is_said_in_words() -> None:
    known = [*SINGLES, Measurement(TASKS, gains_of(TASKS)), Measurement(("a", "b"), gains_of(("a", "b")))]
    proposal = BayesianGrouping(MemberSpace(TASKS), 3, 0).propose(known, [])
    assert "may raise the design by" in proposal.note
    assert proposal.note.startswith("all pairs of it known")  # in the set of all tasks


@pytest.mark.parametrize("shape", ["clusters", "directions", "rugged"])
def test_it_needs_fewer_trainings_than_random_search(shape: str) -> None:
    tables = [synthetic_table(shape, 7, seed=seed) for seed in range(4)]
    gains = [
        [
            table.judge(replay(table, strategy, 20, seed=0), 3)
            for table in tables
            for strategy in [make(table)]
        ]
        for make in (lambda t: BayesianGrouping(t.space, 3, 0), lambda t: RandomSets(t.space, 0))
    ]
    assert np.mean(gains[0]) > np.mean(gains[1]) + 0.3


def test_thirty_tasks_that_help_their_half_are_parted_in_a_score_of_trainings() -> None:
    tasks = tuple(f"t{i:02}" for i in range(30))
    strategy = BayesianGrouping(MemberSpace(tasks, min_members=2), 2, 1)
    measured = [Measurement((task,), {task: 0.0}) for task in tasks]
    halves = {tasks[::2], tasks[1::2]}
    while not halves <= {one.members for one in measured}:
        assert len(measured) < len(tasks) + 20
        members = strategy.propose(measured, []).members
        sides = [int(task[1:]) % 2 for task in members]
        agree = 2 * sum(sides) - len(sides)  # the odd less the even
        gains = [(agree if side else -agree) - 1.0 for side in sides]
        measured.append(Measurement(members, dict(zip(members, gains, strict=True))))


@pytest.mark.parametrize("n_tasks", [31, 80, 100])
def test_many_tasks_are_weighed_by_a_cheaper_model(n_tasks: int) -> None:
    tasks = tuple(f"t{i:03d}" for i in range(n_tasks))
    rng = np.random.default_rng(0)
    sets = [(task,) for task in tasks] + [
        tuple(sorted(rng.choice(tasks, 5, replace=False))) for _ in range(60)
    ]
    known = [
        Measurement(members, {task: float(rng.normal()) for task in members}) for members in (*sets, tasks)
    ]
    strategy = BayesianGrouping(MemberSpace(tasks), 4, 0)
    strategy.propose(known, [])  # fits the effects
    began = time.process_time()
    assert strategy.propose(known, []).members in strategy.space
    assert time.process_time() - began < 6.0, "a second on a machine that does nothing else; it was minutes"


def test_what_is_expected_of_a_set_is_told_for_its_main_members() -> None:
    space = MemberSpace(tuple("abcde"), tuple("f"), min_members=2)
    strategy = BayesianGrouping(space, 3, seed=0)
    measured = train(strategy, 12)
    proposal = strategy.propose(measured, [])
    assert proposal.expected.keys() == {*proposal.members} & {*"abcde"}
    for task, (mean, spread) in proposal.expected.items():
        assert 0 < spread < 4
        assert abs(mean - gains_of(proposal.members)[task]) < 3 * spread
