"""Hours: a budget of time, by a made-up clock and made-up trainings."""

import heapq
import time as real_time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mtl_search.arm_names import REFERENCE_ARMS
from mtl_search.records import Phase, TrialRecord
from mtl_search.search import resume_sweep, run_sweep
from mtl_search.search.budget import hours as hours_module
from mtl_search.search.budget import turns as turns_module
from mtl_search.search.designs.composing import design_records
from mtl_search.search.designs.finalists import with_controls
from mtl_search.search.ending import left_out
from mtl_search.search.jobs import Job, JobSource, Placement
from mtl_search.search.ledger import recording as clock_module
from mtl_search.search.phases.catch_up import CatchUp, until_settled
from mtl_search.search.phases.confirmation import Confirmation
from mtl_search.search.phases.replication import Replication
from mtl_search.search.phases.sequence import Phases
from mtl_search.sweep import SweepSpec

MakeBench = Callable[..., Any]
HOUR = 3600.0
BUDGET = {"trials": None, "hours": 1.0, "repeats": 2, "finalists": 2, "seeds": 5}
FIXED = {"trunk": {"name": "mlp", "stages": 2, "width": 8}, "optimizer": {"name": "adamw", "lr": 0.01}}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic time, which goes on only when told."""
    now = [0.0]
    told = SimpleNamespace(monotonic=lambda: now[0])
    for module in (clock_module, hours_module):  # and no other: the tables count what their writing costs
        monkeypatch.setattr(module, "time", told)
    return now


class Sweep:
    """A command on bench ``b`` in which every training takes as long as ``seconds`` says."""

    def __init__(self, b: Any, clock: list[float], seconds: Callable[[Job], float], slots: int = 1) -> None:
        self.b, self.clock, self.seconds, self.slots = b, clock, seconds, slots
        self.notes: list[str] = []
        self.used: defaultdict[str, float] = defaultdict(float)  # seconds of a place by arm, and by phase
        self.ended = 0

    def command(self, *, spec: Any = None, stop_after: int | None = None) -> float:
        """Run it from its start to its end; how long it took."""
        began, spec = self.clock[0], spec or self.b.spec
        conductor = self.b.open(slots=self.slots, spec=spec)
        hours, visible = conductor.hours, self.b.dataset.without_test()
        replication = Replication(spec, visible, conductor.ledger, hours)
        catch_up = CatchUp(conductor, replication)

        self.train(Phases(conductor, until_settled(conductor, catch_up, replication)), stop_after)
        if stop_after is not None:
            return self.clock[0] - began
        ledger = conductor.ledger
        left_over = catch_up.left(), replication.left()
        ledger.settle_references()
        designs = design_records(spec, ledger, final=True)
        _, networks = with_controls(designs, spec.settings, ledger, self.b.dataset)
        self.confirmation = Confirmation(spec.settings, self.b.dataset, ledger, networks, hours)
        if hours is not None:
            hours.confirming()
        self.train(self.confirmation)
        self.notes = left_out(spec.settings, ledger, *left_over)
        return self.clock[0] - began

    def train(self, source: JobSource, stop_after: int | None = None) -> None:
        """Train all jobs, as many at a time as there are slots."""
        live: list[tuple[float, int, Job]] = []
        while stop_after is None or self.ended < stop_after:
            job: Any = None
            while len(live) < self.slots and not isinstance(job := source.next(), str):
                self.b.jobs.append(job)
                heapq.heappush(live, (self.clock[0] + self.seconds(job), len(self.b.jobs), job))
            if not live:
                assert job == "done", "a source must not wait for nothing"
                return
            at, _, job = heapq.heappop(live)
            self.clock[0] = max(at, self.clock[0])
            self.b.placement = Placement(self.seconds(job), 1.0, "cpu", "here")
            self.used[job.trial_id.split(".")[0].split("-")[0]] += self.seconds(job)
            self.b.end(source, job)
            self.ended += 1

    def seeds(self, phase: Phase) -> set[int]:
        """The seeds of a phase's trainings."""
        return {record.seed for record in self.b.records() if record.phase is phase}


def of(records: list[TrialRecord], phase: Phase) -> list[TrialRecord]:
    return [record for record in records if record.phase is phase]


def by_members(job: Job) -> float:
    """Networks of more tasks take longer, and of some seeds."""
    return 20.0 + 10.0 * len(job.config.members) + job.seed % 7


