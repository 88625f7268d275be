"""Tasks that say nearly the same are found, and what lets them count as one is told."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pytest

from mtl_search.data import DataSpec, SplitSpec, dataset_from_table
from tests.fixtures.data import task_configs

ROWS = 800
RANDOM = np.random.default_rng(0)
NUMBER, NOISE = RANDOM.normal(size=ROWS), RANDOM.normal(size=ROWS)
FLAG = (NUMBER > 0).astype(int)
RARE = np.where(np.arange(ROWS) % 160 == 0, 1, 0)
STAGE = np.digitize(NUMBER, [-1, 1])
HALF = np.arange(ROWS) % 2 == 0


def notes(columns: Mapping[str, object], tasks: Mapping[str, object]) -> list[str]:
    """What is said of tasks that are one."""
    table = pa.table({"x": RANDOM.normal(size=ROWS), **columns})
    spec = DataSpec(source="x", split=SplitSpec(seed=1))
    return [
        note for note in dataset_from_table(table, spec, task_configs(tasks)).warnings if "nearly" in note
    ]


def swapped(flags: np.ndarray, share: float) -> np.ndarray:
    """Flags of which a share is the other way round."""
    return np.where(np.arange(ROWS) % round(1 / share) == 0, 1 - flags, flags)


@pytest.mark.parametrize(
    ("kind", "one", "other", "are_one"),
    [
        ("regression", NUMBER, 3 * NUMBER + 0.05 * NOISE, True),
        ("regression", NUMBER, -NUMBER, True),
        ("regression", NUMBER, NUMBER + 0.5 * NOISE, False),
        ("regression", pa.array(NUMBER, mask=HALF), pa.array(NUMBER + 0.01 * NOISE, mask=NUMBER > 1), True),
        ("regression", pa.array(NUMBER, mask=HALF), pa.array(NUMBER, mask=~HALF), False),
        ("binary", FLAG, swapped(FLAG, 1 / 400), True),
        ("binary", FLAG, 1 - FLAG, True),
        ("binary", FLAG, swapped(FLAG, 1 / 20), False),
        ("binary", RARE, np.roll(RARE, 5), False),
        ("multiclass", STAGE, np.array(["a", "b", "c"])[STAGE], True),
        ("multiclass", STAGE, np.digitize(NOISE, [-1, 1]), False),
    ],
)  # fmt: skip
def test_pairs(kind: str, one: object, other: object, are_one: bool) -> None:
    found = notes({"a": one, "b": other}, {"a": kind, "b": kind})
    assert len(found) == are_one
    if are_one:
        assert found[0].startswith("tasks 'a', 'b' nearly are one (")
        assert "weight: 0.5 for each" in found[0]


def test_several_are_one_set_and_weights_settle_it() -> None:
    columns = {"a": NUMBER, "b": 2 * NUMBER, "c": NUMBER + 0.01 * NOISE, "d": NOISE}
    (note,) = notes(columns, dict.fromkeys("abcd", "regression"))
    assert note.startswith("tasks 'a', 'b', 'c' nearly are one (correlation 1.0000)")
    assert "weight: 0.333 for each" in note
    third = {"kind": "regression", "weight": 1 / 3}
    assert notes(columns, {**dict.fromkeys("abc", third), "d": "regression"}) == []


def test_auxiliary_tasks_do_not_count() -> None:
    tasks = {"a": "regression", "b": {"kind": "regression", "role": "auxiliary"}}
    assert notes({"a": NUMBER, "b": NUMBER}, tasks) == []
