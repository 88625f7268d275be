"""Conductor: the order of arms, references, duplicates, failures, budgets, interruption, resumption."""

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtl_search.leaderboard import Leaderboard
from mtl_search.leaderboard.log import TrialLog
from mtl_search.records import Phase, TrialState
from mtl_search.search.jobs import Job
from mtl_search.search.studies import arm_study as arm_study_module
from mtl_search.search.studies.journal import _Lines
from mtl_search.search.studies.transfer import Transfer
from mtl_search.training import TrialOutcome, failure

MakeBench = Callable[..., Any]

ARMS = ("single_task", "shared_equal", "shared_tuned", "search")


def arm_of(trial_id: str) -> str:
    return trial_id.rsplit("-", 1)[0].split(".")[0]


# order and totals


def test_every_trial_of_the_budget_is_a_row(bench: MakeBench) -> None:
    b = bench()
    b.run(b.open())
    counts = Counter(record.arm for record in b.records())
    # two trials per main task and reference arm, three of the search
    assert counts == {"single_task": 4, "shared_equal": 4, "shared_tuned": 4, "search": 3}
    assert len({record.trial_id for record in b.records()}) == 15


def test_references_run_first_then_users_arms_then_the_search(bench: MakeBench) -> None:
    b = bench(arms={"mine": {"members": "all"}, "other": {"weighting": {"name": "uncertainty"}}})
    b.run(b.open())
    order = list(dict.fromkeys(arm_of(job.trial_id) for job in b.jobs))
    assert order == ["single_task", "shared_equal", "shared_tuned", "mine", "other", "search"]


def test_arms_have_their_spaces(bench: MakeBench) -> None:
    b = bench(
        trial={"weighting": {"name": "uncertainty"}},
        arms={"mine": {"members": "all", "weighting": {"name": "pcgrad"}}},
    )
    b.run(b.open())
    records = {arm: [r for r in b.records() if r.arm == arm] for arm in (*ARMS, "mine")}
    assert {r.members for r in records["single_task"]} == {("cost",), ("ill",)}
    assert {r.weighting for r in records["single_task"]} == {"equal"}
    for arm, weighting in (("shared_equal", "equal"), ("shared_tuned", "fixed")):
        assert {r.members for r in records[arm]} == {("cost", "ill")}
        assert {r.sharing for r in records[arm]} == {"cost ill / cost ill"}
        assert {r.weighting for r in records[arm]} == {weighting}
    assert {(r.members, r.weighting) for r in records["mine"]} == {(("cost", "ill"), "pcgrad")}


TREES = {"members": "all", "sharing": {"tree": "any"}}


def cuts(b: Any) -> list[str]:
    return [r.params["sharing.cut.cost+ill"] for r in b.records() if r.arm == "search"]


@pytest.mark.parametrize("slots", [1, 2])
def test_a_search_for_trees_begins_with_the_plain_ones(bench: MakeBench, slots: int) -> None:
    b = bench(trial=TREES, budget={"trials": 6})
    b.run(b.open(slots=slots), slots=slots)
    assert cuts(b)[:2] == ["2", "1"]
    assert len(cuts(b)) == 6


@pytest.mark.parametrize("stop_after", range(12, 16))
def test_a_search_for_trees_that_is_resumed_begins_once(bench: MakeBench, stop_after: int) -> None:
    b = bench(trial=TREES, budget={"trials": 6, "reference_trials": 2})
    b.run(b.open(), stop_after=stop_after)
    b.run(b.open())
    assert cuts(b)[:2] == ["2", "1"]


def test_a_plain_tree_that_is_too_large_is_tried_with_other_hyperparameters(bench: MakeBench) -> None:
    wide = {"name": "mlp", "stages": 2, "width": {"categorical": [4, 64, 128, 256]}}
    b = bench(trial={**TREES, "trunk": wide}, budget={"trials": 4}, constraints={"n_params": 1000})
    b.run(b.open())
    assert cuts(b)[:2] == ["2", "1"]


