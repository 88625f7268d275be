"""Benchmarks of grouping and of composition run on tiny shapes; a table that is not there is refused."""

import pandas as pd
import pytest

from benchmarks import grouping
from benchmarks.composition import compose_by_milp, measured
from benchmarks.grouping_report import report
from mtl_search.design import compose


def test_strategies_are_replayed_and_reported() -> None:
    strategies = ("random", "pairs", "hoa", "tpe", "ridge", "thompson", "bayes")
    rows = [
        row
        for strategy in strategies
        for seed in range(2)
        for row in grouping.curve("clusters:5:0:0.3", "2", strategy, seed, most=5)
    ]
    text = report(pd.DataFrame(rows))
    assert all(strategy in text for strategy in strategies)
    assert "BAYES LESS RANDOM" in text


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
