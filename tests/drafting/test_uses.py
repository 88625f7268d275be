"""What columns are for: one thing wrong at a time."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mtl_search.drafting import DraftData

Drafts = Callable[..., DraftData]
N = 400
random = np.random.default_rng(1)
DAYS = np.datetime64("2024-01-01") + random.permutation(N)


def kinds(data: DraftData) -> dict[str, str]:
    """Of the inputs that are declared."""
    return {name: options.kind for name, options in data.spec.inputs.items()}


def test_a_plain_table_is_left_as_it_is(draft: Drafts) -> None:
    data = draft()
    assert (data.uses.drop, data.uses.group, data.uses.time, data.codes) == ({}, None, None, {})
    assert dict(data.spec.inputs) == {}
    assert data.notes == ()


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([f"R{i}" for i in range(N)], "identifies rows"),
        (np.arange(N) + 7, "identifies rows"),
        ([1.0] * N, "one value in all rows"),
        ([None] * N, "no value in any row"),
        ([[1.0]] * N, "no input: list"),
        ([b"\xff"] * N, "no input: binary"),
        ([np.inf, *np.arange(N - 1) / 3], "infinite"),
        ([f"word {i * 2 // 3}" for i in range(N)], "text that seldom repeats"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_columns_that_are_dropped(draft: Drafts, values: Any, why: str) -> None:
    drop = draft(other=values).uses.drop
    assert list(drop) == ["other"]
    assert why in drop["other"]


def test_a_column_of_one_value_and_missing_ones_stays(draft: Drafts) -> None:
    assert draft(other=[1.0, None] * (N // 2)).uses.drop == {}


def test_repeated_entities_are_a_group(draft: Drafts) -> None:
    patient = random.integers(0, 80, N)
    data = draft(patient=patient, visit_id=np.arange(N))
    assert data.spec.group == "patient"
    assert list(data.spec.drop) == ["visit_id"]


@pytest.mark.parametrize(("name", "n"), [("store_id", 6), ("weather", 80), ("patient", N)])
def test_what_is_no_group(draft: Drafts, name: str, n: int) -> None:
    values = random.permutation(N) if n == N else random.integers(0, n, N)
    assert draft(**{name: values}).spec.group is None


def test_a_group_that_is_missing_in_rows_is_said_not_used(draft: Drafts) -> None:
    patient = [None if i < 3 else i // 4 for i in range(N)]
    data = draft(patient=pd.array(patient, dtype="Int64"))
    assert data.spec.group is None
    assert "3 rows have none" in data.notes[0]


def test_dates_split_by_time(draft: Drafts) -> None:
    data = draft(birth_date=DAYS[::-1], order_date=DAYS)
    assert data.spec.split.time == "order_date"
    assert data.dataset.left_out == {}


@pytest.mark.parametrize(
    "dates",
    [
        {"birth_date": DAYS},
        {"order_date": [None, *DAYS[1:].tolist()]},
        {"order_date": np.repeat(DAYS[:4], N // 4)},
    ],
    ids=["of birth", "missing", "few"],
)
def test_dates_that_split_nothing(draft: Drafts, dates: Any) -> None:
    assert draft(**dates).spec.split.time is None


@pytest.mark.parametrize("kind", ["datetime64[s]", "timedelta64[s]"])
def test_moments_that_no_calendar_has_are_values_like_others(draft: Drafts, kind: str) -> None:
    """A database's infinity, and what Spark makes of it, lie beyond the year 9999."""
    until = np.where(np.arange(N) % 2, np.int64(2**60), np.arange(N) % 5).astype(kind)
    assert "until" not in draft(until=until).uses.drop


