"""Sweep files with anything in them: ``check`` shows what they would search, or says what is wrong."""

import io
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.cli import main
from mtl_search.space.yaml import load_document
from tests.fixtures.data import tiny_table
from tests.fixtures.spoiled import as_yaml, bounded, few, snapshot, spoiled_text, spoiled_value

SHIPPED = sorted((Path(__file__).parents[2] / "search_spaces").glob("*.yaml"))
OURS: dict[str, Any] = {
    "name": "tiny",
    "data": {
        "source": "tiny.parquet",
        "split": {"valid": 0.25, "test": 0.25, "seed": 0},
        "drop": ["patient"],
    },
    "tasks": {"cost": {"kind": "regression", "loss": "huber"}, "ill": "binary"},
    "objective": {"max_networks": 2},
    "constraints": {"n_params": 100000, "flops": 1000000},
    "budget": {"trials": 3, "reference_trials": 2, "repeats": 1, "finalists": 1, "seeds": 2},
    "references": {"linear": True, "trees": True},
    "resources": {"cpu": 1, "gpu": 0, "minutes": 1.5, "memory": "4GiB"},
    "sampler": {"name": "tpe", "grouping": "bayes", "seed": 1},
    "pruner": {"name": "asha", "min_epochs": 1, "reduction_factor": 3},
    "trial": {
        "members": {"subset": {"min": 1, "max": 2}},
        "sharing": {"one_of": [{"split": {"int": [1, 2]}}, {"name": "mmoe", "experts": {"int": [2, 3]}}]},
        "encoder": {"name": "table", "numeric": {"name": "ple", "bins": {"int": [2, 8]}}},
        "trunk": {
            "name": "mlp",
            "stages": {"int": [1, 3]},
            "width": {"categorical": [8, 16]},
            "dropout": 0.1,
        },
        "weighting": {"one_of": ["equal", {"name": "fixed", "weights": {"simplex": [0.1, 10]}}]},
        "optimizer": {"name": "adamw", "lr": {"float": [0.001, 0.1], "log": True}},
        "epochs": 2,
        "batch_size": 64,
    },
    "arms": {"wide": {"trunk": {"name": "mlp", "stages": 2, "width": 64}}},
}


def prepare(folder: Path) -> list[dict[str, Any]]:
    """A table, beside which the files are written; what these are made of."""
    pq.write_table(tiny_table(160, missing=0.05).drop_columns(["topics", "stage"]), folder / "tiny.parquet")
    shipped = [dict(load_document(path).data) for path in SHIPPED]
    return [{**OURS, "data": {**OURS["data"], "source": str(folder / "tiny.parquet")}}, *shipped]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return prepare(tmp_path_factory.mktemp("data"))


@given(data=st.data())
@few(25)
def test_they_are_shown_or_refused(
    whole: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    place = tmp_path_factory.mktemp("spoiled")
    spoil_and_use(whole, place, data)
    shutil.rmtree(place)


def spoil_and_use(whole: list[dict[str, Any]], place: Path, data: Any) -> None:
    value = data.draw(st.sampled_from((*[whole[0]] * len(whole), *whole)))
    text = as_yaml(data.draw(spoiled_value(value)))[1:-1]  # without the braces: a key would be one line
    if data.draw(st.integers(0, 4)) == 0:
        text = data.draw(spoiled_text(text))
    (place / "x.yaml").write_text("{" + text + "}", encoding="utf-8")
    before = snapshot(place)
    said = io.StringIO()
    with bounded(), redirect_stdout(said), redirect_stderr(said):
        code = main(["check", str(place / "x.yaml")])
    assert code in (0, 2), said.getvalue()
    assert len(said.getvalue()) < 100_000
    assert not {"\x1b", "\x07", "\x9b"} & set(said.getvalue())
    assert snapshot(place) == before
