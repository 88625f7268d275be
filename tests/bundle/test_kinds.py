"""Bundles on images, texts and series: from the same columns, for labels of rows, pixels and tokens."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from mtl_search.bundle import Predictor, TrainedNetwork, predictor
from mtl_search.bundle.evaluating import evaluate
from mtl_search.bundle.predicting import predict_table
from mtl_search.bundle.programs import write_onnx
from mtl_search.bundle.showing import show_rows
from mtl_search.data import Dataset
from mtl_search.errors import DataError
from mtl_search.exporting.program_words import programs
from tests.fixtures.data import task_configs
from tests.fixtures.rich import TASKS, Kind, rich_bundle, rich_dataset, rich_table

KINDS: tuple[Kind, ...] = ("image", "text", "series")


@pytest.fixture(scope="module")
def datasets() -> Mapping[Kind, Dataset]:
    return {kind: rich_dataset(kind) for kind in KINDS}


@pytest.fixture(scope="module")
def models(datasets: Mapping[Kind, Dataset], tmp_path_factory: pytest.TempPathFactory) -> Mapping[Kind, Path]:
    folder = tmp_path_factory.mktemp("models")
    return {kind: rich_bundle(folder / kind, kind, datasets[kind]) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_predicted_one_by_one_as_together(kind: Kind, models: Mapping[Kind, Path]) -> None:
    """Also the last one, which has no input; from a frame as from a table."""
    model, table = Predictor.load(models[kind]), rich_table(kind, 7, seed=3)
    whole = model.predict(table, as_="arrow")
    assert set(TASKS[kind]) <= set(whole.column_names) == set(model.columns)
    for at in (0, 6):
        alone = model.predict(table.slice(at, 1), as_="arrow")
        for name in whole.column_names:
            said, together = alone[name].to_pylist()[0], whole[name].to_pylist()[at]
            assert said == pytest.approx(together, rel=1e-4) if isinstance(said, float) else True
            assert isinstance(said, float | list) or said == together
    frame = model.predict(table.to_pandas())
    assert [list(np.ravel(row)) for row in frame.iloc[:, 0]] == [
        list(np.ravel(row)) for row in whole.column(0).to_pylist()
    ]


def test_labels_of_parts_of_a_row_are_lists_of_as_many(models: Mapping[Kind, Path]) -> None:
    table = rich_table("image", 5)
    said = Predictor.load(models["image"]).predict(table, as_="arrow")
    assert pa.types.is_fixed_size_list(said["mask"].type)
    assert {len(mask) for mask in said["mask"].to_pylist()} == {64}
    assert {value for mask in said["mask"].to_pylist() for value in mask} <= {0, 1, 2}
    table = rich_table("text", 5)
    said = Predictor.load(models["text"]).predict(table, as_="arrow")
    lengths = [len(text) for text in table["words"].to_pylist()[:-1]]
    assert [len(tags) for tags in said["tags"].to_pylist()[:-1]] == lengths


@pytest.mark.parametrize(
    ("kind", "column", "over"), [("image", "mask", "picture"), ("text", "tags", "words")]
)
def test_an_evaluation_refuses_labels_of_another_extent(
    kind: Kind, column: str, over: str, models: Mapping[Kind, Path]
) -> None:
    table = rich_table(kind, 12, seed=3)
    labels = table[column].to_pylist()
    labels[2] = [[0] * 8] * 7 if kind == "image" else labels[2][:-1]
    if kind == "image":
        labels = [None, None, labels[2], *[None] * 9]
    table = table.set_column(table.column_names.index(column), column, pa.array(labels))
    message = rf"column '{column}': expected labels as long as '{over}' is in each row .*, found .* in 1 row"
    with pytest.raises(DataError, match=message):
        evaluate(Predictor.load(models[kind]), table, bootstrap=0)


@pytest.mark.parametrize("kind", ["image", "text"])
def test_an_evaluation_in_small_batches_is_that_of_all_rows_at_once(
    kind: Kind, models: Mapping[Kind, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, table = Predictor.load(models[kind]), rich_table(kind, 12, seed=3)
    inputs = model.reading.encode(model.reading.prepare(table))
    monkeypatch.setattr(predictor, "MEMORY", 1)
    assert model.most == 1
    found = {one.task: one for one in evaluate(model, table, bootstrap=3).tasks}
    outputs = model.outputs(inputs)
    for name, task in model.tasks.items():
        if task.level == "row":
            continue
        columns = [table[name] for name in model.description.options[name].source_columns(name)]
        targets, labelled = task.encode(columns)
        together = task.combine(torch.stack(outputs[name], dim=1))[labelled]
        for metric, value in task.evaluate(together, targets[labelled]).items():
            assert found[name].metrics[metric].value == pytest.approx(value, nan_ok=True)
        default = found[name].metrics[found[name].default]
        assert default.low <= default.value <= default.high
        assert (found[name].rows, found[name].missing) == (11, 1)


def test_a_table_is_predicted_into_files_that_hold_lists(models: Mapping[Kind, Path], tmp_path: Path) -> None:
    model, source = Predictor.load(models["text"]), tmp_path / "new.parquet"
    pq.write_table(rich_table("text", 9, seed=4), source)
    counts = predict_table(model, str(source), tmp_path / "out.parquet", batch=4)
    assert pq.read_table(tmp_path / "out.parquet").num_rows == counts.rows == 9
    assert "column 'words' has no text in 1 of 9 rows" in counts.notes
    with pytest.raises(DataError, match=r"out.csv: expected a file that can hold lists, for a label at each"):
        predict_table(model, str(source), tmp_path / "out.csv")


@pytest.mark.parametrize(
    ("kind", "column", "message"),
    [
        ("image", pa.array([0.5]), "column 'picture': expected image, as in training \\(8 x 8 grey\\)"),
        ("text", pa.array([7]), "column 'words': expected text, as in training \\(\\d+ words, at most"),
        ("series", pa.array(["a"]), "column 'frames': expected series, as in training \\(3 numbers a step"),
    ],
)
def test_columns_of_another_kind_are_refused(
    kind: Kind, column: pa.Array, message: str, models: Mapping[Kind, Path]
) -> None:
    model = Predictor.load(models[kind])
    with pytest.raises(DataError, match=message):
        model.predict(pa.table({model.reading.inputs.columns[0]: column}))


def test_a_program_says_the_same_and_the_card_names_what_goes_in(
    datasets: Mapping[Kind, Dataset], tmp_path: Path
) -> None:
    """It is checked as it is written: on texts of every length, of one row and of many."""
    pytest.importorskip("onnxruntime")
    model = Predictor.load(rich_bundle(tmp_path / "model", "text", datasets["text"], seeds=(3,)))
    write_onnx(model, tmp_path)
    words = "\n".join(programs(model.description, True, False))
    assert all(f"`{name}`" in words for name in model.reading.inputs.shape.example())


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shown_of_test_rows(
    kind: Kind, datasets: Mapping[Kind, Dataset], models: Mapping[Kind, Path]
) -> None:
    dataset = datasets[kind]
    networks = [TrainedNetwork.load(path) for path in sorted((models[kind] / "networks").iterdir())]
    trained = dict.fromkeys(TASKS[kind], networks)
    shown = show_rows(dataset, task_configs(TASKS[kind]), trained, "0123abcd")
    assert {one.example for one in shown} == set(range(1, 7))
    assert {one.name for one in shown if one.is_task} == set(TASKS[kind])
    assert all(
        (picture or b"\x89PNG").startswith(b"\x89PNG")
        for one in shown
        for picture in (one.picture, one.predicted_picture)
    )
    by_name = {one.name: one for one in shown if one.example == 1}
    assert by_name[next(iter(TASKS[kind]))].value in ("true", "false")
    if kind == "image":
        assert by_name["mask"].over == "picture"
        assert sorted(name or "clear" for name in by_name["mask"].classes or ()) != sorted("012")
        assert by_name["depth"].predicted_picture
    if kind == "text":
        tags, words = by_name["tags"], by_name["words"]
        assert len(tags.parts or ()) == len(tags.predicted_parts or ()) == len(words.parts or ()) > 0
    assert dataset.without_test().to_show is None


def test_the_description_is_json_and_the_folder_has_no_pickle(models: Mapping[Kind, Path]) -> None:
    for folder in models.values():
        json.loads((folder / "model.json").read_text(encoding="utf-8"))
        endings = {path.suffix for path in folder.rglob("*") if path.is_file()}
        assert endings <= {".json", ".md", ".safetensors"}
