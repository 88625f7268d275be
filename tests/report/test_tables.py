from dataclasses import replace
from pathlib import Path

import pytest

from mtl_search.arm_names import REFERENCE_ARMS
from mtl_search.errors import LeaderboardError
from mtl_search.report.tables import Tables


def test_arms_stand_in_the_order_of_the_story(tables: Tables) -> None:
    trained = ["single_task", "shared_equal", "shared_tuned", "pcgrad_shared", "search"]
    assert tables.trained == trained
    assert [arm for arm in tables.arms if arm != "pooled"] == [*trained, "control"]
    assert tables.name == "synthetic"
    assert tables.main == ("death_180d", "functional_outcome", "hospital_death", "log_charges", "log_stay")


def test_each_arm_is_listed_once(tables: Tables) -> None:
    arms = [*REFERENCE_ARMS, "mine", "search"]
    trials = tables.trials.head(len(arms)).assign(arm=arms, phase="search")
    assert replace(tables, trials=trials).trained == arms


def test_the_winner_is_the_recommended_design(tables: Tables) -> None:
    assert tables.advised.chosen
    *others, last = tables.designs
    other = replace(
        tables, designs=[*(replace(one, chosen=False) for one in others), replace(last, chosen=True)]
    )
    assert other.advised.design_id == last.design_id


def test_the_winner_does_not_depend_on_test(tables: Tables) -> None:
    shuffled = [replace(row, delta_m=-row.delta_m) for row in tables.summary]
    assert replace(tables, summary=shuffled).advised is tables.advised


def test_a_design_finds_its_confirmation(tables: Tables, unconfirmed: Tables) -> None:
    assert tables.confirmed(tables.advised).text == tables.advised.text
    assert unconfirmed.confirmed(unconfirmed.advised) is None
    assert tables.confirmed(None) is None


def test_without_designs_there_is_no_winner(tables: Tables) -> None:
    assert replace(tables, designs=[]).advised is None


def test_a_missing_sweep_file_is_empty_text(tables: Tables, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(tables.path, tmp_path / "copy", ignore=shutil.ignore_patterns("sweep.yaml"))
    assert Tables.read(tmp_path / "copy").sweep_file == ""
    assert "made-up" in tables.sweep_file


def test_a_folder_without_a_sweep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LeaderboardError, match="the folder of a sweep"):
        Tables.read(tmp_path)
