"""Benchmarks of grouping and of composition run on tiny shapes; a table that is not there is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import grouping
from benchmarks.composition import compose_by_milp, measured
from benchmarks.grouping_report import report
from benchmarks.grouping_tables import DEVELOPMENT, VALIDATION, is_development, load, short, table_names
from mtl_search.design import compose


def test_strategies_are_replayed_and_reported(tmp_path: Path) -> None:
    strategies = ("random", "pairs", "hoa", "tpe", "ridge", "thompson", "bayes")
    tables = ("clusters:5:0:0.3:1", "chains:5:0:0.3:2")
    jobs = [(name, "2", each, seed) for name in tables for each in strategies for seed in range(2)]
    text = report(pd.concat(grouping.curves(jobs, 5, tmp_path / "curves.csv"), ignore_index=True))
    assert all(text.count(f"\n{strategy} ") == 2 for strategy in strategies)
    assert text.count("\nat most 1 ") == 2
    development, validation = text.split("VALIDATION: share")
    assert tables[0] in development
    assert tables[1] in validation
    assert report(pd.concat(grouping.curves(jobs, 5, tmp_path / "curves.csv"), ignore_index=True)) == text


def test_every_table_is_for_development_or_for_validation() -> None:
    names = {short(name).split(":")[0] for name in table_names(1, 1)}
    assert names <= {*DEVELOPMENT, *VALIDATION}
    assert not {*DEVELOPMENT} & {*VALIDATION}
    assert not is_development("elsewhere/new_table.parquet")


def test_each_replay_of_a_made_up_table_has_noise_of_its_own() -> None:
    noisy, exact = "clusters:5:0:0.3:1", "clusters:5:0:0.0:1"
    seen = [np.nan_to_num(load(name, draw).valid_RST) for name in (noisy, exact) for draw in (0, 1)]
    assert not np.array_equal(seen[0], seen[1])
    assert np.array_equal(seen[2], seen[3])


def test_published_tables_that_are_missing_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["grouping", "--published", "nowhere.parquet"])
    with pytest.raises(SystemExit):
        grouping.main()
    assert "--published: expected Parquet files, found no nowhere.parquet" in capsys.readouterr().err


@pytest.mark.parametrize("limit", [{"max_networks": 3}, {"max_params": 2500}], ids=str)
def test_both_solvers_compose_the_same_designs(limit: dict[str, int]) -> None:
    pool, tasks = measured(30, 4, seed=0)
    assert compose(pool, tasks, **limit) == compose_by_milp(pool, tasks, **limit)
