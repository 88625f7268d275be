"""The data block: its two ways to split, and what it refuses."""

import pytest
from pydantic import ValidationError

from mtl_search.data import DataSpec, SplitSpec


@pytest.mark.parametrize(
    "split",
    [
        {},
        {"valid": 0.2, "test": 0.3, "seed": 4},
        {"column": "split"},
        {"column": "split", "valid": 0.5, "valid_from": "test", "seed": 1},
    ],
)
def test_a_split_survives_a_round_trip(split: dict[str, object]) -> None:
    spec = DataSpec.model_validate({"source": "x", "split": split, "drop": ["a", "b"], "rows": 10})
    assert DataSpec.model_validate_json(spec.model_dump_json()) == spec
    assert spec.drop == ("a", "b")


def test_defaults_are_fractions() -> None:
    split = DataSpec(source="x").split
    assert (split.column, split.valid_fraction, split.test_fraction, split.seed) == (None, 0.15, 0.15, 0)


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"valid": 0.5, "test": 0.5}, "valid \\+ test must be below 1, found 1"),
        ({"valid": 0.9}, "below 1, found 1.05"),
        ({"valid": 0.0}, "greater than 0"),
        ({"test": 1.0}, "less than 1"),
        ({"valid": "0.1"}, "valid number"),
        ({"seed": -1}, "greater than or equal to 0"),
        ({"seed": 0.5}, "valid integer"),
        ({"valid_from": "test", "valid": 0.5}, "valid_from needs a split column"),
        ({"column": "split", "test": 0.1}, "test is a fraction, and goes without a split column"),
        ({"column": "split", "valid": 0.1}, "needs valid_from"),
        ({"column": "split", "valid_from": "train"}, "needs valid_from"),
        ({"column": "split", "valid": 0.1, "valid_from": "valid"}, "'train' or 'test'"),
        ({"column": ""}, "at least 1 character"),
        ({"colum": "split"}, "not permitted"),
    ],
)
def test_wrong_splits_are_refused(split: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SplitSpec.model_validate(split)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"source": ""},
        {"source": 3},
        {"source": "x", "rows": 0},
        {"source": "x", "train_rows": 2.5},
        {"source": "x", "drop": "age"},
        {"source": "x", "drop": [1]},
        {"source": "x", "group": ""},
        {"source": "x", "path": "y"},
    ],
)
def test_wrong_blocks_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DataSpec.model_validate(wrong)