def test_sets_that_are_chosen_begin_with_plain_trees_too(bench: MakeBench) -> None:
    trial = {"sharing": {"tree": "any"}, "members": {"subset": {"min": 2, "max": 2}}}
    b = bench(trial=trial, sampler={"name": "random", "grouping": "bayes"}, budget={"trials": 4})
    b.run(b.open())
    assert sorted(cuts(b)[:2]) == ["1", "2"]


def test_what_the_strategy_believed_of_a_set_is_recorded_with_its_trial(bench: MakeBench) -> None:
    b = bench(sampler={"name": "random", "grouping": "bayes"}, budget={"trials": 3})
    b.run(b.open())
    records = Leaderboard(b.path).records(whole=True)
    searched = [record for record in records if record.arm == "search"]
    assert len(searched) == 3
    for record in searched:
        assert {belief.task for belief in record.beliefs} == {*record.members} & {"cost", "ill"}
        assert all(belief.spread > 0 and belief.reason for belief in record.beliefs)
    assert not any(record.beliefs for record in records if record.arm != "search")


def test_each_way_of_sharing_is_tried_once_whatever_did_well_elsewhere(
    bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Transfer, "offer", lambda *_: {"sharing.name": "split"})
    ways = {"one_of": ["shared", {"split": 1}, {"name": "cross_stitch", "own": {"float": [0.5, 1.0]}}]}
    b = bench(trial={"members": "all", "sharing": ways}, budget={"trials": 4, "reference_trials": 1})
    b.run(b.open())
    names = [record.params["sharing.name"] for record in b.records() if record.arm == "search"]
    assert names[:3] == ['"shared"', '"split"', '"cross_stitch"']


def test_single_task_tunes_main_tasks_alone(bench: MakeBench) -> None:
    b = bench(tasks={"ill": {"kind": "binary", "role": "auxiliary"}})
    b.run(b.open())
    records = b.records()
    assert {r.members for r in records if r.arm == "single_task"} == {("cost",)}
    assert {r.members for r in records if r.arm.startswith("shared")} == {("cost", "ill")}
    assert all("cost" in r.members for r in records), "an auxiliary task alone serves nothing"


@pytest.mark.parametrize(
    ("sampler", "trial", "tasks", "wanted"),
    [
        ({"grouping": "bayes"}, {}, 3, True),
        ({"grouping": "bayes"}, {}, 2, False),
        ({"grouping": "bayes", "affinities": False}, {}, 3, False),
        ({"grouping": "random"}, {}, 3, False),
        ({"grouping": "bayes"}, {"members": "all"}, 3, False),
    ],
)
def test_affinities_are_measured_in_shared_equal_where_bayes_asks_for_them(
    bench: MakeBench, sampler: dict[str, Any], trial: dict[str, Any], tasks: int, wanted: bool
) -> None:
    third = {"tasks": {"stage": "multiclass"}, "data": {"drop": ["patient", "topics"]}} if tasks == 3 else {}
    b = bench(sampler={"name": "random", **sampler}, trial=trial, **third)
    b.run(b.open())
    assert len(b.spec.settings.all_tasks) == tasks
    measured = {arm_of(job.trial_id) for job in b.jobs if job.affinities}
    assert measured == ({"shared_equal"} if wanted else set())


def test_others_wait_for_single_task(bench: MakeBench) -> None:
    b = bench(budget={"reference_trials": 1})
    source = b.open(slots=4)
    first, second = source.next(), source.next()
    assert [arm_of(job.trial_id) for job in (first, second)] == ["single_task"] * 2
    assert source.next() == "wait"
    b.end(source, first)
    assert source.next() == "wait"
    b.end(source, second)
    assert arm_of(source.next().trial_id) == "shared_equal"


def test_idle_slots_are_filled_from_the_next_arm(bench: MakeBench) -> None:
    b = bench(budget={"reference_trials": 1})
    source = b.open(slots=8)
    b.run(source, stop_after=2)
    arms = [arm_of(source.next().trial_id) for _ in range(7)]
    assert arms == ["shared_equal"] * 2 + ["shared_tuned"] * 2 + ["search"] * 3
    assert source.next() == "wait"


