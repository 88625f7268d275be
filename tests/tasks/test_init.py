"""The union of task options, as sweep files write them."""

import pytest
from pydantic import TypeAdapter, ValidationError

from mtl_search.records import Role
from mtl_search.tasks import Binary, Multiclass, Multilabel, Regression, TaskConfig

ADAPTER: TypeAdapter[TaskConfig] = TypeAdapter(TaskConfig)


@pytest.mark.parametrize("config", [Binary.Config, Multiclass.Config, Multilabel.Config, Regression.Config])
def test_the_name_of_a_kind_stands_for_its_defaults(config: type) -> None:
    kind = config().kind
    assert ADAPTER.validate_python(kind) == ADAPTER.validate_python({"kind": kind}) == config()


def test_options_reach_the_kind() -> None:
    config = ADAPTER.validate_python({"kind": "regression", "role": "auxiliary", "loss": "huber", "delta": 2})
    assert config == Regression.Config(role=Role.AUXILIARY, loss="huber", delta=2.0)


@pytest.mark.parametrize(
    "wrong",
    [
        "binay",
        {"kind": "ranking"},
        {"metric": "auroc"},
        {"kind": "binary", "role": "helper"},
        {"kind": "binary", "weight": 0.0},
        {"kind": "binary", "role": "auxiliary", "weight": 0.5},
        {"kind": "binary", "metric": "rmse"},
        {"kind": "regression", "pos_weight": 2.0},
        {"kind": "multiclass", "label_smoothing": 1.0},
        {"kind": "multiclass", "label_smoothing": "0.1"},
        {"kind": "multiclass", "class_weights": {"a": -1.0}},
        {"kind": "multilabel", "columns": ["alone"]},
        {"kind": "regression", "delta": float("inf")},
        3,
        None,
    ],
)
def test_wrong_options_are_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(wrong)


def test_options_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Binary.Config().metric = "f1"  # type: ignore[misc]
