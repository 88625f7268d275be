"""The reference of data and tasks names every option, and no other."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from mtl_search.data import DataSpec, SplitSpec
from mtl_search.tasks import (
    Binary,
    Multiclass,
    Multilabel,
    PixelRegression,
    Regression,
    Segmentation,
    Tagging,
    TaskOptions,
)
from tests.fixtures.data import task_configs

TEXT = (Path(__file__).parents[1] / "search_spaces" / "README.md").read_text(encoding="utf-8")
KINDS: dict[str, type[TaskOptions]] = {
    "binary": Binary.Config,
    "multiclass": Multiclass.Config,
    "multilabel": Multilabel.Config,
    "regression": Regression.Config,
    "segmentation": Segmentation.Config,
    "pixel_regression": PixelRegression.Config,
    "tagging": Tagging.Config,
}
SECTIONS: dict[str, type[BaseModel]] = {"data": DataSpec, "data.split": SplitSpec, **KINDS}
SHARED = {*TaskOptions.model_fields} - {"metric"}  # each kind has its own


def table(section: str) -> dict[str, tuple[str, str, str]]:
    """Type, default and meaning of each option in the first table of a section."""
    (part,) = re.findall(rf"^#+ {re.escape(section)}\n(.*?)(?=^#|\Z)", TEXT, re.M | re.S)
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) ?\| (.*?) \|$", part, re.M)
    return {name: (kind, default, meaning) for name, kind, default, meaning in rows}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_option_stands_in_its_table(section: str) -> None:
    shared = SHARED if section in KINDS else set()
    assert set(table(section)) == SECTIONS[section].model_fields.keys() - (shared - {"metric"})


def test_options_of_all_kinds_stand_in_one_table() -> None:
    assert set(table("tasks")) == SHARED
    for kind in KINDS:
        assert f"`{kind}`" in table("tasks")["kind"][0]


@pytest.mark.parametrize("section", KINDS)
def test_metrics_and_their_default_are_those_there_are(section: str) -> None:
    offered, default, _ = table(section)["metric"]
    field = SECTIONS[section].model_fields["metric"]
    assert set(re.findall(r"\w+", offered)) == set(re.findall(r"'(\w+)'", str(field.annotation)))
    assert default.strip("`") == field.default


def test_numbers_that_are_defaults_are_those_of_the_models() -> None:
    for section, model in SECTIONS.items():
        for name, (_, default, _) in table(section).items():
            value = getattr(SplitSpec(), f"{name}_fraction", model.model_fields[name].default)
            if isinstance(value, float | int) and not isinstance(value, bool):
                assert float(default) == value, f"{section}.{name}"


def test_the_example_is_read() -> None:
    block, *_ = re.findall(r"^```yaml\n(data:.*?)^```", TEXT, re.M | re.S)
    value = YAML(typ="safe").load(block)
    assert DataSpec.model_validate(value["data"]).split.key == ("patient", "visit")
    assert task_configs(value["tasks"])["late_cost"].metric == "pinball"