@pytest.mark.parametrize("slots", [1, 2, 5])
def test_the_total_is_right_whatever_the_slots(bench: MakeBench, slots: int) -> None:
    b = bench()
    b.run(b.open(slots=slots), slots=slots)
    assert Counter(r.arm for r in b.records()) == {
        "single_task": 4, "shared_equal": 4, "shared_tuned": 4, "search": 3,
    }  # fmt: skip


def test_seeds_come_from_the_number_of_the_trial(bench: MakeBench) -> None:
    b = bench()
    b.run(b.open())
    seeds: dict[str, set[int]] = {}
    for record in b.records():
        seeds.setdefault(record.trial_id.rsplit("-", 1)[1], set()).add(record.seed)
    assert all(len(found) == 1 for found in seeds.values())
    assert len({seed for found in seeds.values() for seed in found}) == len(seeds)


def test_the_same_sweep_draws_the_same_trials(bench: MakeBench) -> None:
    found = []
    for folder in ("a", "b"):
        b = bench(folder=folder)
        b.run(b.open())
        found.append([(job.trial_id, job.config, job.seed) for job in b.jobs])
    assert found[0] == found[1]
    other = bench(folder="c", sampler={"seed": 1})
    other.run(other.open())
    assert [job.config for job in other.jobs] != [config for _, config, _ in found[0]]


# gains


def test_gains_are_relative_to_the_best_single_values(bench: MakeBench) -> None:
    b = bench()
    source = b.open()
    b.run(source)
    alone = [r for r in b.records() if r.arm == "single_task"]
    best = {
        "cost": min(m.value for r in alone for m in r.metrics if m.task == "cost"),
        "ill": max(m.value for r in alone for m in r.metrics if m.task == "ill"),
    }
    assert source.ledger.references == best
    for job in b.jobs:
        expected = {} if arm_of(job.trial_id) == "single_task" else best
        assert job.score.references == expected
    for record in b.records():
        if record.arm != "single_task":
            kinds = {task: b.dataset.tasks[task].metric for task in record.members}
            gains = [kinds[m.task].gain(m.value, best[m.task]) for m in record.metrics]
            assert record.score == pytest.approx(sum(gains) / len(gains))
            assert record.mean_gain == pytest.approx(record.score)


def test_single_task_is_scored_by_its_metric(bench: MakeBench) -> None:
    b = bench()
    b.run(b.open())
    for record in b.records():
        if record.arm == "single_task":
            (metric,) = record.metrics
            sign = -1 if metric.task == "cost" else 1
            assert record.score == pytest.approx(sign * metric.value)
            assert math.isnan(record.mean_gain), "there is nothing to compare with yet"


def test_a_task_without_reference_leaves_the_others_theirs(bench: MakeBench) -> None:
    # every single-task trial of ill fails: networks are then judged by cost
    b = bench()
    plain = b.outcome

    def outcome(job: Job) -> TrialOutcome:
        broken = arm_of(job.trial_id) == "single_task" and job.config.members == ("ill",)
        return failure(ValueError("broken")) if broken else plain(job)

    b.outcome = outcome
    source = b.open()
    b.run(source)
    assert source.ledger.references.keys() == {"cost"}
    shared = [r for r in b.records() if r.arm == "shared_equal"]
    assert all(r.state is TrialState.COMPLETE and math.isfinite(r.score) for r in shared)


# duplicates


FIXED: dict[str, Any] = {"optimizer": {"name": "adamw", "lr": 0.01}, "sharing": "shared"}


def test_an_equal_network_is_not_trained_again(bench: MakeBench) -> None:
    b = bench(trial=FIXED)
    b.run(b.open())
    trained = {r.config_id for r in b.records()}
    assert sorted(job.config.identity(b.dataset.fingerprint) for job in b.jobs[:3]) == sorted(
        {job.config.identity(b.dataset.fingerprint) for job in b.jobs[:3]}
    ), "each once"
    known = {r.trial_id: r for r in b.records()}
    answered = [r for r in known.values() if r.duplicate_of]
    assert len(answered) == len(known) - len(trained)
    for record in answered:
        original = known[record.duplicate_of]
        assert original.duplicate_of is None
        assert (record.config_id, record.seed) == (original.config_id, original.seed)
        assert [(m.task, m.value) for m in record.metrics] == [(m.task, m.value) for m in original.metrics]
        assert (record.train_seconds, record.device_seconds, record.attempts) == (0.0, 0.0, 0)


