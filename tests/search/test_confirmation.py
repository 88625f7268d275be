"""The confirmation: who is trained again, on which seeds, and that nobody else sees test."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mtl_search.data import Dataset, load_dataset
from mtl_search.records import Phase, Split, TrialState
from mtl_search.search import SweepSpec, resume_sweep, run_sweep
from mtl_search.search.confirmation import Confirmation
from mtl_search.search.executors.inline import run_inline
from mtl_search.search.executors.place import Place
from mtl_search.search.jobs import Job, Placement
from mtl_search.search.ledger import Ledger
from mtl_search.search.retraining import new_seeds

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
    values = [board.frame("metrics").query("split == 'test'")["value"] for board in boards]
    assert len(values[0]) == len(values[1]) > 0
    assert not np.allclose(*values, equal_nan=True)  # and the poison does reach who may read it


def test_only_trials_of_the_confirmation_have_values_on_test(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    board = run_sweep(tiny_spec(budget=CONFIRMED), tmp_path, inline=True).board
    metrics = board.frame("metrics").merge(board.frame("trials")[["trial_id", "phase"]])
    assert set(metrics[metrics["split"] == Split.TEST]["phase"]) == {Phase.CONFIRMATION}
    resamples = board.frame("resamples").merge(board.frame("trials")[["trial_id", "phase", "arm"]])
    on_test = resamples["split"] == Split.TEST
    assert set(resamples[on_test]["phase"]) == {Phase.CONFIRMATION}
    on_valid = resamples[~on_test]
    assert set(on_valid["phase"]) == {Phase.SEARCH, Phase.REPLICATION}
    assert set(on_valid.query("phase == 'search'")["arm"]) == {"single_task"}


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
    assert {"single_task", "shared_equal", "shared_tuned", "search"} <= set(summary["arm"])


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


class TestAsAJobSource:
    @pytest.fixture
    def ledger(self, tiny_spec: MakeSpec, tmp_path: Path) -> Ledger:
        self.spec = tiny_spec(budget={**CONFIRMED, "finalists": 0})
        self.dataset = data_of(self.spec)
        board = run_sweep(self.spec, tmp_path, inline=True, dataset=self.dataset).board
        metrics = {name: self.dataset.tasks[name].metric for name in self.spec.settings.main_tasks}
        return Ledger(board, metrics)

    def confirmation(self, ledger: Ledger) -> Confirmation:
        networks = [ledger.records[0], ledger.records[-1]]
        return Confirmation(self.spec.settings, self.dataset, ledger, networks)

    def test_whole_seeds_come_first(self, ledger: Ledger) -> None:
        source = self.confirmation(ledger)
        jobs: list[Job] = []
        while isinstance(job := source.next(), Job):
            jobs.append(job)
        assert len(jobs) == source.planned == 4
        assert [job.seed for job in jobs] == [s for s in confirmation_seeds(self.spec) for _ in range(2)]
        assert all(job.read_test for job in jobs)
        assert source.running == 4

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
        broken, sick = ledger.records[0], ledger.records[-1]
        source = Confirmation(self.spec.settings, self.dataset, ledger, [broken, sick])
        without_test = self.dataset.without_test()  # evaluating on test then raises
        run_inline(source, without_test, Place(1, 0.0))
        states = [r.state for r in ledger.board.records() if r.phase == Phase.CONFIRMATION]
        assert states == [TrialState.FAILED] * 8, "each of two networks and two seeds was tried again"
        assert source.done == source.planned
        assert source.failed == 8
