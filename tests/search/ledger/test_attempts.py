"""Attempts: what a lost worker does not change."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mtl_search.records import EpochReport, Phase, TrialRecord, TrialState
from mtl_search.search import resume_sweep, run_sweep
from mtl_search.search.jobs import Job
from mtl_search.search.ledger.attempts import add_epoch, attempt_name, may_train
from mtl_search.sweep import SweepSpec
from mtl_search.training import Progress, SoloTrainer, TrialOutcome, failure
from tests.fixtures.boards import synthetic_trial

MakeBench = Callable[..., Any]
MakeSpec = Callable[..., SweepSpec]
Doomed = Callable[[Job], bool]

GOOD = synthetic_trial("good")
OWN = synthetic_trial("own", state=TrialState.FAILED)
LOST = synthetic_trial("lost", state=TrialState.FAILED, lost=True)


@pytest.mark.parametrize(
    ("attempts", "in_this_run", "again"),
    [
        ([], 0, True),
        ([GOOD], 0, False),
        ([LOST, GOOD], 0, False),
        ([LOST], 1, True),
        ([LOST] * 2, 2, True),
        ([LOST] * 3, 3, False),
        ([LOST] * 3, 0, True),
        ([LOST] * 30, 0, True),
        ([OWN], 1, True),
        ([OWN] * 2, 2, False),
        ([OWN] * 2, 0, True),
        ([OWN] * 4, 0, False),
        ([LOST, OWN], 2, False),
        ([OWN, LOST], 2, True),
        ([], 3, False),
    ],
    ids=lambda value: "".join(one.trial_id[0] for one in value) if isinstance(value, list) else str(value),
)
def test_how_often_a_failed_training_is_tried_again(
    attempts: list[TrialRecord], in_this_run: int, again: bool
) -> None:
    assert may_train(attempts, in_this_run, retries=2) == again


@pytest.mark.parametrize(("begun", "whole"), [(1, [10]), (3, [1, 2, 10])], ids=["anew", "from its middle"])
def test_epochs_that_a_retry_is_spared_are_of_the_attempt_before(begun: int, whole: list[int]) -> None:
    """Those of the retry have a score of 10 here."""
    before = [EpochReport(epoch, {}, {}, {}, float(epoch), 0.1) for epoch in range(1, 5)]
    history: list[EpochReport] = []
    for epoch in (begun, begun + 1):
        add_epoch(history, EpochReport(epoch, {}, {}, {}, 10.0, 0.1), before)
    assert [int(report.score) for report in history] == [*whole, 10]
    assert [report.epoch for report in history] == list(range(1, begun + 2))


class Losing:
    """A bench's way to end a job: lost where ``doomed`` says so, after the epochs that it reports."""

    def __init__(self, b: Any, doomed: Doomed) -> None:
        self._plain, self._doomed = b.outcome, doomed
        b.outcome = self

    def __call__(self, job: Job) -> TrialOutcome:
        if self._doomed(job):
            return failure(RuntimeError("the worker died"), lost=True)
        outcome: TrialOutcome = self._plain(job)
        return outcome


def the_first(times: int) -> Doomed:
    """Dooms each job that often."""
    seen: Counter[str] = Counter()

    def doomed(job: Job) -> bool:
        seen[job.trial_id] += 1
        return seen[job.trial_id] <= times

    return doomed


def kept(records: list[TrialRecord]) -> list[tuple[Any, ...]]:
    """What must not depend on what was lost."""
    return [(r.trial_id, r.config_id, r.seed, r.state, r.score, r.epochs) for r in records if not r.lost]


