"""A sweep on images leaves a few test rows to look at, of the design that it recommends."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import mtl_search
from mtl_search.data import load_dataset
from mtl_search.exporting import export
from mtl_search.report import write_report
from mtl_search.search import run_sweep
from mtl_search.sweep import SweepSpec
from tests.fixtures.rich import INPUTS, TRIALS, rich_table


def test_examples_are_what_the_exported_networks_predict(
    tiny_sweep: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    pq.write_table(rich_table("image", 60), tmp_path / "rich.parquet")
    value = tiny_sweep(
        data={"source": str(tmp_path / "rich.parquet"), "inputs": INPUTS["image"], "drop": ["depth"]},
        tasks={"cost": None, "ill": None, "bright": "binary", "mask": "segmentation"},
        trial={**TRIALS["image"], "trunk": {"name": "cnn", "stages": 2, "width": 4}, "epochs": 1},
        budget={"trials": 1, "reference_trials": 1, "finalists": 1, "seeds": 2},
    )
    spec = SweepSpec.from_value(value)
    board = run_sweep(spec, tmp_path, inline=True).board
    (design,) = [one for one in board.design_records() if one.chosen]
    rows = board.table("examples").to_pylist()
    assert {row["design_id"] for row in rows} == {design.design_id}
    assert {row["name"] for row in rows} == {"picture", "bright", "mask"}
    assert board.table("inputs").to_pylist() == [{"name": "picture", "what": "image, 8 x 8 grey"}]
    assert board.table("stages")["sizes"].to_pylist()[:3] == [[4, 8, 8], [4, 8, 8], [8, 4, 4]]

    shown = load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base).to_show
    assert shown is not None
    model = mtl_search.load_model(export(board.path, tmp_path / "model").path)
    predicted = model.predict(shown.table, as_="arrow")["bright"].to_pylist()
    said = [row["predicted"].split(" (")[0] for row in rows if row["name"] == "bright"]
    assert said == [str(value).lower() for value in predicted]
    page = write_report(board.path).read_text(encoding="utf-8")
    assert "A few test rows" in page
    assert "4 × 8 × 8" in page
    assert "image, 8 x 8 grey" in page
