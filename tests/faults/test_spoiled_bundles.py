"""Bundles that somebody has changed, hashes and all: they work, or are refused in words."""

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.bundle import Predictor
from mtl_search.bundle.description import hashes
from mtl_search.bundle.evaluating import evaluate
from mtl_search.errors import UserError
from tests.fixtures.bundles import tiny_bundle
from tests.fixtures.data import tiny_table
from tests.fixtures.rich import Kind, rich_bundle, rich_dataset, rich_table
from tests.fixtures.spoiled import bounded, few, snapshot, spoiled_bytes, spoiled_text, spoiled_value

KINDS: tuple[Kind, ...] = ("image", "text", "series")
TABLES: dict[str, pa.Table] = {
    "table": tiny_table(12, seed=5, missing=0.3),
    **{kind: rich_table(kind, 7, seed=3) for kind in KINDS},
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("bundles"))


def prepare(folder: Path) -> Path:
    """Bundles of all kinds of inputs and tasks, each by the name of its table."""
    tiny_bundle(folder / "table", seeds=(3,))
    for kind in KINDS:
        rich_bundle(folder / kind, kind, rich_dataset(kind), seeds=(3,))
    return folder


def vouch(bundle: Path) -> None:
    """Make the hashes those of the files."""
    model = bundle / "model.json"
    model.write_text(json.dumps({**json.loads(model.read_text()), "files": hashes(bundle)}))


@given(data=st.data())
@few(30)
def test_they_work_or_are_refused(whole: Path, tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    place = tmp_path_factory.mktemp("spoiled")
    spoil_and_use(whole, place, data)
    shutil.rmtree(place)


def spoil_and_use(whole: Path, place: Path, data: Any) -> None:
    kind = data.draw(st.sampled_from(sorted(TABLES)))
    bundle = shutil.copytree(whole / kind, place / "model")
    data.draw(st.sampled_from((spoil_a_file, spoil_a_value, spoil_what_all_agree_on)))(bundle, data)
    before = snapshot(place)
    with bounded(), suppress(UserError):
        model = Predictor.load(bundle)
        model.predict(TABLES[kind])
        evaluate(model, TABLES[kind], bootstrap=0)
    assert snapshot(place) == before


def spoil_a_file(bundle: Path, data: Any) -> None:
    path = data.draw(st.sampled_from(sorted(one for one in bundle.rglob("*") if one.is_file())))
    if path.suffix == ".json":
        path.write_text(data.draw(spoiled_text(path.read_text())))
    else:
        path.write_bytes(data.draw(spoiled_bytes(path.read_bytes())))
    if path.name != "model.json":
        vouch(bundle)


def spoil_a_value(bundle: Path, data: Any) -> None:
    path = data.draw(st.sampled_from(sorted(bundle.rglob("*.json"))))
    path.write_text(json.dumps(data.draw(spoiled_value(json.loads(path.read_text()), raw=()))))
    if path.name != "model.json":
        vouch(bundle)


def spoil_what_all_agree_on(bundle: Path, data: Any) -> None:
    """The encoding, or a task, of the bundle and of all its networks."""
    model = json.loads((bundle / "model.json").read_text())
    networks = {path: json.loads(path.read_text()) for path in bundle.glob("networks/*/*.json")}
    if data.draw(st.booleans()):
        spoiled = data.draw(spoiled_value(model["inputs"], raw=()))
        for one in (model, *networks.values()):
            one["inputs"] = spoiled
    else:
        old = data.draw(st.sampled_from(model["tasks"]))
        spoiled = data.draw(spoiled_value(old, raw=()))
        for one in (model, *networks.values()):
            one["tasks"] = [spoiled if task["name"] == old["name"] else task for task in one["tasks"]]
    for path, one in {bundle / "model.json": model, **networks}.items():
        path.write_text(json.dumps(one))
    vouch(bundle)
