from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from mtl_search.errors import LeaderboardError
from mtl_search.report.tables import Tables


def test_arms_stand_in_the_order_of_the_story(tables: Tables) -> None:
    trained = ["single_task", "shared_equal", "shared_tuned", "pcgrad_shared", "search"]
    assert tables.trained == trained
    assert [arm for arm in tables.arms if arm != "pooled"] == [*trained, "control"]
    assert tables.name == "synthetic"
    assert tables.main == ("death_180d", "functional_outcome", "hospital_death", "log_charges", "log_stay")


def test_the_winner_is_the_recommended_design(tables: Tables) -> None:
    assert tables.winner()["chosen"]
    last = tables.designs.index[-1]
    other = replace(tables, designs=tables.designs.assign(chosen=tables.designs.index == last))
    assert other.winner()["design_id"] == tables.designs["design_id"][last]


def test_of_tables_without_a_recommendation_it_is_the_best_on_valid_of_the_fewest_networks(
    tables: Tables,
) -> None:
    designs = tables.designs.assign(chosen=None)
    winner = replace(tables, designs=designs).winner()
    assert winner["delta_m"] == designs["delta_m"].max()
    again = designs[designs["n_networks"] == winner["n_networks"]].copy()
    again["n_networks"] += 1
    tied = replace(tables, designs=pd.concat([designs, again]))
    assert tied.winner()["n_networks"] == winner["n_networks"]


def test_the_winner_does_not_depend_on_test(tables: Tables) -> None:
    shuffled = tables.summary.assign(delta_m=-tables.summary["delta_m"])
    assert replace(tables, summary=shuffled).winner()["design_id"] == tables.winner()["design_id"]


def test_a_design_finds_its_confirmation(tables: Tables, unconfirmed: Tables) -> None:
    assert tables.confirmed(tables.winner())["text"] == tables.winner()["text"]
    assert unconfirmed.confirmed(unconfirmed.winner()) is None
    assert tables.confirmed(None) is None


def test_without_designs_there_is_no_winner(tables: Tables) -> None:
    assert replace(tables, designs=tables.designs[:0]).winner() is None
    unknown = tables.designs.assign(delta_m=float("nan"), chosen=None)
    assert replace(tables, designs=unknown).winner() is None


def test_a_missing_sweep_file_is_empty_text(tables: Tables, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(tables.path, tmp_path / "copy", ignore=shutil.ignore_patterns("sweep.yaml"))
    assert Tables.read(tmp_path / "copy").sweep_file == ""
    assert "made-up" in tables.sweep_file


def test_a_folder_without_a_sweep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LeaderboardError, match="the folder of a sweep"):
        Tables.read(tmp_path)
