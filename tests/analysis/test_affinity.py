import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl_search.analysis import affinity, holm
from tests.fixtures.frames import TASKS, trials, valid_gains

NAMES = ("age", "death", "ward")


def board(rows: Sequence[tuple[tuple[str, ...], dict[str, float]]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Trials and metrics from (members, gains)."""
    frame = trials(*({"trial_id": f"t{i}", "members": list(members)} for i, (members, _) in enumerate(rows)))
    return frame, valid_gains({f"t{i}": gains for i, (_, gains) in enumerate(rows)})


def effect(table: pd.DataFrame, task: str, companion: str) -> Any:
    (row,) = table[(table["task"] == task) & (table["companion"] == companion)].to_dict("records")
    return row


def drawn(n: int, rng: np.random.Generator, noise: float) -> list[Any]:
    """Trials of random members: death helps age by 3, ward hurts it by 2; nothing else matters."""
    rows = []
    for _ in range(n):
        members = tuple(name for name in NAMES if rng.random() < 0.6) or ("age",)
        gains = {name: float(rng.normal(0, noise)) for name in members}
        if "age" in gains:
            gains["age"] += 3.0 * ("death" in members) - 2.0 * ("ward" in members)
        rows.append((members, gains))
    return rows


def test_it_is_the_least_squares_of_statsmodels() -> None:
    sm = pytest.importorskip("statsmodels.api", reason="statsmodels is not installed")
    rows = drawn(60, np.random.default_rng(0), noise=1.0)
    table = affinity(*board(rows), TASKS)
    own = [(members, gains["age"]) for members, gains in rows if "age" in members]
    x = sm.add_constant(
        np.array([[name in members for name in ("death", "ward")] for members, _ in own], float)
    )
    fit = sm.OLS([gain for _, gain in own], x).fit()
    for at, companion in enumerate(("death", "ward"), start=1):
        found = effect(table, "age", companion)
        assert found["effect"] == pytest.approx(fit.params[at])
        assert found["se"] == pytest.approx(fit.bse[at])
        assert (found["low"], found["high"]) == pytest.approx(tuple(fit.conf_int()[at]))


def test_planted_effects_are_found_within_their_intervals() -> None:
    table = affinity(*board(drawn(200, np.random.default_rng(1), noise=0.5)), TASKS)
    assert effect(table, "age", "death")["effect"] == pytest.approx(3.0, abs=0.5)
    assert effect(table, "age", "ward")["high"] < 0
    assert effect(table, "death", "age")["low"] < 0 < effect(table, "death", "age")["high"]


def test_the_intervals_hold_what_they_promise() -> None:
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(60):
        found = effect(affinity(*board(drawn(40, rng, noise=1.0)), TASKS), "age", "death")
        held += found["low"] <= 3.0 <= found["high"]
    assert held >= 52  # 57 expected


def test_by_hand_each_companion_alone() -> None:
    rows = [
        (("age",), {"age": 0.0}),
        (("age",), {"age": 2.0}),
        (("age", "death"), {"age": 5.0, "death": 1.0}),
    ]
    found = effect(affinity(*board(rows), TASKS), "age", "death")
    assert found["effect"] == pytest.approx(4.0)
    assert (found["n_with"], found["n_without"]) == (1, 2)


@pytest.mark.parametrize("arm", ["linear", "trees"])
def test_models_of_another_kind_are_not_the_task_without_company(arm: str) -> None:
    rows = drawn(60, np.random.default_rng(4), noise=1.0)
    frame, metrics = board([*rows, *[(("age",), {"age": -40.0})] * 20])
    frame["arm"] = ["search"] * len(rows) + [arm] * 20
    assert affinity(frame, metrics, TASKS).equals(affinity(*board(rows), TASKS))


def test_companions_that_are_never_apart_cannot_be_told_apart() -> None:
    rows: list[Any] = [(("age",), {"age": float(i)}) for i in range(4)]
    rows += [(NAMES, {"age": 3.0 + i, "death": 0.0, "ward": 0.0}) for i in range(4)]
    table = affinity(*board(rows), TASKS)
    for companion in ("death", "ward"):
        assert math.isnan(effect(table, "age", companion)["effect"])
        assert math.isnan(effect(table, "age", companion)["se"])


def test_a_companion_never_met_is_unknown_and_does_not_spoil_the_others() -> None:
    rows: list[Any] = [(("age",), {"age": float(i)}) for i in range(3)]
    rows += [(("age", "death"), {"age": 4.0 + i, "death": 0.0}) for i in range(3)]
    table = affinity(*board(rows), TASKS)
    assert effect(table, "age", "death")["effect"] == pytest.approx(4.0)
    assert math.isnan(effect(table, "age", "ward")["effect"])
    assert effect(table, "age", "ward")["n_with"] == 0


def test_without_a_degree_of_freedom_there_is_no_interval() -> None:
    rows = [(("age",), {"age": 1.0}), (("age", "death"), {"age": 2.0, "death": 0.0})]
    found = effect(affinity(*board(rows), TASKS), "age", "death")
    assert found["effect"] == pytest.approx(1.0)
    assert math.isnan(found["se"])
    assert math.isnan(found["low"])


def test_one_diverged_training_changes_little() -> None:
    rows = drawn(60, np.random.default_rng(3), noise=1.0)
    wild = [*rows, (("age", "death"), {"age": -95.0, "death": 0.0})]
    calm, spoilt = (effect(affinity(*board(r), TASKS), "age", "death")["effect"] for r in (rows, wild))
    assert spoilt == pytest.approx(calm, abs=1.0)


def test_every_ordered_pair_has_a_row() -> None:
    table = affinity(*board([(("age",), {"age": 1.0})]), TASKS)
    assert list(zip(table["task"], table["companion"], strict=True)) == list(itertools.permutations(NAMES, 2))


def test_tasks_without_a_gain_are_unknown() -> None:
    rows = [(("age", "death"), {"age": math.nan, "death": 1.0})] * 3
    assert affinity(*board(rows), TASKS).query("task == 'age'")["effect"].isna().all()


def test_a_shift_of_all_gains_changes_nothing_and_a_scale_scales() -> None:
    rows = drawn(60, np.random.default_rng(5), noise=1.0)
    table = affinity(*board(rows), TASKS)
    shifted = [(members, {t: g + 7.0 for t, g in gains.items()}) for members, gains in rows]
    scaled = [(members, {t: 3.0 * g for t, g in gains.items()}) for members, gains in rows]
    moved, larger = (affinity(*board(changed), TASKS) for changed in (shifted, scaled))
    assert moved["effect"].tolist() == pytest.approx(table["effect"].tolist(), abs=1e-9)
    assert larger["effect"].tolist() == pytest.approx((3 * table["effect"]).tolist(), abs=1e-9)
    assert larger["se"].tolist() == pytest.approx((3 * table["se"]).tolist(), abs=1e-9)


def test_a_wider_level_is_a_wider_interval() -> None:
    rows = drawn(40, np.random.default_rng(6), noise=1.0)
    narrow, wide = (affinity(*board(rows), TASKS, level=level) for level in (0.5, 0.99))
    assert (wide["high"] - wide["low"] > narrow["high"] - narrow["low"]).all()
    assert narrow["effect"].equals(wide["effect"])


def test_p_values_are_corrected_over_all_pairs() -> None:
    table = affinity(*board(drawn(60, np.random.default_rng(0), noise=1.0)), TASKS)
    known = table["p"].dropna()
    assert len(known) == 6, "of three tasks"
    assert table["p_holm"].dropna().tolist() == pytest.approx(holm(known))
    assert effect(table, "age", "death")["p_holm"] < 0.05


def test_where_nothing_helps_hardly_anything_is_shown() -> None:
    """By 95 % intervals one pair in twenty would be, of six pairs and forty searches a dozen."""
    rng, uncorrected, shown = np.random.default_rng(1), 0, 0
    for _ in range(40):
        rows = [
            (members, {name: float(rng.normal()) for name in members}) for members, _ in drawn(40, rng, 1.0)
        ]
        table = affinity(*board(rows), TASKS)
        uncorrected += int((table["p"] < 0.05).sum())
        shown += int((table["p_holm"] < 0.05).any())
    assert uncorrected > 2 * shown
    assert shown <= 5
