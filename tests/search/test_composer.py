"""The composer: it learns, it resumes, it keeps to its space, and it is quick enough to ask before each
trial."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_search.search.composer import Composer
from mtl_search.search.member_space import Members, MemberSpace
from mtl_search.search.members import Measurement, RandomSets
from mtl_search.testing.synthetic_tables import synthetic_table
from mtl_search.testing.tables import replay

TASKS = tuple("abcdef")


def gains_of(members: Members) -> dict[str, float]:
    """a, b and c help each other, so do d and e; f and everybody else hurt."""
    groups = ({"a", "b", "c"}, {"d", "e"})
    return {
        task: sum(2.0 if any({task, c} <= g for g in groups) else -1.5 for c in members if c != task)
        for task in members
    }


def train(composer: Composer, steps: int, measured: list[Measurement] | None = None) -> list[Measurement]:
    done = list(measured or [])
    for _ in range(steps):
        members = composer.propose(done, []).members
        done.append(
            Measurement(members, {t: g for t, g in gains_of(members).items() if t in composer.space.main})
        )
    return done


SINGLES = [Measurement((task,), {task: 0.0}) for task in TASKS]


@pytest.mark.parametrize("seed", range(3))
def test_the_sets_that_help_each_other_are_found_in_a_dozen_trainings(seed: int) -> None:
    measured = train(Composer(MemberSpace(TASKS), 3, seed), 12, SINGLES)
    assert {("a", "b", "c"), ("d", "e")} <= {m.members for m in measured}


def test_all_tasks_together_come_first() -> None:
    proposal = Composer(MemberSpace(TASKS), 3, 0).propose(SINGLES, [])
    assert (proposal.members, proposal.reason) == (TASKS, "explore")


def test_without_any_measurement_something_of_the_space_is_proposed() -> None:
    space = MemberSpace(TASKS, max_members=3)
    assert Composer(space, 2, 0).propose([], []).members in space
    assert Composer(space, 2, 0).propose([], [("a", "b")]).members not in {("a", "b")}


@st.composite
def spaces(draw: st.DrawFn) -> MemberSpace:
    n_main = draw(st.integers(1, 6))
    n_tasks = draw(st.integers(n_main, 6))
    smallest = draw(st.integers(1, n_tasks))
    return MemberSpace(TASKS[:n_main], TASKS[n_main:n_tasks], smallest, draw(st.integers(smallest, n_tasks)))


@settings(deadline=None, max_examples=25)
@given(spaces(), st.integers(1, 4), st.integers(0, 3))
def test_every_proposal_is_of_the_space_and_not_in_training(space: MemberSpace, k: int, seed: int) -> None:
    composer, running = Composer(space, k, seed), list[Members]()
    measured = [Measurement((task,), {task: 0.0}) for task in space.main]
    for step in range(min(space.count, 8)):
        members = composer.propose(measured, running).members
        assert members in space
        assert members not in running or len(set(running)) == space.count
        running.append(members)
        if step % 2:
            done = running.pop(0)
            gains = {task: gain for task, gain in gains_of(done).items() if task in space.main}
            measured.append(Measurement(done, gains))


def test_a_resumed_sweep_goes_on_as_if_it_had_never_stopped() -> None:
    space = MemberSpace(TASKS)
    straight = train(Composer(space, 3, 5), 14, SINGLES)
    resumed = train(Composer(space, 3, 5), 7, SINGLES)
    assert train(Composer(space, 3, 5), 7, resumed) == straight


def test_slots_side_by_side_train_different_sets() -> None:
    composer, running = Composer(MemberSpace(TASKS), 3, 0), list[Members]()
    measured = train(composer, 5, SINGLES)
    for _ in range(4):
        running.append(composer.propose(measured, running).members)
    assert len(set(running)) == 4


def test_a_table_that_shows_the_same_again_is_not_asked_again() -> None:
    space = MemberSpace(tuple("abcd"), min_members=2)
    measured = [Measurement(("a", "b"), {"a": 5.0, "b": 5.0})] * 2
    for _ in range(10):
        members = Composer(space, 2, 0).propose(measured, []).members
        assert members not in {m.members for m in measured}
        measured = [*measured, Measurement(members, dict.fromkeys(members, -1.0))]


def test_where_all_is_trained_and_repeating_shows_nothing_the_search_still_goes_on() -> None:
    space = MemberSpace(tuple("ab"), min_members=2)
    measured = [Measurement(("a", "b"), {"a": 5.0, "b": 5.0})] * 2
    assert Composer(space, 2, 0).propose(measured, [("a", "b")]).members == ("a", "b")


def test_an_auxiliary_task_is_trained_where_it_helps() -> None:
    space = MemberSpace(tuple("ad"), tuple("be"))
    measured = [Measurement((task,), {task: 0.0}) for task in "ad"]
    sets = [m.members for m in train(Composer(space, 2, 0), 8, measured)]
    assert ("a", "b") in sets
    assert ("d", "e") in sets


def test_undefined_gains_are_borne() -> None:
    measured = [*SINGLES, Measurement(TASKS, dict.fromkeys(TASKS, float("nan")))]
    assert Composer(MemberSpace(TASKS), 3, 0).propose(measured, []).members in MemberSpace(TASKS)


@pytest.mark.parametrize("shape", ["clusters", "directions", "rugged"])
def test_it_needs_fewer_trainings_than_random_search(shape: str) -> None:
    tables = [synthetic_table(shape, 7, seed=seed) for seed in range(4)]
    gains = [
        [
            table.judge(replay(table, strategy, 20, seed=0), 3)
            for table in tables
            for strategy in [make(table)]
        ]
        for make in (lambda t: Composer(t.space, 3, 0), lambda t: RandomSets(t.space, 0))
    ]
    assert np.mean(gains[0]) > np.mean(gains[1]) + 0.3
