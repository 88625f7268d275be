"""``mtl_search.new``: a frame becomes a sweep."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import mtl_search
from mtl_search.data import load_dataset
from mtl_search.errors import UserError


def test_a_frame_becomes_a_sweep(
    columns: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(columns)
    spec = mtl_search.new(frame, tasks=["ill", "cost"], name="mine")
    assert spec.settings.name == "mine"
    assert {name: task.kind for name, task in spec.settings.tasks.items()} == {
        "ill": "binary",
        "cost": "regression",
    }
    assert len(load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base).tasks) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine.parquet"]
    mtl_search.new(frame, tasks="ill", name="mine", out="mine.yaml")  # the same frame again
    assert Path("mine.yaml").exists()
    with pytest.raises(UserError, match="no file, or one with this very table"):
        mtl_search.new(frame[::-1], tasks=["ill"], name="mine")


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(UserError, match="or a path, found list"):
        mtl_search.new([1, 2], tasks=["x"])
