"""run_sweep and resume_sweep, inline: real trainings, tiny ones."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from filelock import FileLock

from mtl_search.data import Dataset
from mtl_search.errors import DataError, LeaderboardError, ResourceError, SpecError
from mtl_search.leaderboard import SCHEMAS, Leaderboard
from mtl_search.records import Phase, TrialState
from mtl_search.search import Executor, Snapshot, Watch, resume_sweep, run_sweep
from mtl_search.stores.home import FolderHome
from mtl_search.sweep import SweepSpec, load_sweep
from tests.fixtures.data import tiny_dataset, tiny_table

MakeSpec = Callable[..., SweepSpec]
ARMS = ("single_task", "shared_equal", "shared_tuned", "search")
WHOLE = {"single_task": 4, "shared_equal": 4, "shared_tuned": 4, "search": 3}


def arms(path: Path) -> Counter[str]:
    """Trials of the search by arm, without those by which references catch up once all arms are done."""
    names = [r.arm for r in Leaderboard(path).records() if r.phase == Phase.SEARCH]
    others = [place for place, arm in enumerate(names) if arm != "single_task"]
    begun = others[0] if others else len(names)
    return Counter(arm for place, arm in enumerate(names) if arm != "single_task" or place < begun)


class Listening(Watch):
    """Keeps what it is told of starts and ends, and may do something at the n-th of them."""

    def __init__(self, at: int = -1, do: Callable[[], object] = lambda: None) -> None:
        self.begun: list[Path] = []
        self.snapshots: list[Snapshot] = []
        self.stops = 0
        self.ends: list[tuple[float, float | None]] = []
        self._at, self._do = at, do

    def started(self, spec: SweepSpec, dataset: Dataset, executor: Executor, path: Path) -> None:
        self.begun.append(path)

    def changed(self, snapshot: Snapshot) -> None:
        before = self.snapshots[-1] if self.snapshots else replace(snapshot, done=0, running=())
        if (snapshot.done, len(snapshot.running)) == (before.done, len(before.running)):
            return
        self.snapshots.append(snapshot)
        if len(self.snapshots) == self._at:
            self._do()

    def stopping(self) -> None:
        self.stops += 1

    def ended(self, seconds: float, predicted: float | None) -> None:
        self.ends.append((seconds, predicted))


def ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


# a whole sweep


def test_a_sweep_leaves_all_that_it_should(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    spec = tiny_spec(budget={"finalists": 1, "seeds": 2})
    watch = Listening()
    result = run_sweep(spec, tmp_path, inline=True, watch=watch)
    assert (result.path, result.interrupted, result.hopeless) == (tmp_path / "tiny", False, None)
    assert watch.begun == [result.path]
    assert {entry.name for entry in result.path.iterdir() if not entry.name.startswith(".")} == {
        *("sweep.yaml", "trials.log", "journal.log", "networks", "outputs"),
        *(f"{table}.parquet" for table in SCHEMAS),
    }
    assert arms(result.path) == WHOLE
    board = result.board
    trials, epochs = board.frame("trials"), board.frame("epochs")
    searched = trials[trials["phase"] == "search"]
    assert set(searched["state"]) == {"complete"}
    assert searched["error"].isna().all()
    assert (epochs.groupby("trial_id")["epoch"].max() == 2).all()
    assert searched[searched["duplicate_of"].isna()]["train_seconds"].gt(0).all()
    designs = board.frame("designs")
    composed = {arm for arms in designs["arms"] for arm in arms}
    assert composed - {"control"} == {*ARMS, "pooled"}
    assert designs[designs["arm"] == "single_task"]["delta_m"].tolist() == [0.0]
    assert designs["delta_m"].max() >= 0.0, "pooled designs may use the single-task networks"
    assert designs["chosen"].sum() == 1
    again = trials[trials["phase"] == "confirmation"]
    assert len(again) > 0
    assert again["seed"].nunique() == 2
    confirmed = {arm for arms in board.frame("summary")["arms"] for arm in arms}
    assert confirmed >= {*ARMS}
    splits = board.frame("metrics").groupby("phase")["split"].unique()
    assert set(splits["search"]) == {"valid"}
    assert set(splits["confirmation"]) == {"valid", "test"}


def test_reference_gains_are_filled_in_at_the_end(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    board = run_sweep(tiny_spec(), tmp_path, inline=True).board
    tasks = board.frame("tasks").set_index("task")
    metrics = board.frame("metrics")
    for task, best in (("cost", "min"), ("ill", "max")):
        alone = metrics[(metrics.arm == "single_task") & (metrics.task == task) & metrics.is_default]
        assert tasks.loc[task, "reference"] == pytest.approx(alone["value"].agg(best))
        assert alone["gain"].max() == 0.0, "the best of them is the reference itself"
    assert board.frame("trials")["mean_gain"].notna().all()


def test_the_same_sweep_gives_the_same_numbers(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    found = []
    for folder in ("a", "b"):
        frame = run_sweep(tiny_spec(), tmp_path / folder, inline=True).board.frame("trials")
        found.append(frame[["trial_id", "config_id", "seed", "score", "mean_gain"]])
    assert found[0].equals(found[1])


@pytest.mark.parametrize("sampler", ["random", "tpe", "gp", "cmaes", "qmc"])
@pytest.mark.parametrize("pruner", ["asha", "hyperband", "median", "none"])
def test_every_sampler_works_with_every_pruner(
    tiny_spec: MakeSpec, tmp_path: Path, sampler: str, pruner: str
) -> None:
    options: dict[str, Any] = {"name": sampler, "grouping": "optuna"}
    if sampler in ("tpe", "gp", "cmaes"):
        options["startup_trials"] = 1
    spec = tiny_spec(sampler=options, pruner={"name": pruner}, budget={"trials": 4, "reference_trials": 1})
    result = run_sweep(spec, tmp_path, inline=True)
    assert arms(result.path) == {"single_task": 2, "shared_equal": 2, "shared_tuned": 2, "search": 4}
    assert TrialState.FAILED not in {record.state for record in result.board.records()}


@pytest.mark.parametrize("grouping", ["bayes", "random", "pairs", "exhaustive", "optuna"])
def test_members_in_every_way(tiny_spec: MakeSpec, tmp_path: Path, grouping: str) -> None:
    spec = tiny_spec(sampler={"grouping": grouping}, budget={"trials": 4, "reference_trials": 1})
    result = run_sweep(spec, tmp_path, inline=True)
    assert arms(result.path)["search"] == 4


@pytest.mark.parametrize(
    "change",
    [
        {"sharing": {"tree": "any"}},
        {"sharing": "shared"},
        {"trunk": {"name": "resnet", "stages": 2, "width": 8}},
        {"trunk": {"name": "mlp", "stages": {"int": [1, 3]}, "width": 4}},
        {"weighting": {"one_of": [{"name": "pcgrad"}, {"name": "fixed", "weights": {"simplex": [0.1, 10]}}]}},
        {"schedule": {"name": "one_cycle"}, "optimizer": {"name": "sgd", "lr": 0.01}},
        {"precision": "bfloat16", "clip_norm": 1.0, "patience": 1},
    ],
    ids=str,
)
def test_spaces_of_all_sorts(tiny_spec: MakeSpec, tmp_path: Path, change: dict[str, Any]) -> None:
    spec = tiny_spec(trial=change, budget={"trials": 2, "reference_trials": 1})
    result = run_sweep(spec, tmp_path, inline=True)
    errors = [record.error for record in result.board.records() if record.error]
    assert errors == []


def test_a_name_and_a_budget_may_be_given(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    result = run_sweep(tiny_spec(), tmp_path, name="other", trials=1, inline=True)
    assert result.path == tmp_path / "other"
    assert arms(result.path)["search"] == 1
    assert load_sweep(result.path / "sweep.yaml").settings.budget.trials == 1
    assert set(result.board.frame("trials")["sweep"]) == {"other"}


def test_a_dataset_of_the_caller_s_own(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    dataset = tiny_dataset(120, tasks={"cost": "regression", "ill": "binary"})
    spec = tiny_spec(data={"source": "nowhere.parquet"})
    result = run_sweep(spec, tmp_path, dataset=dataset, inline=True)
    assert {r.data for r in result.board.records()} == {dataset.fingerprint}
    resumed = resume_sweep(result.path, trials=4, dataset=dataset, inline=True)
    assert arms(resumed.path)["search"] == 4


def test_another_dataset_is_refused(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    for wrong in (
        tiny_dataset(120, tasks={"cost": "regression"}),
        tiny_dataset(120, tasks={"cost": "regression", "ill": "binary"}).without_test(),
    ):
        with pytest.raises(DataError, match="dataset"):
            run_sweep(tiny_spec(), tmp_path, dataset=wrong, inline=True)
    assert list(tmp_path.iterdir()) == []


# snapshots


def test_watchers_see_it_grow(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    watch = Listening()
    run_sweep(tiny_spec(), tmp_path, inline=True, watch=watch)
    done = [snapshot.done for snapshot in watch.snapshots]
    assert done == sorted(done)
    last = watch.snapshots[-1]
    rows = {arm.name: arm for arm in last.arms}
    assert last.done == 15 + rows["catch-up"].complete, "references caught up with the search"
    assert {arm: rows[arm].complete for arm in ARMS} == WHOLE
    assert max(len(snapshot.running) for snapshot in watch.snapshots) == 1
    assert max(trial.epoch for snapshot in watch.snapshots for trial in snapshot.running) <= 2
    assert last.seconds_left is not None
    assert last.seconds_left < 5.0
    assert watch.snapshots[0].seconds_left is None
    ((seconds, predicted),) = watch.ends
    assert last.seconds <= seconds
    assert predicted is None or predicted > 0.0


# refused before anything is written


def test_a_name_is_used_once(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    tmp_path = tmp_path / "x y"
    tmp_path.mkdir()
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "notes.txt").touch()
    with pytest.raises(LeaderboardError, match=r"no sweep of this name yet.*resume '.* y/tiny', or"):
        run_sweep(tiny_spec(), tmp_path, inline=True)
    assert [entry.name for entry in (tmp_path / "tiny").iterdir()] == ["notes.txt"]


def test_an_empty_folder_is_free(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    assert arms(run_sweep(tiny_spec(), tmp_path, inline=True).path) == WHOLE


def test_what_a_start_left_that_was_killed_is_taken_over(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    path = run_sweep(tiny_spec(), tmp_path, inline=True).path
    for name in ("trials.log", "trials.parquet", "journal.log"):  # made last
        (path / name).unlink()
    for name in (".sweep.yaml.1.partial", ".trials.log.1.partial"):
        (path / name).touch()
    assert arms(run_sweep(tiny_spec(), tmp_path, inline=True).path) == WHOLE


def test_a_name_that_is_taken_meanwhile(
    tiny_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = run_sweep(tiny_spec(), tmp_path, inline=True).path
    before = (path / "sweep.yaml").read_bytes(), arms(path)
    answers = iter([True, False])  # free when first looked at
    monkeypatch.setattr(FolderHome, "is_free", lambda home: next(answers))
    with pytest.raises(LeaderboardError, match="no sweep of this name yet"):
        run_sweep(tiny_spec(trial={"epochs": 3}), tmp_path, inline=True)
    assert ((path / "sweep.yaml").read_bytes(), arms(path)) == before


def test_results_must_be_a_folder(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    (tmp_path / "results").write_text("not a folder")
    with pytest.raises(LeaderboardError, match="a folder that can be made"):
        run_sweep(tiny_spec(), tmp_path / "results", inline=True)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"data": {"source": "nowhere.parquet"}}, DataError),
        ({"data": {"drop": ["cost"]}}, DataError),
        ({"constraints": {"n_params": 3}}, SpecError),
        ({"resources": {"gpu": 1}}, ResourceError),
    ],
    ids=str,
)
def test_nothing_is_written_before_all_is_checked(
    tiny_spec: MakeSpec, tmp_path: Path, changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        run_sweep(tiny_spec(**changes), tmp_path / "results", inline=True)
    assert not (tmp_path / "results").exists()


# resumption


@pytest.fixture
def finished(tiny_spec: MakeSpec, tmp_path: Path) -> Path:
    return run_sweep(tiny_spec(budget={"reference_trials": 1}), tmp_path, inline=True).path


def test_a_larger_budget_goes_on(finished: Path) -> None:
    before = [r.trial_id for r in Leaderboard(finished).records()]
    resume_sweep(finished, trials=5, inline=True)
    after = [r.trial_id for r in Leaderboard(finished).records()]
    assert after[: len(before)] == before
    assert arms(finished)["search"] == 5
    assert load_sweep(finished / "sweep.yaml").settings.budget.trials == 5
    resume_sweep(finished, inline=True)
    assert arms(finished)["search"] == 5, "the larger budget is kept"


def test_a_smaller_budget_trains_nothing(finished: Path) -> None:
    resume_sweep(finished, trials=1, inline=True)
    assert arms(finished)["search"] == 3


def test_an_arm_may_be_added(finished: Path) -> None:
    file = finished / "sweep.yaml"
    file.write_text(file.read_text() + "\narms:\n  mine: {members: all, weighting: {name: pcgrad}}\n")
    resume_sweep(finished, inline=True)
    assert arms(finished)["mine"] == 3
    composed = {arm for arms in Leaderboard(finished).frame("designs")["arms"] for arm in arms}
    assert composed == {*ARMS, "mine", "pooled"}


def test_an_objective_that_no_network_has_room_in_any_more_is_refused(finished: Path) -> None:
    file = finished / "sweep.yaml"
    edited = file.read_text().replace("max_networks: 2", "max_params: 7")
    file.write_text(edited)
    with pytest.raises(SpecError, match=r"objective\.max_params: .* within n_params 7, found none"):
        resume_sweep(finished, trials=9, inline=True)
    assert file.read_text() == edited


def test_other_data_is_refused(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    file = tmp_path / "own.parquet"
    pq.write_table(tiny_table(120), file)
    path = run_sweep(tiny_spec(data={"source": str(file)}), tmp_path, inline=True).path
    pq.write_table(tiny_table(121), file)
    before = Leaderboard(path).records()
    with pytest.raises(LeaderboardError, match="as it was started with"):
        resume_sweep(path, trials=9, inline=True)
    assert repr(Leaderboard(path).records()) == repr(before)


def test_data_that_is_gone_is_refused(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    file = tmp_path / "own.parquet"
    pq.write_table(tiny_table(120), file)
    path = run_sweep(tiny_spec(data={"source": str(file)}), tmp_path, inline=True).path
    file.unlink()
    with pytest.raises(DataError, match=r"own\.parquet"):
        resume_sweep(path, inline=True)


def test_the_same_data_elsewhere_is_the_same(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    first, second = tmp_path / "a.parquet", tmp_path / "b.parquet"
    pq.write_table(tiny_table(120), first)
    path = run_sweep(tiny_spec(data={"source": str(first)}), tmp_path, inline=True).path
    first.rename(second)
    file = path / "sweep.yaml"
    file.write_text(file.read_text().replace("a.parquet", "b.parquet"))
    resume_sweep(path, trials=4, inline=True)
    assert arms(path)["search"] == 4


def test_a_folder_without_its_sweep_file_is_refused(finished: Path) -> None:
    (finished / "sweep.yaml").unlink()
    with pytest.raises(SpecError, match=r"sweep\.yaml"):
        resume_sweep(finished, inline=True)


def test_a_folder_without_log_and_tables_is_refused(finished: Path) -> None:
    for name in ("trials.log", "trials.parquet"):
        (finished / name).unlink()
    with pytest.raises(LeaderboardError, match=r"one without trials.log and without table 'trials'"):
        resume_sweep(finished, inline=True)


@pytest.mark.parametrize("missing", [["trials.log"], [f"{table}.parquet" for table in SCHEMAS]], ids=str)
def test_of_log_and_tables_one_can_be_lost(finished: Path, missing: list[str]) -> None:
    before = Leaderboard(finished).records()
    for name in missing:
        (finished / name).unlink()
    resume_sweep(finished, inline=True)
    after = Leaderboard(finished).records()
    assert [(r.trial_id, r.score) for r in after] == [(r.trial_id, r.score) for r in before]
    assert all((finished / name).exists() for name in missing)


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LeaderboardError, match="no such folder"):
        resume_sweep(tmp_path / "nothing", inline=True)
    assert not (tmp_path / "nothing").exists()


def test_two_processes_cannot_run_one_sweep(finished: Path) -> None:
    before = Leaderboard(finished).records()
    with FileLock(finished / ".lock"), pytest.raises(LeaderboardError, match="another process at work"):
        resume_sweep(finished, trials=9, inline=True)
    assert repr(Leaderboard(finished).records()) == repr(before)
    resume_sweep(finished, trials=4, inline=True)
    assert arms(finished)["search"] == 4


def test_a_running_sweep_is_locked(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    refused: list[BaseException] = []

    def second() -> None:
        with pytest.raises(LeaderboardError, match="another process at work") as error:
            resume_sweep(tmp_path / "tiny", inline=True)
        refused.append(error.value)

    run_sweep(tiny_spec(), tmp_path, inline=True, watch=Listening(4, second))
    assert len(refused) == 1


# Ctrl-C


@pytest.fixture(autouse=True)
def _handler_is_left_as_it_was() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("at", [1, 2, 8, 29])
def test_ctrl_c_keeps_what_was_finished(tiny_spec: MakeSpec, tmp_path: Path, at: int) -> None:
    watch = Listening(at, ctrl_c)
    result = run_sweep(tiny_spec(), tmp_path, inline=True, watch=watch)
    assert result.interrupted
    assert (watch.stops, watch.ends) == (1, [])
    assert result.hopeless is None
    done = [r.trial_id for r in result.board.records()]
    assert len(done) == at // 2
    resumed = resume_sweep(result.path, inline=True)
    assert not resumed.interrupted
    assert [r.trial_id for r in resumed.board.records()][: len(done)] == done
    assert arms(result.path) == WHOLE


def test_ctrl_c_in_the_confirmation(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    spec = tiny_spec(budget={"finalists": 1, "seeds": 2})
    result = run_sweep(spec, tmp_path, inline=True, watch=Listening(33, ctrl_c))
    assert result.interrupted
    assert arms(result.path) == WHOLE
    resumed = resume_sweep(result.path, inline=True)
    assert not resumed.interrupted
    again = [(r.config_id, r.seed) for r in resumed.board.records() if r.phase == Phase.CONFIRMATION]
    assert len(again) == len(set(again)) > 1
    assert Counter(seed for _, seed in again).most_common()[0][1] == len(again) // 2, "whole seeds"


def test_ctrl_c_twice_stops_at_once_and_loses_nothing(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    def twice() -> None:
        ctrl_c()
        ctrl_c()

    result = run_sweep(tiny_spec(), tmp_path, inline=True, watch=Listening(9, twice))
    assert result.interrupted
    assert result.forced
    assert len(result.board.records()) == 4
    resume_sweep(result.path, inline=True)
    assert arms(result.path) == WHOLE


def test_a_sweep_runs_in_any_thread(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    # signals can be handled in the main thread alone
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(run_sweep(tiny_spec(), tmp_path, inline=True)))
    thread.start()
    thread.join()
    assert arms(found[0].path) == WHOLE


# failures


def test_a_sweep_in_which_everything_fails(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    blows_up = {"optimizer": {"name": "sgd", "lr": 1e30, "momentum": 0.0}, "schedule": {"name": "constant"}}
    spec = tiny_spec(trial={**blows_up, "epochs": 3})
    result = run_sweep(spec, tmp_path, inline=True)
    assert result.hopeless is not None
    assert "is not finite in epoch" in result.hopeless
    assert {r.state for r in result.board.records()} == {TrialState.FAILED}
    assert len(result.board.frame("designs")) == 0
