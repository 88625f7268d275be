from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from torch import nn

from mtl_search.features import FeatureSpec
from mtl_search.model import MlpConfig, ResNetConfig, Trunk, TrunkConfig


class Holder(BaseModel):
    trunk: TrunkConfig


class Own(Trunk):
    """A user's trunk."""

    name: str = "own"
    bits: int = 2

    def stage_out(self, index: int, spec: FeatureSpec) -> FeatureSpec:
        return spec

    def build_stage(self, index: int, spec: FeatureSpec) -> nn.Module:
        return nn.Identity()


class Further(Own):
    """A user's trunk that builds on another one."""

    name: str = "further"
    widths: tuple[int, ...] = ()


class Kit:
    class Inner(Own):
        """One that stands in another class."""


def local_trunk() -> Trunk:
    class Local(Own):
        """One that nobody can import."""

    return Local()


@pytest.mark.parametrize("trunk", [MlpConfig(stages=2, width=9), ResNetConfig(blocks=2)])
def test_the_name_tells_trunks_apart(trunk: Any) -> None:
    held = Holder.model_validate({"trunk": trunk.model_dump()})
    assert held.trunk == trunk
    assert Holder.model_validate_json(held.model_dump_json()) == held


def test_a_users_trunk_is_taken_as_it_is_and_written_whole() -> None:
    trunk = Own(bits=5)
    held = Holder(trunk=trunk)
    assert held.trunk is trunk
    assert held.model_dump()["trunk"] == {"name": f"{__name__}:Own", "stages": 3, "bits": 5}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"name": "mpl"}, "'mlp', 'resnet'"),
        ({"width": 3}, "name"),
        ({"name": "mlp", "wdith": 3}, "Extra inputs"),
        ("mlp", "dictionary"),
    ],
)
def test_other_values_are_refused(value: Any, message: Any) -> None:
    with pytest.raises(ValidationError, match=message):
        Holder(trunk=value)


def test_a_trunk_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        MlpConfig().width = 3  # type: ignore[misc]


def test_a_trunk_without_its_parts_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Trunk(name="nothing")  # type: ignore[abstract]


@pytest.mark.parametrize(
    "trunk", [Own(bits=5), Further(stages=4, widths=(3, 2)), Further(name="mine"), Kit.Inner()]
)
def test_a_users_trunk_is_read_again(trunk: Any) -> None:
    text = Holder(trunk=trunk).model_dump_json()
    again = Holder.model_validate_json(text)
    assert type(again.trunk) is type(trunk)
    assert again.model_dump_json() == text
    assert Holder.model_validate(Holder(trunk=trunk).model_dump()) == again


def test_a_users_trunk_that_cannot_be_imported_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match=r"module:Class, found '.*local_trunk.<locals>.Local'"):
        Holder(trunk=local_trunk())
    trunk = Own()
    monkeypatch.setitem(globals(), "Own", Further)
    with pytest.raises(ValidationError, match="is another class"):
        Holder(trunk=trunk)


def test_a_users_trunk_that_is_written_out_is_checked() -> None:
    with pytest.raises(ValidationError, match="bits"):
        Holder.model_validate({"trunk": {"name": f"{__name__}:Own", "bits": "many"}})


@pytest.mark.parametrize("path", ["nowhere:Own", f"{__name__}:Nobody", f"{__name__}:Holder", ":", "abc:"])
def test_what_is_no_trunk_is_refused(path: Any) -> None:
    with pytest.raises(ValidationError, match="expected a trunk's module:Class, found"):
        Holder.model_validate({"trunk": {"name": path}})


def test_a_trunk_that_is_not_whole_is_refused() -> None:
    with pytest.raises(ValidationError, match="which lacks build_stage, stage_out"):
        Holder.model_validate({"trunk": {"name": "mtl_search.model.trunks.trunk:Trunk"}})
