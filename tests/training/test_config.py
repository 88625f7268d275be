"""TrialConfig: what is refused, its normal form, and the identity that duplicates are found by."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from mtl_search.model import HardSharing
from mtl_search.training import TrialConfig

MakeConfig = Callable[..., TrialConfig]


def test_members_are_sorted(make_config: MakeConfig) -> None:
    config = make_config("ill", "cost", members=("ill", "cost"))
    assert config.members == ("cost", "ill")


def test_sharing_is_text_or_value(make_config: MakeConfig) -> None:
    text = "cost ill / cost | ill"
    assert make_config("cost", "ill", sharing=text).sharing == HardSharing.model_validate(text)
    assert json.loads(make_config("cost", "ill", sharing=text).model_dump_json())["sharing"] == text


def test_json_round_trip(make_config: MakeConfig) -> None:
    config = make_config(
        weighting={"name": "fixed", "weights": {"cost": 0.5, "ill": 1.5, "stage": 1.0}},
        schedule={"name": "one_cycle", "warmup": 0.2},
        clip_norm=1.5,
        patience=2,
    )
    assert TrialConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"members": ()}, "at least 1"),
        ({"members": ("cost", "cost", "ill")}, "each member once"),
        ({"members": ("cost", "ill")}, "branching of the members"),
        ({"sharing": "cost ill stage"}, "a branching of 2 stages"),
        ({"sharing": "cost | ill / cost"}, "branching"),
        ({"sharing": 3}, "sharing"),
        ({"trunk": {"name": "mlp", "stages": 3}}, "a branching of 3 stages"),
        ({"trunk": {"name": "mpl", "stages": 2}}, "mpl"),
        ({"weighting": {"name": "nope"}}, "nope"),
        ({"optimizer": {"name": "adamw", "lr": 0}}, "greater than 0"),
        ({"batch_size": 0}, "greater than 0"),
        ({"epochs": 0}, "greater than 0"),
        ({"epochs": "30"}, "valid integer"),
        ({"epochs": 3.0}, "valid integer"),
        ({"epochs": True}, "valid integer"),
        ({"patience": 0}, "greater than 0"),
        ({"clip_norm": -1.0}, "greater than 0"),
        ({"clip_norm": float("inf")}, "finite"),
        ({"precision": "float16"}, "float32"),
        ({"device": "cuda"}, "Extra inputs"),
    ],
    ids=str,
)
def test_what_cannot_be_trained_is_refused(
    make_config: MakeConfig, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        make_config(**change)
    assert said in str(refused.value)


def test_equal_configs_have_one_identity(make_config: MakeConfig) -> None:
    assert make_config("cost", "ill").identity("data") == make_config("ill", "cost").identity("data")


def test_identity_is_the_same_in_another_process(make_config: MakeConfig) -> None:
    # a resume compares with what an earlier process recorded: nothing may hang on hash randomisation
    config = make_config("cost", "ill", weighting={"name": "fixed", "weights": {"ill": 0.5, "cost": 1.5}})
    script = (
        "import sys\nfrom mtl_search.training import TrialConfig\n"
        "print(TrialConfig.model_validate_json(sys.stdin.read()).identity('data'))"
    )
    other = subprocess.run(
        [sys.executable, "-c", script],
        input=config.model_dump_json(),
        env={"PYTHONHASHSEED": "123"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.strip() == config.identity("data")


def test_order_of_the_weights_is_no_part_of_identity(make_config: MakeConfig) -> None:
    one, other = (
        make_config("cost", "ill", weighting={"name": "fixed", "weights": weights})
        for weights in ({"cost": 0.5, "ill": 1.5}, {"ill": 1.5, "cost": 0.5})
    )
    assert one.identity("data") == other.identity("data")


def test_everything_that_can_change_the_result_changes_identity(make_config: MakeConfig) -> None:
    config = make_config("cost", "ill")
    changes: list[dict[str, Any]] = [
        {"sharing": "cost ill / cost ill"},
        {"trunk": {"name": "mlp", "stages": 2, "width": 9}},
        {"trunk": {"name": "resnet", "stages": 2, "width": 8}},
        {"weighting": {"name": "uncertainty"}},
        {"optimizer": {"name": "adamw", "lr": 0.02}},
        {"optimizer": {"name": "sgd", "lr": 0.01}},
        {"schedule": {"name": "constant"}},
        {"clip_norm": 1.0},
        {"batch_size": 64},
        {"epochs": 4},
        {"patience": 2},
        {"precision": "bfloat16"},
    ]
    found = {config.identity("data"), config.identity("other data"), make_config("cost").identity("data")}
    found |= {make_config("cost", "ill", **change).identity("data") for change in changes}
    assert len(found) == 3 + len(changes)


def test_what_auto_became_is_part_of_what_a_configuration_is() -> None:
    config = TrialConfig.model_validate(
        {"members": ["a"], "sharing": "a", "trunk": {"name": "mlp", "stages": 1, "width": 4}}
    )
    on_cpu, on_gpu = config.on(False), config.on(True)
    assert (on_cpu.precision, on_gpu.precision) == ("float32", "bfloat16")
    assert len({one.identity("data") for one in (config, on_cpu, on_gpu)}) == 3
    asked_for = config.model_copy(update={"precision": "float32"})
    assert asked_for.on(True) is asked_for
    assert on_cpu.identity("data") == asked_for.identity("data")
