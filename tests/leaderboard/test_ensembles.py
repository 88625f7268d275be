import math
from pathlib import Path

import pandas as pd
import pytest

from mtl_search.leaderboard import Ensemble, Leaderboard, to_ensembles
from tests.fixtures.boards import TASKS

FOUND = [
    Ensemble("a", (1, 2), "age", {"mae": 9.0, "rmse": 12.0}, (12.5, 11.5)),
    Ensemble("a", (1,), "age", {"mae": 9.5, "rmse": 12.25}, (12.5, 12.0)),
    Ensemble("b", (1, 2), "death", {"auroc": 0.75}, ()),
]


def test_they_are_read_as_they_were_written(tmp_path: Path) -> None:
    board = Leaderboard.create(tmp_path, TASKS)
    assert to_ensembles(board.ensembles()) == []
    board.write_ensembles(FOUND)
    assert to_ensembles(Leaderboard(tmp_path).ensembles()) == FOUND
    rows = pd.read_parquet(tmp_path / "ensembles.parquet")
    assert rows.loc[rows["is_default"], "metric"].tolist() == ["rmse", "rmse", "auroc"]
    assert rows["left_out"].isna().tolist() == [True, False, True, False, False]


def test_what_is_undefined_is_null_in_the_file_and_nan_in_python(tmp_path: Path) -> None:
    board = Leaderboard.create(tmp_path, TASKS)
    board.write_ensembles([Ensemble("b", (1,), "death", {"auroc": math.nan}, (0.5, math.nan))])
    rows = pd.read_parquet(tmp_path / "ensembles.parquet", dtype_backend="pyarrow")
    assert rows["value"].isna().tolist() == [True]
    (found,) = to_ensembles(board.ensembles())
    assert math.isnan(found.values["auroc"])
    assert found.left_out == pytest.approx((0.5, math.nan), nan_ok=True)


def test_a_sweep_without_the_table_has_none(tmp_path: Path) -> None:
    board = Leaderboard.create(tmp_path, TASKS)
    (tmp_path / "ensembles.parquet").unlink()
    assert len(board.frame("ensembles")) == 0
    Leaderboard(tmp_path).recover()
    assert (tmp_path / "ensembles.parquet").is_file()