def test_duplicates_count_in_the_budget(bench: MakeBench) -> None:
    b = bench(trial=FIXED)
    b.run(b.open())
    assert Counter(r.arm for r in b.records()) == {
        "single_task": 4, "shared_equal": 4, "shared_tuned": 4, "search": 3,
    }  # fmt: skip


def test_a_duplicate_is_scored_in_its_own_arm(bench: MakeBench) -> None:
    b = bench(trial={**FIXED, "members": ["cost"]}, objective={"max_networks": 1})
    b.run(b.open())
    of_search = [r for r in b.records() if r.arm == "search"]
    assert all(r.duplicate_of for r in of_search)
    assert [r.score for r in of_search] == [0.0] * 3, "the gain over itself, not the RMSE"


def test_a_failed_trial_answers_nothing(bench: MakeBench) -> None:
    b = bench(trial=FIXED)
    b.outcome = lambda job: failure(ValueError("broken"))
    source = b.open()
    b.run(source, stop_after=2)
    assert [r.duplicate_of for r in b.records()] == [None, None]


# failures


def test_a_failed_trial_is_a_row_and_the_sweep_goes_on(bench: MakeBench) -> None:
    b = bench()
    plain = b.outcome
    b.outcome = lambda job: (
        failure(MemoryError("no room"), 1) if job.trial_id.endswith("0001") else plain(job)
    )
    source = b.open()
    b.run(source)
    failed = [r for r in b.records() if r.state is TrialState.FAILED]
    assert len(failed) == 5
    assert len(b.records()) == 15
    for record in failed:
        assert record.error == "MemoryError: no room"
        assert record.metrics == ()
        assert math.isnan(record.score)
        assert math.isnan(record.mean_gain)
    assert source.hopeless is None


def test_no_score_is_a_failed_trial(bench: MakeBench) -> None:
    b = bench(values=lambda job: {"cost": math.nan, "ill": 0.7})
    b.run(b.open(), stop_after=1)
    (record,) = b.records()
    assert record.state is TrialState.FAILED
    assert record.error == "no score: a metric is not a number"


def test_when_all_fail_the_sweep_gives_up(bench: MakeBench) -> None:
    b = bench(budget={"reference_trials": 6})
    b.outcome = lambda job: failure(ValueError("always"))
    source = b.open()
    b.run(source)
    assert len(b.records()) == arm_study_module.HOPELESS
    assert source.hopeless is not None
    assert "ValueError: always" in source.hopeless


def test_a_small_sweep_in_which_all_failed_is_hopeless_too(bench: MakeBench) -> None:
    b = bench(budget={"reference_trials": 1, "trials": 1})
    b.outcome = lambda job: failure(ValueError("always"))
    source = b.open()
    b.run(source)
    assert len(b.records()) == 7
    assert source.hopeless == "all of the first 7 trials failed, the last with: ValueError: always"


def test_one_success_is_hope(bench: MakeBench) -> None:
    b = bench(budget={"reference_trials": 12})
    outcomes = iter([b.outcome])
    b.outcome = lambda job: next(outcomes, lambda job: failure(ValueError("x")))(job)
    source = b.open()
    b.run(source, stop_after=20)
    assert source.hopeless is None


def test_what_failed_before_a_resume_counts(bench: MakeBench) -> None:
    b = bench(budget={"reference_trials": 9})
    b.outcome = lambda job: failure(ValueError("always"))
    b.run(b.open(), stop_after=7)
    source = b.open()
    b.run(source)
    assert len(b.records()) == 10
    assert source.hopeless is not None


# pruning


