"""The comparison of networks for tables: its sweeps are fair, and its tables say what sweeps showed."""

from pathlib import Path

import pytest

from benchmarks.tabular_report import bars, table
from benchmarks.tabular_sweeps import DATASETS, KINDS, sweep_of
from mtl_search.arm_names import SEARCH
from mtl_search.sweep.arms import arms_of
from tests.fixtures.sweeps import synthetic_sweep


@pytest.mark.parametrize("name", DATASETS)
def test_every_kind_has_the_budget_of_the_references(name: str) -> None:
    spec = sweep_of(name, quick=False, resources={"gpu": 0})
    trained = {arm.name: (arm.trials or 0) * len(arm.studies) for arm in arms_of(spec)}
    assert len(set(trained.values())) == 1
    assert trained.keys() >= KINDS.keys()
    assert not spec.settings.references.catch_up, "single tasks stay plain networks"


def test_what_sweeps_showed_stands_in_the_tables(tmp_path: Path) -> None:
    board = synthetic_sweep(tmp_path / "yeast")
    (row,) = board.frame("summary").query("arm == 'search'").nsmallest(1, "n_networks").to_dict("records")
    text, found = table({"yeast": board}, {"yeast": {SEARCH: 1.0}})
    lines = {line.split(" | ")[0]: line for line in text.splitlines()}
    assert f"{row['delta_m']:+.2f} [{row['delta_m_low']:+.2f}" in lines["| MLP"]
    assert lines["| MLP"].endswith("| 1.0 | 1.0 |")
    assert lines["| MLP, each task alone"].startswith("| MLP, each task alone | 0 |")
    assert lines["| ResNet"] == "| ResNet | - | - | - |", "an arm without a design"
    assert found["delta_m"]["yeast"][SEARCH] == row["delta_m"]
    said = bars(tmp_path)
    assert said.text.count("no results") == 2
    assert set(said.found) == {"yeast"}
