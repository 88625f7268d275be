import math

import pandas as pd
import pytest
from scipy import stats

from mtl_search.analysis import rank_table

GAINS = {"a": (1.0, 5.0, 2.0), "b": (3.0, 6.0, 2.0), "c": (2.0, 1.0, 0.0)}


def summary(gains: dict[str, tuple[float, ...]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "arm": arm,
                "n_networks": 1,
                "rank": 1,
                "tasks": [{"task": f"task{i}", "gain": gain} for i, gain in enumerate(row)],
            }
            for arm, row in gains.items()
        ]
    )


def test_ranks_by_hand_with_a_tie():
    table = rank_table(summary(GAINS)).ranks.set_index("arm")
    assert table.index.tolist() == ["b", "a", "c"]
    assert table.loc["b", ["task0", "task1", "task2"]].tolist() == [1.0, 1.0, 1.5]
    assert table["mean_rank"].tolist() == pytest.approx([3.5 / 3, 6.5 / 3, 8 / 3])


def test_friedmans_test_is_scipys():
    assert rank_table(summary(GAINS)).p == pytest.approx(stats.friedmanchisquare(*GAINS.values()).pvalue)


def test_too_few_designs_or_tasks_are_not_tested():
    assert math.isnan(rank_table(summary({k: GAINS[k] for k in "ab"})).p)
    assert math.isnan(rank_table(summary({k: v[:1] for k, v in GAINS.items()})).p)


def test_designs_that_are_all_equal_do_not_differ():
    assert rank_table(summary(dict.fromkeys("abc", (1.0, 2.0)))).p == 1.0


def test_a_task_without_a_gain_is_left_out():
    gains = {"a": (1.0, math.nan), "b": (2.0, 3.0)}
    table = rank_table(summary(gains)).ranks
    assert "task1" not in table
    assert table["mean_rank"].tolist() == [1.0, 2.0]


def test_no_design_has_no_rank():
    empty = pd.DataFrame({"arm": [], "n_networks": [], "rank": [], "tasks": []})
    assert len(rank_table(empty).ranks) == 0
