"""Ensembles: what the confirmed networks of all seeds say together, whatever stopped the confirmation."""

import json
import math
import shutil
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from mtl_search.bundle import TrainedNetwork
from mtl_search.bundle.outputs import OUTPUTS, load_outputs
from mtl_search.data import Dataset, load_dataset
from mtl_search.leaderboard import Ensemble, Leaderboard, to_ensembles
from mtl_search.records import Phase, Split
from mtl_search.search import resume_sweep, run_sweep
from mtl_search.search.phases.confirmation import NETWORKS
from mtl_search.search.phases.ensembles import ensembles_of
from mtl_search.sweep import SweepSpec, load_sweep

BUDGET = {"trials": 3, "reference_trials": 2, "repeats": 1, "finalists": 2, "seeds": 2}


@pytest.fixture(scope="module")
def swept(tiny_spec: Callable[..., SweepSpec], tmp_path_factory: pytest.TempPathFactory) -> Leaderboard:
    """A sweep of two tasks that keeps the networks of all finalists, on two seeds."""
    spec = tiny_spec(budget=BUDGET, keep="finalists")
    return run_sweep(spec, tmp_path_factory.mktemp("swept"), inline=True).board


@pytest.fixture(scope="module")
def dataset(swept: Leaderboard) -> Dataset:
    spec = load_sweep(swept.path / "sweep.yaml")
    return load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)


@pytest.fixture(scope="module")
def measured(swept: Leaderboard) -> list[Ensemble]:
    return to_ensembles(swept.ensembles())


def test_every_confirmed_design_has_one_of_all_its_seeds(
    swept: Leaderboard, measured: list[Ensemble]
) -> None:
    summary = swept.summary_records()
    configs = {one.design_id: one.configs for one in swept.design_records()}
    wanted = {(config, row.seeds, t) for row in summary for t, config in configs[row.design_id].items()}
    assert {(one.config_id, one.seeds, one.task) for one in measured} == wanted
    assert {"single_task", "control"} <= {arm for row in summary for arm in row.arms}
    for row in summary:
        assert row.ensemble_size == len(row.seeds) == 2
        gains = [task.ensemble_gain for task in row.tasks]
        assert row.ensemble_delta_m == pytest.approx(np.mean(gains))
        assert row.ensemble_delta_m_low < row.ensemble_delta_m < row.ensemble_delta_m_high


def test_of_two_seeds_it_is_the_mean_of_what_both_networks_predict(
    swept: Leaderboard, measured: list[Ensemble], dataset: Dataset
) -> None:
    rows = dataset.test
    assert rows is not None
    kept = [one for one in measured if (swept.path / NETWORKS / f"{one.config_id}-{one.seeds[0]}").exists()]
    assert kept
    for one in kept:
        task, known_N = dataset.tasks[one.task], rows.labelled[one.task]
        said = []
        for seed in one.seeds:
            network = TrainedNetwork.load(swept.path / NETWORKS / f"{one.config_id}-{seed}").build()
            with torch.no_grad():
                said.append(task.predictions(network(rows.inputs)[one.task][known_N]).numpy())
        mean, truths = (said[0] + said[1]) / 2, task.truths(rows.targets[one.task][known_N])
        assert one.values.keys() == task.measures.keys()
        for name, measure in task.measures.items():
            by_hand = measure(torch.from_numpy(mean), truths)
            assert one.values[name] == pytest.approx(by_hand, rel=1e-6, nan_ok=True)


def test_of_one_seed_it_is_the_single_network(
    swept: Leaderboard, measured: list[Ensemble], dataset: Dataset
) -> None:
    trials = {(r.config_id, r.seed): r for r in swept.records(whole=True) if r.phase is Phase.CONFIRMATION}
    for one in measured:
        seed = one.seeds[0]
        outputs = load_outputs(swept.path, one.config_id, seed)
        assert outputs is not None
        (alone,) = ensembles_of(dataset, one.config_id, (seed,), [one.task], [outputs])
        trial = trials[one.config_id, seed]
        on_test = [m for m in trial.metrics if (m.task, m.split) == (one.task, Split.TEST)]
        assert alone.values == pytest.approx({m.name: m.value for m in on_test}, rel=1e-12, nan_ok=True)
        left_out = [r.value for r in trial.resamples if (r.task, r.split) == (one.task, Split.TEST)]
        assert alone.left_out == pytest.approx(left_out, rel=1e-12, nan_ok=True)


def without_tables(swept: Leaderboard, folder: Path, change: Callable[[list[str]], list[str]]) -> Path:
    """A copy of the sweep with a changed log, and no table that does not follow from it."""
    shutil.copytree(swept.path, folder)
    for table in folder.glob("*.parquet"):
        table.unlink()
    log = folder / "trials.log"
    lines = [line for line in log.read_text().splitlines(keepends=True) if not line.startswith('{"ended"')]
    log.write_text("".join(change(lines)))
    return folder


def is_confirmed(line: str) -> bool:
    return str(json.loads(line).get("finish", "")).startswith("confirmation-")


def same(one: Leaderboard, other: Leaderboard) -> None:
    assert to_ensembles(one.ensembles()) == to_ensembles(other.ensembles())
    mine, theirs = one.frame("summary"), other.frame("summary")
    columns = ["design_id", *(name for name in map(str, mine) if name.startswith("ensemble_"))]
    pd.testing.assert_frame_equal(mine[columns], theirs[columns])


def test_the_order_in_which_trainings_end_makes_no_difference(swept: Leaderboard, tmp_path: Path) -> None:
    def backwards(lines: list[str]) -> list[str]:
        runs = [(confirmed, list(run)) for confirmed, run in groupby(lines, is_confirmed)]
        return [line for confirmed, run in runs for line in (run[::-1] if confirmed else run)]

    path = without_tables(swept, tmp_path / "other", backwards)
    same(resume_sweep(path, inline=True).board, swept)


def test_a_confirmation_that_was_killed_loses_nothing(swept: Leaderboard, tmp_path: Path) -> None:
    """Between what the last network says of test and its record, and before the other of the last two."""

    def cut(lines: list[str]) -> list[str]:
        confirmed = [line for line in lines if is_confirmed(line)]
        return [line for line in lines if line not in confirmed[-2:]]

    path = without_tables(swept, tmp_path / "killed", cut)
    lost = {r.trial_id for r in swept.records()} - {r.trial_id for r in Leaderboard(path).records()}
    first, _ = sorted(lost)
    (path / OUTPUTS / f"{first.removeprefix('confirmation-')}.safetensors").unlink()
    same(resume_sweep(path, inline=True).board, swept)


def test_what_was_measured_stands_without_what_it_was_measured_from(
    swept: Leaderboard, tmp_path: Path
) -> None:
    shutil.copytree(swept.path, tmp_path / "lean")
    shutil.rmtree(tmp_path / "lean" / OUTPUTS)
    same(resume_sweep(tmp_path / "lean", inline=True).board, swept)
    (tmp_path / "lean" / "ensembles.parquet").unlink()
    board = resume_sweep(tmp_path / "lean", inline=True).board
    assert to_ensembles(board.ensembles()) == []
    assert all(row.ensemble_size is None for row in board.summary_records())
    assert all(math.isnan(row.ensemble_delta_m) for row in board.summary_records())
