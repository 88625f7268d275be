"""The confirmation: who is trained again, on which seeds, and that nobody else sees test."""

import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mtl_search.bundle import TrainedNetwork
from mtl_search.data import Dataset, load_dataset
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import Phase, Split, TrialRecord, TrialState
from mtl_search.search import Snapshot, Watch, resume_sweep, run_sweep
from mtl_search.search.designs.control import alone
from mtl_search.search.designs.plans import NetworkPlan, new_seeds
from mtl_search.search.executors.inline import run_inline
from mtl_search.search.executors.place import Place
from mtl_search.search.jobs import Job, Placement
from mtl_search.search.ledger import Ledger
from mtl_search.search.phases.confirmation import NETWORKS, Confirmation
from mtl_search.sweep import SweepSpec
from mtl_search.training import TrialConfig, TrialOutcome, run_trial

MakeSpec = Callable[..., SweepSpec]
CONFIRMED = {"trials": 3, "reference_trials": 2, "repeats": 1, "finalists": 2, "seeds": 2}


def confirmation_seeds(spec: SweepSpec) -> list[int]:
    return list(new_seeds(spec.settings, Phase.CONFIRMATION, spec.settings.budget.seeds))


def data_of(spec: SweepSpec) -> Dataset:
    return load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)


def poisoned(dataset: Dataset) -> Dataset:
    """The same data with other inputs and labels in test: noise, and every binary label turned round."""
    assert dataset.test is not None
    test = dataset.test
    inputs = {name: torch.zeros_like(values) for name, values in test.inputs.items()}
    targets = {name: 1.0 - values for name, values in test.targets.items()}
    return replace(dataset, test=replace(test, inputs=inputs, targets=targets))


def test_what_stands_in_test_changes_nothing_before_the_confirmation(
    tiny_spec: MakeSpec, tmp_path: Path
) -> None:
    spec = tiny_spec(budget=CONFIRMED)
    clean = data_of(spec)
    boards = [
        run_sweep(spec, tmp_path / name, inline=True, dataset=data).board
        for name, data in (("clean", clean), ("poisoned", poisoned(clean)))
    ]
    one, other = (board.frame("trials").query("phase != 'confirmation'") for board in boards)
    assert one["score"].tolist() == other["score"].tolist()
    assert one["config"].tolist() == other["config"].tolist()
    for table in ("designs", "tasks"):
        assert boards[0].frame(table).equals(boards[1].frame(table))
    right, wrong = (board.frame("metrics").query("split == 'test'")["value"] for board in boards)
    assert len(right) == len(wrong) > 0
    assert not np.allclose(right, wrong, equal_nan=True)  # and the poison does reach who may read it


