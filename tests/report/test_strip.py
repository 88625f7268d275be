"""A few test rows on the page, escaped; and under drawings what stages make of images and sequences."""

import io
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mtl_search.bundle.pictures import LARGEST, heat_png, image_png, mask_png, series_png
from mtl_search.design import Branching
from mtl_search.leaderboard import Leaderboard, Shown, StageFeatures, class_colours, example_rows, stage_rows
from mtl_search.report import write_report
from mtl_search.report.drawings import STAGE
from mtl_search.report.features import features_of
from mtl_search.report.strip import strip
from mtl_search.report.tables import Tables
from mtl_search.report.trees import draw_network

HOSTILE = "<script>alert(1)</script>"
PNG = mask_png(np.array([[0, 1], [2, 255]]), 3, clear=0)


@pytest.fixture(scope="module")
def shown(sweep: Path, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """A sweep with examples of every kind, on which networks read sequences."""
    board = Leaderboard(shutil.copytree(sweep, tmp_path_factory.mktemp("shown") / "sweep"))
    chosen = next(one for one in board.design_records() if one.chosen)
    made = [("sequence", (128, 16)), ("sequence", (64, 32)), ("vector", (48,))]
    board.write(
        "stages",
        stage_rows(
            [
                StageFeatures(config, at, *one)
                for config in set(board.trials()["config_id"].to_pylist())
                for at, one in enumerate(made)
            ]
        ),
    )

    def row(name: str, kind: str, is_task: bool = False, **what: object) -> Shown:
        return replace(Shown(chosen.design_id, 1, is_task, name, kind), **what)  # type: ignore[arg-type]

    rows = [
        row("words", "text", parts=(HOSTILE, "runs", "…")),
        row("title", "text", value=HOSTILE),
        row("picture", "image", picture=PNG),
        row("age", "numeric", value="7"),
        row("tags", "tagging", True, over="words", parts=("A", "B", "…"), predicted_parts=("A", "C", "…")),
        row("steps", "tagging", True, over="frames", predicted_parts=("on", "on", "off")),
        row("mask", "segmentation", True, over="picture", picture=PNG, predicted_picture=PNG,
            classes=(None, HOSTILE, "2")),
        row("kind", "multiclass", True, value="cat", predicted="cat (93%)"),
        row("size", "regression", True, value="3.5", predicted="3.4"),
        row("topic", "multiclass", True, predicted=HOSTILE),
    ]  # fmt: skip
    board.write("examples", example_rows([*rows, replace(rows[0], example=2)]))
    return Tables.read(board.path)


def test_a_row_has_all_that_is_known_of_it(shown: Tables) -> None:
    first, second = strip(shown).examples
    assert [one.name for one in first.seen] == ["title", "picture", "age"]
    assert first.tagging == ("tags", "steps")
    assert [part.text for part in first.parts] == [HOSTILE, "runs", "…"]
    assert [part.tags[0] for part in first.parts] == [("A", ""), ("C", "B"), ("…", "")]
    assert {one.task: one.right for one in first.judged} == {"kind": True, "size": None, "topic": None}
    (layer,) = first.layers
    assert [(colour.name, colour.code) for colour in layer.colours] == [
        (name, f"rgb{class_colours(3)[at]}") for at, name in ((1, HOSTILE), (2, "2"))
    ]
    assert layer.image.startswith("data:image/png;base64,")
    assert second.seen[0].words.startswith(HOSTILE)


def test_the_page_shows_them_escaped_and_needs_no_other_file(shown: Tables) -> None:
    text = write_report(shown.path).read_text(encoding="utf-8")
    assert "A few test rows" in text
    assert len(re.findall(r'<img[^>]* src="data:image/png;base64,', text)) == 5
    assert "alert(1)" in text
    assert HOSTILE not in text
    assert "128 steps" in text
    assert "of 16" in text


def test_rows_of_another_design_are_not_shown(shown: Tables) -> None:
    others = [{**row, "design_id": "another"} for row in shown.examples]
    assert strip(replace(shown, examples=others)) is None
    assert strip(replace(shown, examples=[])) is None


def test_a_drawing_says_what_stages_make() -> None:
    made = {
        "config_id": "a",
        "stage": [0, 1, 2],
        "makes": "map",
        "sizes": [[8, 32, 32], [16, 16, 16], [32, 8, 8]],
    }
    stages = pd.DataFrame(made)
    features, branching = features_of(stages, "a"), str(Branching.split(("age", "cost"), 2, 1))
    drawing = draw_network(branching, ["age", "cost"], ["age"], features)
    assert [name for _, name in drawing.stages] == ["encoder", "stage 1", "stage 2"]
    assert [one.lines for one in drawing.made] == [("8 × 32 × 32",), ("16 × 16 × 16",), ("32 × 8 × 8",)]
    sides = [max(part.width for part in one.parts) for one in drawing.made]
    assert sides == sorted(sides, reverse=True)
    assert [len(one.parts) for one in drawing.made] == sorted(len(one.parts) for one in drawing.made)
    assert all(part.y >= 0 and part.x >= 0 for one in drawing.made for part in one.parts)
    assert drawing.stages[1][0] - drawing.stages[0][0] > STAGE
    plain = draw_network(branching, ["age", "cost"], ["age"])
    assert not plain.made
    assert [name for _, name in plain.stages] == ["stage 1", "stage 2"]
    assert features_of(stages.assign(makes="vector"), "a") == {}


def test_pictures_are_small_and_say_what_they_are_of() -> None:
    image = Image.open(io.BytesIO(image_png(np.zeros((3, 500, 250), np.uint8))))
    assert image.mode == "RGB"
    assert max(image.size) <= LARGEST
    mask = Image.open(io.BytesIO(PNG))
    assert np.asarray(mask).tolist() == [[0, 1], [2, 3]]
    assert np.asarray(mask.convert("RGBA"))[..., 3].tolist() == [[0, 255], [255, 0]]
    series = np.asarray(Image.open(io.BytesIO(series_png(np.array([[0.0, 1.0], [2.0, 4.0]])))))
    assert series.tolist() == [[64, 255], [0, 128]]
    unknown = Image.open(io.BytesIO(heat_png(np.array([[np.nan, 1.0]]), 0.0, 1.0)))
    assert np.asarray(unknown).tolist() == [[[0, 0], [255, 255]]]


def test_a_sweep_of_tables_has_none(tables: Tables) -> None:
    assert strip(tables) is None
    assert tables.stages.empty
