"""What was believed of sets before they were trained, against what they gained."""

import numpy as np
import pandas as pd
import pytest

from mtl_search.analysis.foretold import calibration, foretold
from tests.fixtures.sweeps import synthetic_sweep


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    board = synthetic_sweep(tmp_path_factory.mktemp("sweep"), trials=60, confirmed=False)
    return foretold(*(board.frame(name) for name in ("beliefs", "trials", "metrics")))


def test_a_set_counts_once_and_only_if_it_is_new(rows: pd.DataFrame) -> None:
    assert rows.groupby("members_text")["trial_id"].nunique().eq(1).all()
    assert rows["members_text"].str.contains("+", regex=False).all()
    assert not rows["trial_id"].str.startswith("shared").any()


def test_all_tasks_together_were_trained_by_the_references_before(rows: pd.DataFrame) -> None:
    assert rows["members_text"].str.count(r"\+").max() < 5, "six tasks are in the sweep"


def test_beliefs_that_are_as_sure_as_they_ought_to_be(rows: pd.DataFrame) -> None:
    found = calibration(rows)
    assert found is not None
    assert found.count == len(rows)
    assert found.within > 0.8
    assert found.explained > 0.8


def test_beliefs_that_are_too_sure(rows: pd.DataFrame) -> None:
    found = calibration(rows.assign(spread=rows["spread"] / 5))
    assert found is not None
    assert found.within < 0.5


def test_a_handful_of_gains_is_no_share(rows: pd.DataFrame) -> None:
    assert calibration(rows.head(4)) is None


def test_a_belief_that_never_changes_explains_nothing() -> None:
    rows = pd.DataFrame({"task": ["age"] * 6, "expected": 1.0, "spread": 1.0, "gain": np.arange(6.0)})
    found = calibration(rows)
    assert found is not None
    assert np.isnan(found.explained)