@pytest.mark.parametrize(("seconds", "slots"), [(60.0, 1), (60.0, 3), (by_members, 2)])
def test_the_whole_command_ends_within_its_hours(
    bench: MakeBench, clock: list[float], slots: int, seconds: Any
) -> None:
    one = seconds if callable(seconds) else lambda job: seconds
    sweep = Sweep(bench(budget=BUDGET), clock, one, slots)
    took = sweep.command()
    longest = max(map(one, sweep.b.jobs))
    assert took <= HOUR + longest
    assert took >= 0.9 * HOUR - longest, "it is used"
    search, others = sweep.used["search"], sum(sweep.used[arm] for arm in REFERENCE_ARMS)
    assert search >= others - slots * longest, "at least as much as all others, their catch-up included"
    seeds = len(sweep.seeds(Phase.CONFIRMATION))
    assert seeds >= (5 if slots == 3 else 2)
    assert any(note.startswith(f"confirmed on {seeds} of 5") for note in sweep.notes) == (seeds < 5)


def test_half_of_the_whole_is_the_search_s_where_that_is_possible(
    bench: MakeBench, clock: list[float]
) -> None:
    sweep = Sweep(bench(budget=BUDGET), clock, lambda job: 20.0)
    sweep.command()
    assert sweep.used["search"] >= 0.9 * HOUR / 2, "within a tenth"
    assert sum(sweep.used[arm] for arm in REFERENCE_ARMS) >= HOUR / 6


def test_the_other_arms_have_even_parts(bench: MakeBench, clock: list[float]) -> None:
    budget = {**BUDGET, "repeats": 0, "finalists": 0, "seeds": 0}
    b = bench(budget=budget, arms={"mine": {"members": "all"}})
    Sweep(b, clock, lambda job: 20.0).train(source := b.open())
    counts = Counter(record.arm for record in b.records())
    evens = [counts[arm] for arm in ("single_task", "shared_equal", "shared_tuned", "mine")]
    assert max(evens) - min(evens) <= 2
    assert counts["search"] >= sum(evens) - 2
    assert source.next() == "done"


