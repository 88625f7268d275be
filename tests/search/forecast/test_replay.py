"""The forecast on recorded sweeps: it knows what was known at each moment, and says when the end comes."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from mtl_search.data import load_dataset
from mtl_search.leaderboard import Leaderboard, TaskInfo
from mtl_search.records import Phase, TrialRecord
from mtl_search.search import Count, Step
from mtl_search.search.forecast.clock import RunClock
from mtl_search.search.forecast.forecast import Ahead, Forecast
from mtl_search.search.forecast.predictions import Predictions
from mtl_search.search.forecast.standing import Standing
from mtl_search.search.ledger import Ledger
from mtl_search.sweep import load_sweep
from mtl_search.sweep.arms import arms_of

RESULTS = Path(__file__).parents[3] / "results"
MOMENTS = 30
SLOTS = 2  # of the machine that trained them


@dataclass(frozen=True)
class Trained:
    """A recorded trial and its part of the sweep; ``block``: which round or catch-up it was of."""

    record: TrialRecord
    step: Step
    block: int

    @property
    def key(self) -> tuple[Step, str]:
        return self.step, self.record.arm


def blocks(records: Sequence[TrialRecord]) -> Iterator[Trained]:
    """The trials as they started; a new block begins where all before it had ended, or with a step."""
    last_search = max(r.started for r in records if r.arm == "search" and r.phase == Phase.SEARCH)
    step, until, block = Step.SEARCH, records[0].started, 0
    for record in sorted(records, key=lambda one: one.started):
        now = Step(record.phase.value)
        if now is Step.SEARCH and record.started > last_search:
            now = Step.CATCH_UP
        if now is not step or (record.started >= until and now in (Step.CATCH_UP, Step.REPLICATION)):
            step, block = now, block + 1
        until = max(until, record.finished)
        yield Trained(record, step, block)


def standing(
    trained: Sequence[Trained], now: datetime, searched: dict[str, int]
) -> tuple[Standing, list[Ahead]]:
    """What was known at ``now``."""
    begun = [one for one in trained if one.record.started <= now]
    present = begun[-1]
    ahead = [
        Ahead(
            one.record.arm,
            one.record.config_id if one.step in (Step.REPLICATION, Step.CONFIRMATION) else None,
            (now - one.record.started).total_seconds() if one.record.started <= now else None,
        )
        for one in trained
        if one.record.finished > now and (one.record.started <= now or one.block == present.block > 0)
    ]
    rounds = {step: sorted({one.block for one in begun if one.step is step}) for step in Step}
    newest = Counter(
        one.key
        for one in trained
        for step in Step
        if rounds[step] and one.block == rounds[step][-1] and one.block
    )
    return Standing(
        present.step,
        Counter(one.key for one in begun if one.record.finished <= now),
        Counter((present.step, one.arm) for one in ahead),
        searched,
        len(rounds[Step.CATCH_UP]),
        len(rounds[Step.REPLICATION]),
        newest,
    ), ahead


# the cores that trained support2 had other work at first
@pytest.mark.parametrize(("name", "about"), [("support2", 0.3), ("qm9", 0.25)])
def test_the_end_is_known_from_a_third_on(
    name: str, about: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = load_sweep(RESULTS / name / "sweep.yaml")
    data = load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)
    trained = list(blocks(Leaderboard(RESULTS / name).records()))
    infos = [TaskInfo(t.name, t.kind, t.role, t.metric, t.weight) for t in data.tasks.values()]
    ledger = Ledger(Leaderboard.create(tmp_path / "replay", infos), {})
    began, ended = trained[0].record.started, max(one.record.finished for one in trained)
    whole, now = (ended - began).total_seconds(), [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    clock = RunClock(0.0)
    clock.opened()
    clock.worked()
    forecast = Forecast(spec, data, ledger, clock, SLOTS)
    searched = {arm.name: (arm.trials or 0) * len(arm.studies) for arm in arms_of(spec)}
    said = Predictions()
    for number, one in enumerate(sorted(trained, key=lambda one: one.record.finished), 1):
        ledger.speeds.learn(one.record)
        if number % (len(trained) // MOMENTS) and number < len(trained):
            continue
        now[0] = (one.record.finished - began).total_seconds()
        stand, ahead = standing(trained, one.record.finished, searched)
        plan = forecast.plan(stand)
        left = forecast.seconds_left(plan, stand, ahead)
        assert plan.total.low <= len(trained) <= plan.total.high
        if left is not None:
            said.note(now[0], left)
        if now[0] >= whole / 3:
            assert left is not None
            assert now[0] + left == pytest.approx(whole, rel=0.25)
    assert (left, plan.total) == (0.0, Count.exactly(len(trained)))
    assert said.at_a_third(whole) == pytest.approx(whole, rel=about)
