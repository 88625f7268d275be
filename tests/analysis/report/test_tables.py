from dataclasses import replace

import pandas as pd
import pytest

from mtl_search.analysis.report.tables import Tables
from mtl_search.errors import LeaderboardError


def test_arms_stand_in_the_order_of_the_story(tables):
    assert tables.arms == ["single_task", "shared_equal", "shared_tuned", "pcgrad_shared", "search"]
    assert tables.name == "synthetic"
    assert tables.main == ("death_180d", "functional_outcome", "hospital_death", "log_charges", "log_stay")


def test_the_winner_is_the_best_on_valid_of_the_fewest_networks(tables):
    winner = tables.winner()
    assert winner["delta_m"] == tables.designs["delta_m"].max()
    again = tables.designs[tables.designs["n_networks"] == winner["n_networks"]].copy()
    again["n_networks"] += 1
    tied = replace(tables, designs=pd.concat([tables.designs, again]))
    assert tied.winner()["n_networks"] == winner["n_networks"]


def test_the_winner_does_not_depend_on_test(tables):
    shuffled = tables.summary.assign(delta_m=-tables.summary["delta_m"])
    assert replace(tables, summary=shuffled).winner() == tables.winner()


def test_a_design_finds_its_confirmation(tables, unconfirmed):
    assert tables.confirmed(tables.winner())["text"] == tables.winner()["text"]
    assert unconfirmed.confirmed(unconfirmed.winner()) is None
    assert tables.confirmed(None) is None


def test_without_designs_there_is_no_winner(tables):
    assert replace(tables, designs=tables.designs[:0]).winner() is None
    assert replace(tables, designs=tables.designs.assign(delta_m=float("nan"))).winner() is None


def test_a_missing_sweep_file_is_empty_text(tables, tmp_path):
    import shutil

    shutil.copytree(tables.path, tmp_path / "copy", ignore=shutil.ignore_patterns("sweep.yaml"))
    assert Tables.read(tmp_path / "copy").sweep_file == ""
    assert "made-up" in tables.sweep_file


def test_a_folder_without_a_sweep_is_refused(tmp_path):
    with pytest.raises(LeaderboardError, match="the folder of a sweep"):
        Tables.read(tmp_path)