def test_a_stopped_trial_is_pruned_with_its_best_epoch(bench: MakeBench) -> None:
    pruner = {"name": "asha", "min_epochs": 1, "reduction_factor": 2}
    b = bench(pruner=pruner, budget={"reference_trials": 12, "trials": 20})
    b.run(b.open())
    pruned = [r for r in b.records() if r.state is TrialState.PRUNED]
    assert pruned
    for record in pruned:
        assert (record.epochs, record.best_epoch, record.error) == (1, 1, None)
        assert {m.task for m in record.metrics} == set(record.members)
        assert math.isfinite(record.score)
    best = [max((r for r in b.records() if r.arm == arm), key=lambda r: r.score) for arm in ARMS]
    assert all(r.state is TrialState.COMPLETE for r in best), "the best of an arm is never stopped"
    alone = Counter((r.members, r.state) for r in b.records() if r.arm == "single_task")
    assert all(alone[(task,), TrialState.COMPLETE] >= 10 for task in ("cost", "ill")), "those are tuned"


# constraints


def test_networks_beyond_the_constraints_are_not_trained(bench: MakeBench) -> None:
    width = {"trunk": {"name": "mlp", "stages": 2, "width": {"categorical": [4, 64]}}}
    b = bench(trial=width, constraints={"n_params": 600}, budget={"trials": 6})
    b.run(b.open())
    assert len(b.records()) == 18
    assert all(0 < r.n_params <= 600 for r in b.records())


def test_flops_are_constrained_too(bench: MakeBench) -> None:
    width = {"trunk": {"name": "mlp", "stages": 2, "width": {"categorical": [4, 64]}}}
    b = bench(trial=width, constraints={"flops": 1200})
    b.run(b.open())
    assert b.records()
    assert all(0 < r.flops <= 1200 for r in b.records())


def test_a_study_that_finds_no_network_any_more_ends(
    bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arm_study_module, "MAX_REFUSED", 5)
    b = bench(constraints={"n_params": 3})
    source = b.open()
    assert source.next() == "done"
    assert all(run.exhausted for run in source.studies)
    assert b.records() == []


# interruption and resumption


def test_an_interrupted_search_hands_out_nothing_more(bench: MakeBench) -> None:
    b = bench()
    source = b.open(slots=2)
    first, second = source.next(), source.next()
    source.interrupt()
    assert source.interrupted
    assert source.next() == "done"
    reports = list(b.reports(first))
    assert source.report(first.trial_id, reports[0]) is True
    source.finish(first.trial_id, None, b.placement)
    assert b.records() == []
    source.finish(second.trial_id, b.outcome(second), b.placement)
    assert [r.trial_id for r in b.records()] == [second.trial_id], "what ended all the same is kept"


@pytest.mark.parametrize(
    ("in_process", "asked", "fails"), [(True, False, 1), (True, True, 0), (False, False, 0)]
)
def test_a_trial_with_which_the_process_ends_again_and_again_has_failed(
    bench: MakeBench, in_process: bool, asked: bool, fails: int
) -> None:
    """A crash, unlike Ctrl-C, and only where a trial can bring the sweep's own process down."""
    b = bench()
    b.run(b.open(), stop_after=2)
    configs = []
    for _ in range(4):
        source = b.open(in_process=in_process)
        job = source.next()
        configs.append(job.config)
        if asked:
            source.interrupt()
            source.finish(job.trial_id, None, b.placement)
    assert all(config == configs[0] for config in configs)
    b.run(b.open(in_process=in_process))
    failed = [record for record in b.records() if record.state is TrialState.FAILED]
    assert len(failed) == fails
    assert all("ended 4 times while this trial was running" in str(record.error) for record in failed)


def test_a_resume_trains_again_what_was_interrupted(bench: MakeBench) -> None:
    b = bench()
    source = b.open()
    b.run(source, stop_after=5)
    job = source.next()
    source.interrupt()
    source.finish(job.trial_id, None, b.placement)
    done = {r.trial_id for r in b.records()}
    b.jobs.clear()
    b.run(b.open())
    assert b.jobs[0].config == job.config
    after = [r.trial_id for r in b.records()]
    assert done < set(after)
    assert len(after) == len(set(after)) == 15


