import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.analysis import pareto_front

small = st.integers(0, 5).map(float)
points = st.lists(st.tuples(small, small, small), min_size=1, max_size=15)


@given(points)
def test_the_front_is_what_nothing_beats(rows: list[tuple[float, float, float]]) -> None:
    frame = pd.DataFrame(rows, columns=["gain", "size", "time"])
    found = pareto_front(frame, "gain", ["size", "time"])
    for i, (gain, size, time) in enumerate(rows):
        beaten = any(
            g >= gain and s <= size and t <= time and (g, s, t) != (gain, size, time) for g, s, t in rows
        )
        assert found[i] == (not beaten)
    assert found.any()


@given(points)
def test_equal_rows_are_on_it_together(rows: list[tuple[float, float, float]]) -> None:
    frame = pd.DataFrame([*rows, rows[0]], columns=["gain", "size", "time"])
    found = pareto_front(frame, "gain", ["size", "time"])
    assert found.iloc[0] == found.iloc[-1]


def test_undefined_rows_are_off_and_spoil_nothing() -> None:
    frame = pd.DataFrame({"gain": [np.nan, 1.0, 2.0], "size": [1.0, 1.0, np.nan]})
    assert pareto_front(frame, "gain", ["size"]).tolist() == [False, True, False]


def test_nothing_has_no_front() -> None:
    assert pareto_front(pd.DataFrame({"gain": [], "size": []}), "gain", ["size"]).tolist() == []