def test_only_trials_of_the_confirmation_have_values_on_test(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    board = run_sweep(tiny_spec(budget=CONFIRMED), tmp_path, inline=True).board
    metrics = board.frame("metrics")
    assert set(metrics[metrics["split"] == Split.TEST]["phase"]) == {Phase.CONFIRMATION}
    resamples = board.frame("resamples").merge(board.frame("trials")[["trial_id", "phase", "arm"]])
    on_test = resamples["split"] == Split.TEST
    assert set(resamples[on_test]["phase"]) == {Phase.CONFIRMATION}
    on_valid = resamples[~on_test]
    assert set(on_valid["phase"]) == {Phase.SEARCH, Phase.REPLICATION}
    alone = on_valid.query("phase == 'search'").merge(board.frame("trials")[["trial_id", "members"]])
    assert "single_task" in set(alone["arm"])
    assert set(alone["members"].map(len)) == {1}


def test_every_network_is_trained_once_a_seed_and_all_arms_have_the_same(
    tiny_spec: MakeSpec, tmp_path: Path
) -> None:
    spec = tiny_spec(budget=CONFIRMED)
    board = run_sweep(spec, tmp_path, inline=True).board
    again = board.frame("trials").query("phase == 'confirmation'")
    assert not again.duplicated(["config_id", "seed"]).any()
    assert set(again.groupby("config_id")["seed"].apply(frozenset)) == {frozenset(confirmation_seeds(spec))}
    summary = board.frame("summary")
    assert set(summary["n_seeds"]) == {2}
    arms = {arm for arms in summary["arms"] for arm in arms}
    assert {"single_task", "shared_equal", "shared_tuned", "search"} <= arms


def test_its_seeds_are_new(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    spec = tiny_spec(budget=CONFIRMED)
    trials = run_sweep(spec, tmp_path, inline=True).board.frame("trials")
    assert set(trials.query("phase == 'search'")["seed"]).isdisjoint(confirmation_seeds(spec))


def test_a_resume_trains_only_what_is_missing(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    spec = tiny_spec(budget=CONFIRMED)
    board = run_sweep(spec, tmp_path, inline=True).board
    path, before = board.path, board.frame("trials")
    after = resume_sweep(path, inline=True).board.frame("trials")
    assert len(before) == len(after)


def test_the_recommended_design_is_confirmed_with_its_control(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    board = run_sweep(tiny_spec(budget={**CONFIRMED, "repeats": 2}), tmp_path, inline=True).board
    designs = board.frame("designs").set_index("design_id")
    (chosen,) = designs[designs["chosen"]].index
    control = designs.loc[designs.loc[chosen, "control"]]
    configs = board.frame("trials").drop_duplicates("config_id").set_index("config_id")
    for task, config_id in control["configs"].items():
        assert list(configs.loc[config_id, "members"]) == [task]
        of_design = TrialConfig.model_validate_json(
            configs.loc[designs.loc[chosen, "configs"][task], "config"]
        )
        assert alone(of_design, task) == TrialConfig.model_validate_json(configs.loc[config_id, "config"])
    (row,) = board.frame("summary").query("chosen").to_dict("records")
    assert row["control"] == control.name
    assert row["gain_of_tuning"] + row["gain_of_sharing"] == pytest.approx(row["delta_m"])
    trained = set(board.frame("trials")["trial_id"])
    assert all(set(networks) <= trained for networks in designs["networks"])


def test_controls_of_all_finalists_on_request(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    budget = {**CONFIRMED, "controls": "finalists"}
    summary = run_sweep(tiny_spec(budget=budget), tmp_path, inline=True).board.frame("summary")
    references = summary[summary["arms"].map(lambda arms: "single_task" in arms or "shared_equal" in arms)]
    assert len(references) >= 2
    assert references["control"].notna().all()
    assert set(summary["control"].dropna()) <= set(summary["design_id"])
    parted = summary[summary["control"].notna() & (summary["arm"] != "single_task")]
    assert len(parted) > 0
    parts = parted["gain_of_tuning"] + parted["gain_of_sharing"]
    assert parts.tolist() == pytest.approx(parted["vs_single_task_difference"].tolist())


def test_more_trials_after_test_was_known_are_a_second_reading(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    board = run_sweep(tiny_spec(budget=CONFIRMED), tmp_path, inline=True).board
    path = board.path
    assert set(board.frame("summary")["reading"]) == {1}
    again = resume_sweep(path, inline=True).board
    assert set(again.frame("summary")["reading"]) == {1}, "nothing new was read"
    more = resume_sweep(path, trials=9, inline=True).board
    trials = more.frame("trials").query("phase == 'confirmation'")
    assert set(trials["reading"]) == {1, 2}
    summary = more.frame("summary")
    assert set(summary["alpha"]) == {0.025}
    assert all("test was read 2 times" in " ".join(notes) for notes in summary["caveats"])


def kept(path: Path) -> dict[str, TrainedNetwork]:
    """The networks that are in a results folder, by the name of theirs."""
    return {folder.name: TrainedNetwork.load(folder) for folder in (path / NETWORKS).glob("*")}


def folders_of(board: Leaderboard, design_ids: Collection[str], seeds: Sequence[int]) -> set[str]:
    """What the networks of these designs are kept as."""
    designs, trials = board.frame("designs").set_index("design_id"), board.frame("trials")
    keys = {key for design_id in design_ids for key in designs.loc[design_id, "networks"]}
    ids = trials[trials["trial_id"].isin(keys)]["config_id"]
    return {f"{config_id}-{seed}" for config_id in ids for seed in seeds}


def test_the_networks_of_the_recommended_design_are_kept(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    spec = tiny_spec(budget=CONFIRMED)
    board = run_sweep(spec, tmp_path, inline=True).board
    designs = board.frame("designs")
    (chosen,) = designs[designs["chosen"]]["design_id"]
    found = kept(board.path)
    assert set(found) == folders_of(board, [chosen], confirmation_seeds(spec))
    measured = board.frame("metrics").query("split == 'test'").set_index(["trial_id", "task", "metric"])
    dataset = data_of(spec)
    assert dataset.test is not None
    for name, network in found.items():
        with torch.no_grad():
            outputs = network.build()(dataset.test.inputs)
        for task in network.config.members:
            labelled = dataset.test.labelled[task]
            targets = dataset.test.targets[task][labelled]
            value = network.tasks[task].evaluate_default(outputs[task][labelled], targets)
            recorded = measured.loc[(f"confirmation-{name}", task, network.tasks[task].metric.name), "value"]
            assert value == pytest.approx(recorded, rel=1e-6), "the network that was measured is the one kept"


def test_all_finalists_or_none_are_kept_on_request(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    none = run_sweep(tiny_spec(budget=CONFIRMED, keep="none"), tmp_path / "none", inline=True).board
    assert not (none.path / NETWORKS).exists()
    spec = tiny_spec(budget=CONFIRMED, keep="finalists")
    board = run_sweep(spec, tmp_path / "all", inline=True).board
    confirmed = board.frame("summary").query("arm != 'control'")["design_id"]
    assert set(kept(board.path)) == folders_of(board, confirmed, confirmation_seeds(spec))


class Last(Watch):
    """Keeps what was seen last."""

    seen: Snapshot

    def changed(self, snapshot: Snapshot) -> None:
        self.seen = snapshot


def test_a_resume_completes_what_is_kept_without_reading_test_again(
    tiny_spec: MakeSpec, tmp_path: Path
) -> None:
    board = run_sweep(tiny_spec(budget=CONFIRMED), tmp_path, inline=True).board
    before, trials = kept(board.path), board.frame("trials")
    one, *others = sorted(before)
    shutil.rmtree(board.path / NETWORKS / one)
    untouched = [(board.path / NETWORKS / name / "network.json").stat().st_mtime_ns for name in others]
    watch = Last()
    again = resume_sweep(board.path, inline=True, watch=watch).board
    assert len(again.frame("trials")) == len(trials)
    assert (watch.seen.done, str(watch.seen.planned)) == (len(trials) + 1, str(len(trials) + 1))
    after = kept(board.path)
    assert set(after) == set(before)
    assert all(torch.equal(after[one].weights[name], value) for name, value in before[one].weights.items())
    assert untouched == [
        (board.path / NETWORKS / name / "network.json").stat().st_mtime_ns for name in others
    ]


class TestAsAJobSource:
    @pytest.fixture
    def ledger(self, tiny_spec: MakeSpec, tmp_path: Path) -> Ledger:
        self.spec = tiny_spec(budget={**CONFIRMED, "finalists": 0})
        self.dataset = data_of(self.spec)
        board = run_sweep(self.spec, tmp_path, inline=True, dataset=self.dataset).board
        metrics = {name: self.dataset.tasks[name].metric for name in self.spec.settings.main_tasks}
        return Ledger(board, metrics)

    def confirmation(self, ledger: Ledger) -> Confirmation:
        return self.of(ledger, ledger.records[0], ledger.records[-1])

    def of(self, ledger: Ledger, *records: TrialRecord) -> Confirmation:
        return Confirmation(self.spec.settings, self.dataset, ledger, map(NetworkPlan.of, records))

    def test_whole_seeds_come_first(self, ledger: Ledger) -> None:
        source = self.confirmation(ledger)
        jobs: list[Job] = []
        while isinstance(job := source.next(), Job):
            jobs.append(job)
        assert len(jobs) == source.planned == 4
        assert [job.seed for job in jobs] == [s for s in confirmation_seeds(self.spec) for _ in range(2)]
        assert all(job.read_test for job in jobs)
        assert len(source.running) == 4

    def test_an_interrupted_training_is_not_recorded(self, ledger: Ledger) -> None:
        source = self.confirmation(ledger)
        job = source.next()
        assert isinstance(job, Job)
        source.interrupt()
        source.finish(job.trial_id, None, Placement(1.0, 1.0, "cpu", "here"))
        assert source.next() == "done"
        assert source.interrupted
        assert Phase.CONFIRMATION not in {record.phase for record in ledger.board.records()}

    def test_what_fails_is_a_row_and_the_rest_goes_on(self, ledger: Ledger) -> None:
        source = self.confirmation(ledger)
        without_test = self.dataset.without_test()  # evaluating on test then raises
        run_inline(source, without_test, Place(1, 0.0))
        states = [r.state for r in ledger.board.records() if r.phase == Phase.CONFIRMATION]
        assert states == [TrialState.FAILED] * 8, "each of two networks and two seeds was tried again"
        assert source.done == source.planned
        assert source.failed == 8

    def test_what_was_interrupted_is_the_same_reading(self, ledger: Ledger) -> None:
        source = self.confirmation(ledger)
        job = source.next()
        assert isinstance(job, Job)
        source.finish(job.trial_id, self.trained(job), Placement(1.0, 1.0, "cpu", "here"))
        assert (source.reading, self.confirmation(ledger).reading) == (1, 1)
        self.run(self.confirmation(ledger))
        assert self.confirmation(ledger).planned == self.confirmation(ledger).done

    def test_what_was_lost_belongs_to_the_reading_that_had_planned_it(self, ledger: Ledger) -> None:
        source = self.confirmation(ledger)
        run_inline(source, self.dataset.without_test(), Place(1, 0.0))  # all of it fails
        assert source.failed == source.done
        again = self.confirmation(ledger)
        assert again.reading == 1
        self.run(again)
        readings = [r.reading for r in ledger.board.records() if r.phase == Phase.CONFIRMATION]
        assert set(readings) == {1}

    def test_anything_else_is_the_next(self, ledger: Ledger) -> None:
        self.run(self.confirmation(ledger))
        first, other, last = ledger.records[0], ledger.records[1], ledger.records[-1]
        fewer, more = self.of(ledger, first), self.of(ledger, first, other, last)
        assert next_or_done(fewer) == "done"
        assert more.reading == 2
        self.run(more)
        assert self.of(ledger, other).done == 2
        readings = [r.reading for r in ledger.board.records() if r.phase == Phase.CONFIRMATION]
        assert readings == [1] * 4 + [2] * 2

    def trained(self, job: Job) -> TrialOutcome:
        return run_trial(job.config, self.dataset, seed=job.seed, score=job.score, read_test=True)

    def run(self, source: Confirmation) -> None:
        run_inline(source, self.dataset, Place(1, 0.0))


def next_or_done(source: Confirmation) -> str:
    job = source.next()
    return job if isinstance(job, str) else job.trial_id