def test_a_split_by_time_that_leaves_a_task_without_labels_is_not_drafted(draft: Drafts) -> None:
    days = np.sort(DAYS)
    late = np.where(np.arange(N) < N // 2, random.normal(size=N), np.nan)
    data = draft(("ill", "late"), order_date=days, late=late)
    assert data.spec.split.time is None
    assert any("drawn by chance instead" in note for note in data.notes)


def test_signs_for_missing_values(draft: Drafts) -> None:
    age = np.where(random.random(N) < 0.1, -999, random.integers(20, 90, N))
    dose = np.where(random.random(N) < 0.1, "NA", np.char.mod("%.2f", random.random(N)))
    stage = np.array(["i", "ii", "n/a"])[random.integers(0, 3, N)]
    data = draft(age=age, dose=dose, stage=stage)
    assert data.spec.missing == {"age": (-999,), "dose": ("NA",), "stage": ("n/a",)}
    assert kinds(data) == {"dose": "numeric"}


def test_classes_from_minus_one_are_no_signs(draft: Drafts) -> None:
    data = draft(("ill", "mood"), mood=random.integers(-1, 2, N))
    assert data.spec.missing == {}


def test_codes_with_zeros_in_front_stay_text(draft: Drafts) -> None:
    assert kinds(draft(zip=[f"0{i % 40:02d}" for i in range(N)])) == {"zip": "categorical"}


def test_codes_by_name_and_by_what_they_say(draft: Drafts) -> None:
    place = random.integers(100, 110, N)
    effect = random.normal(0, 3, 10)[place - 100]
    data = draft(
        ("ill", "sales"), zip=random.integers(0, 30, N), place=place, sales=effect + random.normal(size=N)
    )
    assert kinds(data) == {"zip": "categorical", "place": "categorical"}
    assert "sales" in data.codes["place"]


def test_numbers_whose_order_says_it_all_are_no_codes(draft: Drafts) -> None:
    age = random.integers(20, 40, N)
    assert draft(("ill", "sales"), age=age, sales=(age - 30) ** 2 / 20 + random.normal(size=N)).codes == {}


def test_leaks(draft: Drafts, columns: dict[str, Any]) -> None:
    ill = columns["ill"]
    drop = draft(
        twin=columns["cost"] * 2 + 1,
        refund=np.where(ill, random.normal(size=N), np.nan),
        reason=np.where(ill & (random.random(N) < 0.6), "price", ""),
    ).uses.drop
    assert drop.keys() == {"twin", "refund", "reason"}
    assert "says cost nearly by itself" in drop["twin"]
    assert "whether it is known says ill" in drop["refund"]
    assert "of the rows where ill is True, in 0.0% of the others" in drop["reason"]


def test_what_is_missing_by_chance_is_no_leak(draft: Drafts) -> None:
    assert draft(other=np.where(random.random(N) < 0.5, random.normal(size=N), np.nan)).uses.drop == {}


def test_repeated_rows_and_tasks_that_are_one_are_said(draft: Drafts, columns: dict[str, Any]) -> None:
    twin = columns["cost"] + random.normal(size=N) * 1e-3
    assert any("nearly are one" in note for note in draft(("cost", "twin"), twin=twin).notes)
    x, z = (np.repeat(columns[name][: N // 4], 4) for name in ("x", "z"))
    assert any("equal a train row in all inputs" in note for note in draft(x=x, z=z).notes)


@pytest.mark.parametrize(
    "values",
    [
        pa.array(["a", "b", None, "b"] * (N // 4)).dictionary_encode(),
        pa.array([1, 2, 3, 2] * (N // 4), pa.decimal128(4, 1)),
        pa.array([0.5, 1.5] * (N // 2)).cast(pa.decimal128(4, 1)),
        pa.array([1, 2, 5, 6] * (N // 4), pa.uint64()),
        pa.array([1, 2, 5, 6] * (N // 4), pa.time32("s")),
        pa.array([1, 2, 5, 6] * (N // 4), pa.duration("ms")),
        pa.array(["a", "b"] * (N // 2), pa.large_string()),
        pa.array([0.5, 1.5] * (N // 2), pa.float32()),
    ],
    ids=lambda values: str(values.type)[:12],
)
def test_columns_of_any_storage_are_inputs(draft: Drafts, values: pa.Array) -> None:
    data = draft(other=values)
    assert "other" in data.dataset.encoding.columns
    assert data.uses.drop == {}
