"""The reference of the blocks beside data and tasks names every option with its default, and no other."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from mtl_search.data.inputs.image import ImageOptions
from mtl_search.data.inputs.series import SeriesOptions
from mtl_search.data.inputs.text import TextOptions
from mtl_search.model import (
    CnnConfig,
    Conv1dConfig,
    HuggingFaceConfig,
    HuggingFaceTrunkConfig,
    ImageConfig,
    MixedConfig,
    MlpConfig,
    ResNetConfig,
    SeriesConfig,
    TableConfig,
    TextConfig,
    TimmConfig,
    TransformerConfig,
)
from mtl_search.model.encoders.numbers import NumbersConfig
from mtl_search.model.sharing import Soft
from mtl_search.sweep.pruners import PrunerConfig
from mtl_search.sweep.samplers import SamplerConfig
from mtl_search.sweep.settings import Budget, Constraints, Objective, References, Resources, Settings
from mtl_search.training import TrialConfig
from mtl_search.training.augment import AugmentConfig
from mtl_search.training.optimizer import OptimizerConfig
from mtl_search.training.schedule import ScheduleConfig
from mtl_search.weighting import WeightingConfig

TEXT = (Path(__file__).parents[1] / "search_spaces" / "README.md").read_text(encoding="utf-8")


def union(annotation: object) -> tuple[type[BaseModel], ...]:
    """The models of a union that is told apart by name."""
    return get_args(get_args(annotation)[0])


BLOCKS: dict[str, Sequence[type[BaseModel]]] = {
    "budget": [Budget],
    "constraints": [Constraints],
    "references": [References],
    "resources": [Resources],
    "trial": [TrialConfig],
    "sampler": union(SamplerConfig),
    "pruner": union(PrunerConfig),
    "sharing": get_args(Soft),
    "text": [TextOptions],
    "image": [ImageOptions],
    "series": [SeriesOptions],
    "encoder": [TableConfig, ImageConfig, TextConfig, SeriesConfig, MixedConfig],
    "numeric": union(NumbersConfig),
    "trunk": [MlpConfig, ResNetConfig, CnnConfig, TransformerConfig, Conv1dConfig],
    "huggingface encoder": [HuggingFaceConfig],
    "huggingface trunk": [HuggingFaceTrunkConfig],
    "timm trunk": [TimmConfig],
    "augment": [AugmentConfig],
    "optimizer": union(OptimizerConfig),
    "schedule": union(ScheduleConfig),
}
OPTIONAL_IN_A_SWEEP = {"members", "sharing"}  # of the trial: all subsets and all split points
TO_BE_SAID = {
    ("trunk", "name"),
    ("trunk", "stages"),
    ("huggingface trunk", "stages"),
    ("timm trunk", "stages"),
}


def section(title: str) -> str:
    """What stands under a heading, up to the next one."""
    found: list[str] = re.findall(rf"^##+ {title}\n(.*?)(?=^#|\Z)", TEXT, re.M | re.S)
    return found[-1]


def table(title: str) -> dict[str, tuple[str, str, str]]:
    """Type, default and meaning of each option."""
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) ?\| (.*?) \|$", section(title), re.M)
    return {name: (kind, default, meaning) for name, kind, default, meaning in rows}


def written(value: object) -> str:
    """A default as the reference writes it."""
    if value is None or value == AugmentConfig():
        return "none"
    if isinstance(value, tuple):
        return ", ".join(map(written, value))
    if isinstance(value, bool):
        return f"`{value}`".lower()
    return f"{value:g}" if isinstance(value, int | float) else f"`{getattr(value, 'name', value)}`"


def name_of(model: type[BaseModel]) -> str:
    """What a model of a union is told apart by."""
    return str(model.model_fields["name"].default)


def test_every_block_has_its_section() -> None:
    titles = re.findall(r"^## (\w+)$", TEXT, re.M)
    assert set(titles) == {*Settings.model_fields, "trial", "arms"} - {"name"}


@pytest.mark.parametrize("title", BLOCKS)
def test_every_option_stands_in_its_table(title: str) -> None:
    assert set(table(title)) == {name for model in BLOCKS[title] for name in model.model_fields}


@pytest.mark.parametrize("title", BLOCKS)
def test_defaults_are_those_of_the_models(title: str) -> None:
    for name, (_, default, _) in table(title).items():
        if name == "name" or name in OPTIONAL_IN_A_SWEEP or (title, name) in TO_BE_SAID:
            continue
        usual, *others = default.split("; ")
        special = dict(re.findall(r"`(\w+)` (.+)", other)[0] for other in others)
        for model in BLOCKS[title]:
            if name in model.model_fields:
                field = model.model_fields[name]
                says = special.get(name_of(model), usual) if special else usual
                assert says == ("" if field.is_required() else written(field.default)), f"{title}.{name}"


@pytest.mark.parametrize("title", [title for title, models in BLOCKS.items() if len(models) > 1])
def test_options_of_some_alternatives_say_of_which(title: str) -> None:
    models = BLOCKS[title]
    names = set(map(name_of, models))
    assert set(re.findall(r"`(\w+)`", table(title)["name"][0])) == names
    for name, (_, _, meaning) in table(title).items():
        those = {name_of(model) for model in models if name in model.model_fields}
        said = set(re.findall(r"`(\w+)`", meaning.split(": ")[0])) & names if ": " in meaning else set()
        assert said == (those if those != names else set()), name


def test_words_that_an_option_may_be_are_those_of_the_models() -> None:
    for title, models in BLOCKS.items():
        for name, (kind, _, _) in table(title).items():
            fields = [model.model_fields[name] for model in models if name in model.model_fields]
            literals = [re.findall(r"Literal\[(.*?)\]", str(field.annotation)) for field in fields]
            words = {word for texts in literals for text in texts for word in re.findall(r"'(\w+)'", text)}
            if name != "name" and words:
                assert set(re.findall(r"`(\w+)`", kind)) == words, f"{title}.{name}"


def test_a_design_is_limited_by_either() -> None:
    assert set(table("objective")) == set(Objective.model_fields)
    default = Settings.model_fields["objective"].default
    for name, (_, says, _) in table("objective").items():
        assert says == written(getattr(default, name))


def test_weightings_have_these_options_with_these_defaults() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) ?\| .+ \|$", section("weighting"), re.M)
    expected = {}
    for model in union(WeightingConfig):
        options = {name: field for name, field in model.model_fields.items() if name != "name"}
        expected[name_of(model)] = ", ".join(
            f"`{name}`" if field.is_required() else f"`{name}` {written(field.default).strip('`')}"
            for name, field in options.items()
        )
    assert dict(rows) == expected
