"""A bundle as one program says what the bundle says, where this package is not."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from mtl_search.bundle import Predictor, programs
from mtl_search.bundle.programs import needed_for_onnx, write_onnx, write_torch_export
from mtl_search.errors import BundleError
from mtl_search.exporting.program_words import programs as words
from tests.fixtures.bundles import tiny_bundle
from tests.fixtures.data import TINY_TASKS, tiny_dataset, tiny_table

TABLE = tiny_table(11, seed=9)


def test_onnx_says_the_same_for_any_number_of_rows(tmp_path: Path) -> None:
    """Of every kind of task, with embedded numbers and experts; of a transform that ONNX has none for."""
    onnxruntime = pytest.importorskip("onnxruntime")
    tasks = {**TINY_TASKS, "cost": {"kind": "regression", "transform": "quantile"}}
    dataset, trial = tiny_dataset(160, tasks=tasks), {"sharing": {"name": "ple"}, "copies": 2}
    folder = tiny_bundle(tmp_path / "model", dataset, numeric=("ple", "plr"), trial=trial, seeds=(3,))
    model = Predictor.load(folder)
    write_onnx(model, tmp_path)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    assert [one.name for one in session.get_outputs()] == sorted(TINY_TASKS)
    for rows in (1, 11):
        inputs = model.reading.encode(model.reading.prepare(TABLE.slice(0, rows)))
        found = session.run(None, {kind: values.numpy() for kind, values in inputs.items()})
        frame = model.predict(TABLE.slice(0, rows))
        np.testing.assert_allclose(found[0], frame["cost"], rtol=1e-5)
        np.testing.assert_allclose(found[1], frame["ill_probability"], rtol=1e-5)


def test_the_program_of_torch_says_the_same_and_holds_no_pickle(tmp_path: Path) -> None:
    model = Predictor.load(
        tiny_bundle(tmp_path / "model", trial={"sharing": {"name": "cross_stitch"}, "copies": 2})
    )
    write_torch_export(model, tmp_path)
    inputs = model.reading.encode(model.reading.prepare(TABLE))
    found = torch.export.load(tmp_path / "model.pt2").module()(inputs["numeric"], inputs["categorical"])
    np.testing.assert_allclose(found[0].detach(), model.predict(TABLE)["cost"], rtol=1e-5)
    with zipfile.ZipFile(tmp_path / "model.pt2") as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    assert not [name for name, content in contents.items() if content.startswith((b"\x80\x02", b"PK"))]


def test_a_program_that_says_something_else_is_refused(
    model: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "CLOSE", -1.0)
    with pytest.raises(BundleError, match=r"model.pt2: expected a program with the outputs of the bundle"):
        write_torch_export(model, tmp_path)


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find_spec", {"onnx": 1, "onnxscript": 1}.get)
    with pytest.raises(BundleError, match=r"--onnx: expected the package onnxruntime, .*\[onnx\]"):
        needed_for_onnx()


def test_the_card_says_how_rows_are_encoded(
    model: Predictor, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, code, *_ = words(model.description, True, False)
    monkeypatch.chdir(folder)
    named: dict[str, Any] = {"row": {}}
    exec(code.removeprefix("```python\n").removesuffix("```").rpartition("\n\n\n")[0], named)
    table = TABLE.set_column(4, "code", pa.array(["x", "unseen", None] + ["y"] * 8))
    inputs = model.reading.encode(model.reading.prepare(table))
    for at, row in enumerate(table.to_pylist()):
        numbers, codes = named["encode"](row)
        np.testing.assert_allclose(numbers[0], inputs["numeric"][at], rtol=1e-6, atol=1e-7)
        assert codes[0].tolist() == inputs["categorical"][at].tolist()
