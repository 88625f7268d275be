"""The reference of boosted trees in a sweep: its trials, its design, and what it leaves alone."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from mtl_search.arm_names import SEARCH, TREES
from mtl_search.bundle import Predictor
from mtl_search.exporting import export
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import Phase
from mtl_search.search import run_sweep
from mtl_search.sweep import SweepSpec
from mtl_search.sweep.arms import arms_of, evidence_for, networks_of
from mtl_search.training import TreesConfig

MakeSpec = Callable[..., SweepSpec]
BUDGET = {"repeats": 1, "finalists": 2, "seeds": 2}


@dataclass(frozen=True)
class Sweeps:
    """The same sweep with trees and without."""

    with_trees: Leaderboard
    without: Leaderboard


@pytest.fixture(scope="module")
def sweeps(tiny_spec: MakeSpec, tmp_path_factory: pytest.TempPathFactory) -> Sweeps:
    def run(trees: bool) -> Leaderboard:
        spec = tiny_spec(budget=BUDGET, references={"trees": trees})
        return run_sweep(spec, tmp_path_factory.mktemp("sweep"), inline=True).board

    return Sweeps(run(True), run(False))


def test_it_is_an_arm_unless_switched_off(tiny_spec: MakeSpec) -> None:
    arms = {arm.name: arm for arm in arms_of(tiny_spec(references={"trees": True}))}
    assert arms[TREES].studies == {"trees/cost": ("cost",), "trees/ill": ("ill",)}
    assert arms[TREES].trials == arms["single_task"].trials
    assert arms[TREES].is_reference
    assert TREES not in {arm.name for arm in arms_of(tiny_spec())}
    assert TREES not in evidence_for(SEARCH)
    assert TREES not in networks_of(tiny_spec(), "pooled")


def test_its_trials_are_recorded_like_others(sweeps: Sweeps) -> None:
    records = [record for record in sweeps.with_trees.records() if record.arm == TREES]
    assert not any(record.error for record in records)
    assert Counter(record.phase for record in records) == {Phase.SEARCH: 4, Phase.CONFIRMATION: 4}
    assert {record.members for record in records} == {("cost",), ("ill",)}
    assert all(TreesConfig.model_validate_json(record.config).members == record.members for record in records)


def test_networks_are_trained_as_without_them(sweeps: Sweeps) -> None:
    def networks(board: Leaderboard) -> list[tuple[object, ...]]:
        values: dict[str, list[float]] = {}
        for row in board.frame("metrics").to_dict("records"):
            values.setdefault(row["trial_id"], []).append(row["value"])
        return sorted(
            (one.phase.value, one.config_id, one.seed, one.arm, values.get(one.trial_id))
            for one in board.records()
            if one.arm != TREES
        )

    assert networks(sweeps.with_trees) == networks(sweeps.without)


def test_no_comparison_of_networks_changes(sweeps: Sweeps) -> None:
    def compared(board: Leaderboard) -> pd.DataFrame:
        frame = board.frame("summary")
        theirs = [name for name in map(str, frame) if name.startswith("vs_trees") or "seconds" in name]
        return frame[frame["arm"] != TREES].drop(columns=theirs).reset_index(drop=True)

    pd.testing.assert_frame_equal(compared(sweeps.with_trees), compared(sweeps.without))


def test_its_design_is_confirmed_and_never_chosen(sweeps: Sweeps) -> None:
    designs = sweeps.with_trees.frame("designs")
    (design,) = designs[designs["arm"] == TREES].to_dict("records")
    assert not design["chosen"]
    summary = sweeps.with_trees.frame("summary").set_index("design_id")
    assert math.isfinite(summary.loc[design["design_id"], "vs_single_task_difference"])
    (chosen,) = summary[summary["chosen"]].to_dict("records")
    assert summary["ensemble_size"].tolist() == summary["n_seeds"].tolist(), "that of trees too"
    assert chosen["vs_trees_low"] <= chosen["vs_trees_difference"] <= chosen["vs_trees_high"]
    tasks = sweeps.with_trees.frame("summary_tasks")
    of_chosen = tasks[tasks["design_id"] == designs.loc[designs["chosen"], "design_id"].item()]
    assert of_chosen["vs_trees"].notna().all()


def test_its_models_are_exported_and_predict(sweeps: Sweeps, tiny_file: Path, tmp_path: Path) -> None:
    made = export(sweeps.with_trees.path, tmp_path / "model", arm=TREES)
    predictor = Predictor.load(made.path)
    assert {model.kind for model in predictor.description.models} == {"trees"}
    assert made.trained == made.networks, "only the networks of the recommended design are kept"
    found = predictor.predict(pd.read_parquet(tiny_file))
    assert found["ill_probability"].between(0, 1).all()
    assert found["ill_probability"].nunique() > 2
