"""What is done on each look at a cluster: slots that follow it, waiting that is said, trials that hang."""

import pickle
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.experiment import Trial

from mtl_search.search.executors import ray_backend
from mtl_search.search.executors.following import PATIENCE, POLL, Following
from mtl_search.search.executors.limits import OverLimitError
from mtl_search.search.executors.overdue import GRACE, Overdue
from mtl_search.search.executors.place import Place

ray = ray_backend.ray  # type: ignore[attr-defined]  # imported after what Ray reads was set


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in ("following", "overdue"):
        monkeypatch.setattr(f"mtl_search.search.executors.{module}.time", made)
    return made


class Controller:
    """What is asked of Tune's."""

    def __init__(self, *, pending: int = 0, live: int = 0) -> None:
        self._actor_manager = SimpleNamespace(num_pending_actors=pending, num_live_actors=live)
        self.most: list[int] = []

    def update_max_pending_trials(self, most: int) -> None:
        self.most.append(most)


class Told:
    """A Following, the nodes that it finds, and what it says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *cpus: int) -> None:
        self.cpus, self.slots, self.said = list(cpus), list[int](), list[str]()
        monkeypatch.setattr(ray, "nodes", self._nodes)
        monkeypatch.setattr(ray, "available_resources", lambda: {"CPU": 1.0})
        self.following = Following(Place(2, 0.0), 2, self.slots.append, self.said.append)

    def _nodes(self) -> list[dict[str, Any]]:
        return [{"Alive": True, "Resources": {"CPU": float(cpus)}} for cpus in self.cpus]


def test_slots_are_those_of_the_nodes_that_are_there(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    told, controller = Told(monkeypatch, 4), Controller()
    for cpus in ([4], [4, 5], [5], []):
        told.cpus = cpus
        told.following.look(controller)  # too early
        clock.now += POLL
        told.following.look(controller)
    assert told.slots == controller.most == [4, 2], "none at all is no number of slots: they may come back"
    assert told.following.slots == 2


@pytest.mark.parametrize(
    ("cpus", "said"),
    [
        ([4, 2], "waiting for CPUs: 1 of the cluster's 6 are free"),
        ([1, 1], "waiting for nodes: none that is there is large enough"),
    ],
)
def test_a_cluster_without_room_is_said_to_be_so(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, cpus: list[int], said: str
) -> None:
    told, waits = Told(monkeypatch, *cpus), Controller(pending=1)
    for controller in (waits, Controller(pending=1, live=1), waits):
        clock.now += POLL
        told.following.look(controller)
    clock.now += PATIENCE / 2
    told.following.look(waits)
    assert not told.said
    clock.now += PATIENCE
    told.following.look(waits)
    assert len(told.said) == 1
    assert told.said[0].startswith(said)


def test_a_worker_that_does_not_end_a_trial_in_time_is_killed_once(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[str] = []
    monkeypatch.setattr(ray, "kill", killed.append)
    trials = [
        SimpleNamespace(
            trial_id=name, status=state, temporary_state=SimpleNamespace(ray_actor=f"actor {name}")
        )
        for name, state in (("one", Trial.RUNNING), ("two", Trial.PENDING), ("three", Trial.RUNNING))
    ]
    overdue = Overdue(2.0)
    overdue.kill(trials[:2])
    clock.now += 120.0
    overdue.kill(trials)  # the third one begins
    assert not killed
    clock.now += GRACE + 1.0
    overdue.kill(trials)
    clock.now += 10.0
    overdue.kill(trials)
    assert killed == ["actor one"]
    error = overdue.error("one")
    assert isinstance(error, OverLimitError)
    assert str(error) == "took longer than resources.minutes of 2"
    assert overdue.error("three") is None


def test_whoever_is_told_need_not_be_pickled() -> None:
    held = {"lock": threading.Lock()}
    following = Following(Place(1, 0.0), 2, lambda slots: None, lambda why: held.clear())
    assert pickle.loads(pickle.dumps(following)).__dict__ == {}


def test_without_a_limit_no_trial_is_looked_at(clock: Clock) -> None:
    Overdue(None).kill(1 // 0 for _ in range(1))