def test_a_resume_of_what_is_done_trains_nothing(bench: MakeBench) -> None:
    b = bench()
    b.run(b.open())
    before = b.records()
    b.jobs.clear()
    b.run(b.open())
    assert b.jobs == []
    assert [r.trial_id for r in b.records()] == [r.trial_id for r in before]


def test_a_larger_budget_goes_on(bench: MakeBench, tiny_spec: Callable[..., Any]) -> None:
    b = bench()
    b.run(b.open())
    b.jobs.clear()
    b.run(b.open(spec=tiny_spec(budget={"trials": 5})))
    assert [arm_of(job.trial_id) for job in b.jobs] == ["search"] * 2


def test_a_new_arm_goes_on(bench: MakeBench, tiny_spec: Callable[..., Any]) -> None:
    b = bench()
    b.run(b.open())
    b.jobs.clear()
    b.run(b.open(spec=tiny_spec(arms={"mine": {"members": "all"}})))
    assert {arm_of(job.trial_id) for job in b.jobs} == {"mine"}


def test_a_trial_is_recorded_before_it_is_told(bench: MakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    b = bench()
    source = b.open()
    job = source.next()

    def disk_is_full(*records: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(source.ledger.board, "record", disk_is_full)
        with pytest.raises(OSError, match="no space"):
            b.end(source, job)
    assert b.open().studies[0].optuna.n_finished == 0, "an untold trial comes again"


STEPS: tuple[tuple[Any, str], ...] = (
    (Leaderboard, "record"),
    (TrialLog, "_append"),
    (Path, "replace"),
    (_Lines, "append_logs"),
)


@pytest.mark.parametrize("killed_at", range(0, 165, 11))
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_killed_at_any_write_nothing_is_lost_or_there_twice(
    bench: MakeBench, monkeypatch: pytest.MonkeyPatch, killed_at: int, before: bool
) -> None:
    """Stop at the n-th change of the log, the tables or the journal, just before it or just after it."""

    class KilledError(BaseException):
        pass

    writes = iter(range(10_000))

    def deadly(write: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **options: Any) -> Any:
            deadline = next(writes) == killed_at
            if deadline and before:
                raise KilledError
            result = write(*args, **options)
            if deadline:
                raise KilledError
            return result

        return wrapped

    b = bench(budget={"trials": 2, "reference_trials": 1})
    b.open()  # the folder itself is there
    recorded: list[str] = []
    with monkeypatch.context() as patch:
        for owner, name in STEPS:
            patch.setattr(owner, name, deadly(getattr(owner, name)))
        try:
            b.run(b.open(slots=2), slots=2)
        except KilledError:
            recorded = [r.trial_id for r in b.records()]
    b.run(b.open(slots=2), slots=2)
    ids = [r.trial_id for r in b.records()]
    assert ids[: len(recorded)] == recorded
    assert len(ids) == len(set(ids))
    assert Counter(r.arm for r in b.records()) == {
        "single_task": 2, "shared_equal": 2, "shared_tuned": 2, "search": 2,
    }  # fmt: skip
    source = b.open()
    assert sum(run.optuna.n_finished for run in source.studies) == len(ids)
    assert source.next() == "done"


def test_records_say_where_they_come_from(bench: MakeBench) -> None:
    b = bench()
    b.run(b.open())
    for record in b.records():
        assert (record.sweep, record.phase, record.node) == ("tiny", Phase.SEARCH, "here")
        assert record.data == b.dataset.fingerprint
        assert record.device_seconds == 2.0
        assert record.train_seconds == pytest.approx(1.0)
        assert record.versions.keys() >= {"python", "torch", "optuna", "ray", "mtl_search"}
        assert record.started <= record.finished
        assert record.params


@pytest.mark.parametrize(("bfloat16", "precision"), [(False, "float32"), (True, "bfloat16")])
def test_precision_is_settled_before_a_trial_is_named(
    bench: MakeBench, bfloat16: bool, precision: str
) -> None:
    b = bench()
    conductor = b.open()
    conductor._bfloat16 = bfloat16
    job = conductor.next()
    assert job.config.precision == precision