@pytest.mark.parametrize("sampler", ["tpe", "random"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_search_that_loses_each_trial_ends_as_one_that_loses_none(
    bench: MakeBench, sampler: str, times: int
) -> None:
    options = {"sampler": {"name": sampler}, "pruner": {"name": "asha", "min_epochs": 1}}
    calm, hard = bench(folder="calm", **options), bench(folder="hard", **options)
    calm.run(calm.open())
    Losing(hard, the_first(times))
    hard.run(hard.open())
    assert kept(hard.records()) == kept(calm.records())
    trained = [r for r in calm.records() if r.duplicate_of is None and r.state is not TrialState.PRUNED]
    lost = [r for r in hard.records() if r.lost]
    assert len(lost) == times * len(trained)
    assert {r.state for r in lost} == {TrialState.FAILED}


@pytest.mark.parametrize(("retries", "often"), [(0, "once"), (2, "3 times")])
def test_a_trial_that_is_always_lost_fails_in_the_end(bench: MakeBench, retries: int, often: str) -> None:
    b = bench(resources={"gpu": 0, "retries": retries})
    Losing(b, lambda job: job.trial_id == "search-0001")
    source = b.open()
    b.run(source)
    named = [r for r in b.records() if r.trial_id.startswith("search-0001")]
    losses = [f"search-0001.lost{number}" for number in range(1, retries + 1)]
    assert [r.trial_id for r in named] == [*losses, "search-0001"]
    assert [r.lost for r in named] == [True] * retries + [False], "the last one is not tried again"
    assert [r.attempts for r in named] == list(range(1, retries + 2))
    assert {r.state for r in named} == {TrialState.FAILED}
    assert {r.error for r in named[:-1]} <= {"RuntimeError: the worker died"}
    assert named[-1].error == f"lost {often}, the last time with RuntimeError: the worker died"
    assert source.ledger.states["search"] == {"complete": 2, "failed": 1}, "and it counts as one of three"


def test_what_was_lost_when_the_sweep_stopped_is_tried_again_on_resume(bench: MakeBench) -> None:
    b = bench()
    Losing(b, the_first(1))
    b.run(b.open(), stop_after=1)
    assert [r.trial_id for r in b.records()] == ["single_task.cost-0000.lost1"]
    source = b.open()
    b.run(source)
    counted = Counter(r.arm for r in source.ledger.records)
    assert counted == {"single_task": 4, "shared_equal": 4, "shared_tuned": 4, "search": 3}
    assert {r.state for r in source.ledger.records} == {TrialState.COMPLETE}


def test_a_reference_that_was_lost_for_good_is_tried_again_on_resume(bench: MakeBench) -> None:
    b = bench()
    plain = b.outcome
    Losing(b, lambda job: job.config.members == ("cost",))
    b.run(b.open())
    assert "cost" not in b.open().ledger.references
    b.outcome = plain
    source = b.open()
    b.run(source)
    assert "cost" in source.ledger.references
    alone = [r for r in source.ledger.records if r.trial_id.startswith("single_task.cost-")]
    assert Counter(r.state for r in alone) == {TrialState.FAILED: 2, TrialState.COMPLETE: 2}
    assert {r.config_id for r in alone[:2]} == {r.config_id for r in alone[2:]}
    count = len(b.records())
    b.run(b.open())
    assert len(b.records()) == count, "it is there now"


BUDGET = {"trials": 3, "reference_trials": 2, "repeats": 2, "finalists": 1, "seeds": 2}


class Faulty:
    """Makes trainings in this process fail where ``doomed`` says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, doomed: Doomed, *, lost: bool) -> None:
        self.failed = 0
        real = SoloTrainer.step

        def step(trainer: SoloTrainer) -> list[Progress]:
            job = trainer._job
            if trainer._training is not None or not doomed(job):
                return real(trainer)
            self.failed += 1
            trainer.stop(job.trial_id)
            died = failure(RuntimeError("the worker process died"), lost=lost)
            return [Progress(job.trial_id, None, False, died)]

        monkeypatch.setattr(SoloTrainer, "step", step)


def of_the_reference(phase: Phase, *numbers: int) -> Doomed:
    """Dooms trainings of ``cost`` alone in ``phase``: those of these numbers, counted from 1, or all."""
    seen = 0

    def doomed(job: Job) -> bool:
        nonlocal seen
        if not (job.trial_id.startswith(phase.value) and job.config.members == ("cost",)):
            return False
        seen += 1
        return not numbers or seen in numbers

    return doomed


def headlines(frames: Mapping[str, pd.DataFrame]) -> list[Any]:
    """What a reader takes home: designs with their gains, and what the confirmation says of them."""
    designs, summary = frames["designs"], frames["summary"]
    return [
        designs[["arm", "n_networks", "text", "delta_m"]].to_dict("records"),
        summary[["arm", "n_networks", "n_seeds", "delta_m", "verdict"]].to_dict("records"),
    ]


def tables(path: Path) -> dict[str, pd.DataFrame]:
    from mtl_search.leaderboard import Leaderboard

    return {name: Leaderboard(path).frame(name) for name in ("designs", "summary", "trials")}


@pytest.fixture
def calm(tiny_spec: MakeSpec, tmp_path: Path) -> list[Any]:
    """The headlines of a sweep without faults."""
    return headlines(tables(run_sweep(tiny_spec(budget=BUDGET), tmp_path / "calm", inline=True).path))


@pytest.mark.parametrize("phase", [Phase.REPLICATION, Phase.CONFIRMATION])
@pytest.mark.parametrize("lost", [True, False], ids=["lost", "own"])
def test_a_lost_training_is_repeated_and_changes_nothing(
    tiny_spec: MakeSpec,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    calm: list[Any],
    phase: Phase,
    lost: bool,
) -> None:
    faulty = Faulty(monkeypatch, of_the_reference(phase, 1), lost=lost)
    frames = tables(run_sweep(tiny_spec(budget=BUDGET), tmp_path / "hard", inline=True).path)
    assert faulty.failed == 1
    assert headlines(frames) == calm
    (failed,) = frames["trials"].query("state == 'failed'").itertuples()
    trials = frames["trials"].set_index("trial_id")
    again = trials.loc[attempt_name(str(failed.trial_id), 2)]
    assert (again["seed"], again["state"]) == (failed.seed, "complete")
    assert (failed.attempts, again["attempts"]) == (1, 2)


@pytest.mark.parametrize("lost", [True, False], ids=["lost", "own"])
def test_a_confirmation_that_fails_in_a_whole_run_is_tried_again_on_resume(
    tiny_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calm: list[Any], lost: bool
) -> None:
    with monkeypatch.context() as patch:
        Faulty(patch, of_the_reference(Phase.CONFIRMATION), lost=lost)
        path = run_sweep(tiny_spec(budget=BUDGET), tmp_path / "hard", inline=True).path
    failed = tables(path)["trials"].query("state == 'failed'")
    assert set(failed.groupby(["config_id", "seed"]).size()) == {4 if lost else 2}, "with a limit"
    assert_ends_as(calm, path)


def assert_ends_as(calm: list[Any], path: Path) -> None:
    resume_sweep(path, inline=True)
    assert headlines(tables(path)) == calm
    n_trials = len(tables(path)["trials"])
    resume_sweep(path, inline=True)
    assert len(tables(path)["trials"]) == n_trials, "nothing is left to do"


@pytest.mark.parametrize("seed", range(3))
def test_a_replicate_that_is_lost_in_a_whole_run_keeps_test_unread_until_a_resume(
    tiny_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Designs that were chosen without it may be others than those that are confirmed with it."""
    spec = tiny_spec(budget=BUDGET, sampler={"seed": seed})
    calm = headlines(tables(run_sweep(spec, tmp_path / "calm", inline=True).path))
    with monkeypatch.context() as patch:
        Faulty(patch, of_the_reference(Phase.REPLICATION), lost=True)
        result = run_sweep(spec, tmp_path / "hard", inline=True)
    trials = tables(result.path)["trials"]
    failed = trials.query("state == 'failed'")
    assert set(failed.groupby(["config_id", "seed"]).size()) == {4}, "with a limit"
    assert "confirmation" not in set(trials["phase"])
    assert "a resume tries once more, before test is read" in str(result.hopeless)
    assert_ends_as(calm, result.path)


def test_a_replicate_that_is_lost_in_two_runs_leaves_a_sweep_that_ends(
    tiny_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network may be what kills its workers."""
    Faulty(monkeypatch, of_the_reference(Phase.REPLICATION), lost=True)
    path = run_sweep(tiny_spec(budget=BUDGET), tmp_path, inline=True).path
    assert tables(path)["summary"].empty
    assert resume_sweep(path, inline=True).hopeless is None
    assert "single_task" in set(tables(path)["summary"]["arm"])


def test_replicates_that_fail_by_themselves_are_named_and_trained_again_on_resume(
    tiny_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calm: list[Any]
) -> None:
    """No network of ``cost`` alone is replicated, and none of their means can be taken."""
    with monkeypatch.context() as patch:
        Faulty(patch, of_the_reference(Phase.REPLICATION), lost=False)
        path = run_sweep(tiny_spec(budget=BUDGET), tmp_path / "hard", inline=True).path
    frames = tables(path)
    assert "single_task" in set(frames["summary"]["arm"])
    assert frames["designs"]["delta_m"].notna().all()
    assert set(frames["summary"]["n_seeds"]) == {2}
    (named,) = {one for notes in frames["summary"]["caveats"] for one in notes if "missing" in one}
    assert named.startswith("missing in the replication, without which designs and references were chosen: ")
    assert set(re.findall(r"network of (.*?) on seed", named)) == {"cost"}
    designs, summary = headlines(tables(resume_sweep(path, inline=True).path))
    assert designs == calm[0]
    known = {(row["arm"], row["n_networks"]): row["delta_m"] for row in calm[1]}
    assert {(row["arm"], row["n_networks"]): row["delta_m"] for row in summary} == known
