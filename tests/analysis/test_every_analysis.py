"""What every analysis must do: bear empty tables and failures, change nothing, take rows in any order."""

import math
import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl_search.analysis import (
    affinity,
    arm_costs,
    importances,
    learning_curves,
    learning_rate_profile,
    learning_rate_spread,
    search_history,
    summarise,
    weight_trajectories,
)
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import SummaryRecord, TrialState
from tests.fixtures.boards import synthetic_trial
from tests.fixtures.hospital import HOSPITAL
from tests.fixtures.sweeps import synthetic_sweep

TABLES = ("trials", "metrics", "epochs", "resamples", "tasks")
ANALYSES = {
    "affinity": lambda t: affinity(t["trials"], t["metrics"], t["tasks"]),
    "arm_costs": lambda t: pd.DataFrame(arm_costs(t["trials"])),
    "importances": lambda t: importances(t["trials"], t["metrics"], t["tasks"]),
    "learning_curves": lambda t: learning_curves(t["epochs"], t["trials"]),
    "weight_trajectories": lambda t: weight_trajectories(t["epochs"], t["trials"]),
    "search_history": lambda t: search_history(t["trials"]),
    "learning_rates": lambda t: learning_rate_spread(learning_rate_profile(t["trials"])),
    "summary": lambda t: pd.DataFrame(
        [
            vars_of(one)
            for one in summarise(t["trials"], t["metrics"], t["resamples"], t["designs"], t["tasks"])
        ]
    ),
}


def vars_of(one: SummaryRecord) -> dict[str, Any]:
    """The fields of a record, those of its differences beside them."""
    fields = asdict(one)
    for name in [name for name, value in fields.items() if isinstance(value, dict)]:
        fields |= {f"{name}_{part}": value for part, value in fields.pop(name).items()}
    return fields


def frames(board: Leaderboard) -> dict[str, Any]:
    """Its tables, and its designs as records."""
    return {table: board.frame(table) for table in TABLES} | {"designs": board.design_records()}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return frames(synthetic_sweep(tmp_path_factory.mktemp("sweep"), trials=60))


@pytest.mark.parametrize("name", ANALYSES)
def test_of_an_empty_board_there_is_an_empty_table(tmp_path: Path, name: str) -> None:
    found = ANALYSES[name](frames(Leaderboard.create(tmp_path, HOSPITAL)))
    values = found.select_dtypes("number")
    assert len(found) == 0 or not np.isfinite(values["effect"]).any()


@pytest.mark.parametrize("name", ANALYSES)
def test_failed_trials_alone_show_nothing(tmp_path: Path, name: str) -> None:
    board = Leaderboard.create(tmp_path, HOSPITAL)
    failed = {"metrics": (), "history": (), "score": math.nan, "mean_gain": math.nan, "error": "diverged"}
    board.record(*(synthetic_trial(str(i), state=TrialState.FAILED, **failed) for i in range(30)))
    found = ANALYSES[name](frames(board))
    if name == "affinity":
        assert found["effect"].isna().all()
    elif name == "arm_costs":
        assert found["search"].tolist() == [30, 120.0]
    elif name == "search_history":
        assert found["best"].isna().all()
    else:
        assert len(found) == 0


@pytest.mark.parametrize("name", ANALYSES)
def test_one_trial_is_enough_to_run(tmp_path: Path, name: str) -> None:
    board = Leaderboard.create(tmp_path, HOSPITAL)
    board.record(synthetic_trial("only"))
    assert isinstance(ANALYSES[name](frames(board)), pd.DataFrame)


@pytest.mark.parametrize("name", ANALYSES)
def test_its_tables_are_left_as_they_were(tables: dict[str, Any], name: str) -> None:
    before = {table: tables[table].copy(deep=True) for table in TABLES}
    ANALYSES[name](tables)
    for table, frame in before.items():
        pd.testing.assert_frame_equal(tables[table], frame)


@pytest.mark.parametrize("name", ANALYSES)
def test_the_same_tables_give_the_same_result(tables: dict[str, Any], name: str) -> None:
    pd.testing.assert_frame_equal(ANALYSES[name](tables), ANALYSES[name](tables))


def comparable(name: str, found: pd.DataFrame) -> pd.DataFrame:
    """Rows in an order of their own, without lists, which cannot be compared as cells."""
    keys = {
        "affinity": ["task", "companion"],
        "learning_curves": ["arm", "task", "epoch"],
        "weight_trajectories": ["weighting", "task", "epoch"],
        "search_history": ["arm", "number"],
        "learning_rates": ["arm"],
        "summary": ["arm", "n_networks"],
    }
    if name == "arm_costs":
        return found[sorted(found.columns)]
    ordered = found.sort_values(keys[name]).reset_index(drop=True)
    return ordered.drop(
        columns=["tasks", "networks", "caveats", "arms"], errors="ignore"
    )  # caveats list arms as they come


@pytest.mark.parametrize("name", sorted(ANALYSES.keys() - {"importances"}))
def test_the_order_of_rows_does_not_matter(tables: dict[str, Any], name: str) -> None:
    """But for importance, which thins out long searches in their order."""
    shuffled = {
        table: tables[table].sample(frac=1.0, random_state=3).reset_index(drop=True) for table in TABLES
    } | {"designs": random.Random(3).sample(tables["designs"], len(tables["designs"]))}
    found, expected = (comparable(name, ANALYSES[name](t)) for t in (shuffled, tables))
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


OF_TRIALS_THAT_END = sorted(ANALYSES.keys() - {"arm_costs", "search_history"})


@pytest.mark.parametrize("name", OF_TRIALS_THAT_END)
def test_pruned_and_repeated_trials_are_no_evidence(tables: dict[str, Any], name: str) -> None:
    trials = tables["trials"]
    extra = trials[trials["phase"] == "search"].copy()
    extra["trial_id"] = "extra-" + extra["trial_id"]
    half = len(extra) // 2
    extra.loc[extra.index[:half], "state"] = "pruned"
    extra.loc[extra.index[half:], "duplicate_of"] = "another"
    copied = {}
    for table, number in (("metrics", "gain"), ("epochs", "valid")):
        rows = tables[table].copy()
        rows["trial_id"] = "extra-" + rows["trial_id"]
        rows[number] = 1e6
        copied[table] = pd.concat([tables[table], rows[rows["trial_id"].isin(extra["trial_id"])]])
    more = {**tables, **copied, "trials": pd.concat([trials, extra], ignore_index=True)}
    found, expected = (ANALYSES[name](t) for t in (more, tables))
    if name == "summary":
        costs = ["arm_trials", "arm_device_seconds", "caveats"]  # pruned trials cost what they cost
        found, expected = found.drop(columns=costs), expected.drop(columns=costs)
    pd.testing.assert_frame_equal(found, expected)