def test_a_calendar_that_jumps_moves_nothing(
    bench: MakeBench, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for folder, jump in (("steady", 0), ("jumping", 86_400)):
        clock[0] = 0.0
        moved = iter(range(10_000))

        class Calendar(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                back_and_forth = jump * (-1) ** next(moved)  # noqa: B023
                return super().now(tz) + timedelta(seconds=back_and_forth)

        monkeypatch.setattr(clock_module, "datetime", Calendar)
        sweep = Sweep(bench(folder=folder, budget=BUDGET), clock, lambda job: 60.0)
        sweep.command()
        found.append([(record.trial_id, record.config_id) for record in sweep.b.records()])
        held = [(record.finished - record.started).total_seconds() for record in sweep.b.records()]
        assert set(map(round, held)) <= {0, 60}
    assert found[0] == found[1]


def test_what_earlier_processes_used_counts(bench: MakeBench, clock: list[float]) -> None:
    sweep = Sweep(bench(budget=BUDGET), clock, lambda job: 60.0)
    first = sweep.command(stop_after=25)
    clock[0] += 5 * HOUR  # between them
    second = sweep.command()
    assert first == 1500.0
    assert 0.9 * HOUR <= first + second <= HOUR + 60


def test_a_sweep_that_has_ended_has_nothing_left_to_do(bench: MakeBench, clock: list[float]) -> None:
    sweep = Sweep(bench(budget=BUDGET, keep="none"), clock, lambda job: 100.0)
    sweep.command()
    sweep.b.jobs.clear()
    assert sweep.command() == 0.0
    assert sweep.b.jobs == [], "what was idle is not counted, and yet nothing is trained"


def test_a_confirmation_that_was_killed_is_brought_to_its_end(bench: MakeBench, clock: list[float]) -> None:
    sweep = Sweep(bench(budget={**BUDGET, "hours": 1.2}), clock, lambda job: 60.0)
    whole = Sweep(bench(budget={**BUDGET, "hours": 1.2}, folder="whole"), clock, lambda job: 60.0)
    whole.command()
    planned = {(r.config_id, r.seed) for r in of(whole.b.records(), Phase.CONFIRMATION)}
    plain, left = sweep.train, [3]

    def train(source: JobSource, stop_after: int | None = None) -> None:
        stops = isinstance(source, Confirmation) and left
        plain(source, sweep.ended + left.pop() if stops else stop_after)

    sweep.train = train  # type: ignore[method-assign]
    sweep.command()
    sweep.command()
    again = of(sweep.b.records(), Phase.CONFIRMATION)
    assert {(r.config_id, r.seed) for r in again} == planned
    assert {r.reading for r in again} == {1}


# where it does not all fit


def test_fewer_seeds_where_the_confirmation_does_not_fit(bench: MakeBench, clock: list[float]) -> None:
    sweep = Sweep(bench(budget={**BUDGET, "hours": 0.7, "repeats": 1}), clock, lambda job: 60.0)
    took = sweep.command()
    seeds = len(sweep.seeds(Phase.CONFIRMATION))
    assert 2 <= seeds < 5
    assert f"confirmed on {seeds} of 5 seeds: the hours had no room for more" in sweep.notes
    assert took <= 0.7 * HOUR * 1.1 + 60


def test_never_fewer_than_two(bench: MakeBench, clock: list[float]) -> None:
    sweep = Sweep(bench(budget={**BUDGET, "hours": 0.1}), clock, lambda job: 60.0)
    sweep.command()
    assert len(sweep.seeds(Phase.CONFIRMATION)) == 2
    assert "confirmed on 2 of 5 seeds: the hours had no room for more" in sweep.notes
    assert any("of the replication" in note for note in sweep.notes)


def test_a_confirmation_that_is_slower_than_planned_has_fewer(bench: MakeBench, clock: list[float]) -> None:
    sweep = Sweep(bench(budget=BUDGET), clock, lambda job: 90.0 if job.read_test else 20.0)
    took = sweep.command()
    assert 2 <= len(sweep.seeds(Phase.CONFIRMATION)) < 5
    assert took <= HOUR * 1.1 + 90


def test_the_replication_trains_whole_seeds(bench: MakeBench, clock: list[float]) -> None:
    for hours in (0.4, 0.7):
        b = bench(budget={**BUDGET, "hours": hours}, folder=f"of-{hours}")
        sweep = Sweep(b, clock, lambda job: 60.0)
        sweep.command()
        again = of(b.records(), Phase.REPLICATION)
        per_seed = Counter(record.seed for record in again).values()
        first = {r.config_id for r in again[: max(per_seed, default=0)]}
        assert len(set(per_seed)) <= 1 or len(first) < len({r.config_id for r in again})


def test_no_training_is_begun_that_is_longer_than_what_is_left(bench: MakeBench, clock: list[float]) -> None:
    budget = {**BUDGET, "hours": 0.25, "repeats": 0, "finalists": 0, "seeds": 0}
    sweep = Sweep(bench(budget=budget), clock, lambda job: 200.0)
    sweep.train(sweep.b.open())
    assert clock[0] == 800.0, "of 900 seconds, and not 1000"


def test_hours_end_where_there_is_nothing_new_to_train(
    bench: MakeBench, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns_module, "REPEATED", 5)
    # all but the weights of shared_tuned is fixed: there is one network of each set of members
    b = bench(trial={**FIXED, "sharing": "shared"}, budget={**BUDGET, "hours": 1.0})
    sweep = Sweep(b, clock, lambda job: 60.0)
    sweep.train(b.open())
    trained = Counter(r.arm for r in b.records() if r.duplicate_of is None)
    assert (trained["single_task"], trained["shared_equal"], trained["search"]) == (2, 1, 0)
    assert trained["shared_tuned"] > 3
    assert clock[0] < 0.5 * HOUR


def test_as_many_places_as_there_are_do_not_make_a_study_overrun(
    bench: MakeBench, clock: list[float]
) -> None:
    sweep = Sweep(bench(budget=BUDGET), clock, lambda job: 120.0, slots=16)
    took = sweep.command()
    assert took <= HOUR + 120
    assert sweep.used["search"] >= sum(sweep.used[arm] for arm in REFERENCE_ARMS) - 16 * 120


def test_the_mark_of_a_confirmation_is_hidden(bench: MakeBench, clock: list[float]) -> None:
    sweep = Sweep(bench(budget=BUDGET), clock, lambda job: 100.0)
    sweep.command()
    files = {path.name for path in Path(sweep.b.path).iterdir()}
    assert ".hours" in files


def test_a_real_sweep_of_12_seconds(tiny_spec: Callable[..., SweepSpec], tmp_path: Path) -> None:
    import torch._dynamo  # noqa: F401  # which a process imports once: seconds, of which longer sweeps have room

    seconds = 12
    spec = tiny_spec(budget={**BUDGET, "hours": seconds / HOUR}, trial={"epochs": 12})
    began = real_time.monotonic()
    result = run_sweep(spec, tmp_path, inline=True)
    took = real_time.monotonic() - began
    assert (result.interrupted, result.hopeless) == (False, None)
    longest = max(record.device_seconds for record in result.board.records())
    assert 0.8 * seconds <= took <= 1.1 * seconds + longest
    counts = result.board.frame("trials").query("phase == 'search'").groupby("arm")["device_seconds"].sum()
    assert counts["search"] >= 0.8 * counts.drop("search").sum()
    assert {"chosen", "caveats"} <= set(result.board.frame("summary"))
    known = {record.trial_id for record in result.board.records()}
    resumed = resume_sweep(result.path, inline=True).board.records()
    more = [record for record in resumed if record.trial_id not in known]
    assert all((one.phase, one.reading) == (Phase.CONFIRMATION, 1) for one in more), (
        "what was planned at most"
    )
