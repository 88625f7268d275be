"""The questions of results/README.md: pandas, Polars and DuckDB answer them alike, in three lines each."""

import ast
import math
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import polars as pl
import pytest

from mtl_search.leaderboard import Leaderboard

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
BLOCK = r"### ([^\n]*\?)\n\n```python\n(# pandas\n.*?)```"
QUESTIONS = dict(re.findall(BLOCK, TEXT, re.DOTALL))
LIBRARIES = ("pandas", "Polars", "DuckDB")
SWEEPS = ("support2", "qm9")


@pytest.fixture(scope="module", params=SWEEPS)
def tables(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the first block of the questions makes of a committed sweep."""
    (setup,) = re.findall(r"```python\n([^`]*create or replace view[^`]*)```", TEXT)
    assert 'folder = "results/support2"' in setup
    module = ModuleType("setup")
    exec(setup.replace("results/support2", str(ROOT / "results" / request.param)), module.__dict__)
    return module.__dict__


def answer(code: str, names: dict[str, Any]) -> pd.DataFrame:
    """The value of the last line of ``code``."""
    parsed = ast.parse(code)
    last = parsed.body.pop()
    assert isinstance(last, ast.Expr)
    exec(compile(parsed, "<README>", "exec"), names)
    found = eval(compile(ast.Expression(last.value), "<README>", "eval"), names)
    if isinstance(found, pl.DataFrame):
        return found.to_pandas()
    return found if isinstance(found, pd.DataFrame) else found.df()


def rows_of(frame: pd.DataFrame, columns: list[str]) -> list[tuple[object, ...]]:
    """The rows, in whatever order they came, without what tells null from NaN."""
    rows = [
        tuple(None if pd.isna(value) else value for value in row)
        for row in frame[columns].itertuples(index=False)
    ]
    return sorted(rows, key=lambda row: [f"{v:.6g}" if isinstance(v, float) else str(v) for v in row])


def test_there_are_ten_questions() -> None:
    assert len(QUESTIONS) == 10


@pytest.mark.parametrize("question", QUESTIONS)
def test_all_three_libraries_give_the_same_answer(question: str, tables: dict[str, Any]) -> None:
    _, *parts = re.split(r"^# (\w+)\n", QUESTIONS[question], flags=re.MULTILINE)
    code = dict(zip(parts[::2], parts[1::2], strict=True))
    assert tuple(code) == LIBRARIES
    assert all(len(lines.splitlines()) <= 3 for lines in code.values())
    found = [answer(code[library], dict(tables)) for library in LIBRARIES]
    columns = [str(name) for name in found[0]]
    first, *others = [rows_of(frame, columns) for frame in found]
    assert any(isinstance(value, float) and math.isfinite(value) for row in first for value in row)
    for frame, other in zip(found[1:], others, strict=True):
        assert {str(name) for name in frame} == set(columns)
        for row, same in zip(first, other, strict=True):
            assert list(same) == [pytest.approx(v, rel=1e-9) if isinstance(v, float) else v for v in row]


@pytest.mark.parametrize("sweep", SWEEPS)
def test_the_committed_sweeps_can_be_read(sweep: str) -> None:
    board = Leaderboard(ROOT / "results" / sweep)
    (chosen,) = [one for one in board.design_records() if one.chosen]
    assert chosen.design_id in {one.design_id for one in board.summary_records()}
    assert {task.task for task in board.summary_records()[0].tasks} == set(chosen.serves)
