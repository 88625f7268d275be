"""Phases: one source after another."""

from collections.abc import Iterator
from typing import Any

from mtl_search.records import EpochReport
from mtl_search.search.jobs import Job, JobSource, Placement
from mtl_search.search.phases.sequence import Phases
from mtl_search.training import TrialOutcome

HERE = Placement(1.0, 1.0, "cpu", "here")


class Listed(JobSource):
    """Hands out what it is given, and notes what it is told."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.ended, self.stopped = list(answers), list[str](), False

    def next(self) -> Any:
        return "done" if self.stopped or not self.answers else self.answers.pop(0)

    def report(self, trial_id: str, report: EpochReport) -> bool:
        return self.stopped

    def finish(self, trial_id: str, outcome: TrialOutcome | None, placement: Placement) -> None:
        self.ended.append(trial_id)

    def interrupt(self) -> None:
        self.stopped = True


def job(trial_id: str) -> Job:
    return Job(trial_id, None, 0, None)  # type: ignore[arg-type]  # its name alone is looked at


def test_one_after_another_and_each_gets_its_own() -> None:
    one, two = Listed(job("a"), "wait"), Listed(job("b"))
    made = []

    def rest() -> Iterator[JobSource]:
        made.append("two")
        yield two

    source = Phases(one, rest())
    first = source.next()
    assert isinstance(first, Job)
    assert first.trial_id == "a"
    assert source.next() == "wait"
    assert made == [], "the next is made when its turn comes"
    source.finish("a", None, HERE)
    second = source.next()
    assert isinstance(second, Job)
    assert second.trial_id == "b"
    source.finish("b", None, HERE)
    assert source.next() == "done"
    assert (one.ended, two.ended) == (["a"], ["b"])


def test_after_an_interrupt_no_other_gets_its_turn() -> None:
    one, two = Listed(job("a")), Listed(job("b"))
    source = Phases(one, iter([two]))
    source.next()
    source.interrupt()
    assert source.report("a", EpochReport(1, {}, {}, {}, 0.0, 0.1)), "what runs is stopped"
    assert source.next() == "done"
    assert (one.stopped, len(two.answers)) == (True, 1)


def test_an_interrupt_while_the_next_is_made_stops_that() -> None:
    two = Listed(job("b"))

    def rest() -> Iterator[JobSource]:
        source.interrupt()
        yield two

    source = Phases(Listed(), rest())
    assert source.next() == "done"
    assert two.stopped
