"""The task kind that the reference shows keeps the contract, word for word; it is read by its name."""

import json
import re
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from mtl_search.tasks import AnyTask, Task, TaskConfig
from mtl_search.weighting import (
    Losses,
    SharedParameters,
    Weighting,
    WeightingConfig,
    WeightingOptions,
    Weights,
)
from mtl_search.weighting.equal import EqualConfig

TEXT = (Path(__file__).parents[2] / "search_spaces" / "README.md").read_text()
KIND, SUITE = (
    next(code for code in re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S) if f"class {name}(" in code)
    for name in ("Counts", "TestCounts")
)

counts: Any = types.ModuleType("counts")
sys.modules["counts"] = counts
exec(compile(KIND, "counts.py", "exec"), counts.__dict__)
found: dict[str, Any] = {"__name__": __name__, "np": np, "pa": pa}
exec(compile(SUITE, "test_counts.py", "exec"), found)
TestCounts = found["TestCounts"]


class Held(BaseModel):
    task: TaskConfig
    weighting: WeightingConfig = EqualConfig()


class Plain(WeightingOptions):
    """Equal weights, of the user's own."""

    factor: float = 1.0

    def build(self, members: tuple[str, ...]) -> Weighting:
        return _Sum(self.factor)


class _Sum(Weighting):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def backward(self, losses: Losses, network: SharedParameters) -> Weights:
        sum(self.factor * loss for loss in losses.values()).backward()
        return dict.fromkeys(losses, self.factor)


def test_it_is_short() -> None:
    lines = [line for line in KIND.splitlines() if line.strip()]
    assert len(lines) <= 60


@pytest.mark.parametrize("said", ["counts:Counts", {"kind": "counts:Counts", "metric": "mae"}])
def test_a_kind_is_named_by_its_path(said: Any) -> None:
    held = Held.model_validate({"task": said})
    assert type(held.task) is counts.Counts.Config
    assert Held.model_validate_json(held.model_dump_json()) == held
    assert Held(task=counts.Counts.Config.model_validate({"metric": held.task.metric})) == held
    task = held.task.fit("visits", [pa.chunked_array([[1, 3, None]])])
    adapter = TypeAdapter[Task](AnyTask)
    assert adapter.validate_python(json.loads(adapter.dump_json(task))) == task


def test_a_weighting_is_named_by_its_path() -> None:
    name = f"{__name__}:Plain"
    held = Held.model_validate({"task": "binary", "weighting": {"name": name, "factor": 2}})
    assert held.weighting == Plain(factor=2.0)
    assert Held.model_validate_json(held.model_dump_json()) == held
    assert json.loads(held.model_dump_json())["weighting"] == {"name": name, "factor": 2.0}
    assert Held.model_validate({"task": "binary", "weighting": Plain(factor=2.0)}) == held


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"task": "counts:Nothing"},
            "expected a task's module:Class, found 'counts:Nothing': module",
        ),
        ({"task": "counts:np"}, "expected a task's module:Class, found 'counts:np', which is none"),
        ({"task": {"kind": "counts:Counts", "metric": "auroc"}}, "metric"),
        ({"task": "mtl_search.tasks.base:TaskOptions"}, "which lacks fit, strata"),
        ({"task": "binary", "weighting": "counts:Counts"}, "expected a weighting's module:Class, .* is none"),
    ],
)
def test_what_is_none_is_refused(value: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Held.model_validate(value)
