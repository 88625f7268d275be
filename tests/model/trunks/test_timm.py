"""Backbones of timm: the real package where it is installed, and a tiny one of the same form everywhere."""

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtl_search.data.shapes import ImageShape, InputShape
from mtl_search.errors import Mismatch
from mtl_search.features import MapSpec, VectorSpec
from mtl_search.model import ImageConfig, TimmConfig
from mtl_search.model.trunks import timm as timm_trunk
from mtl_search.testing.trunk_suite import TrunkSuite


class Tiny(nn.ModuleDict):
    """As timm's FeatureListNet: modules in their order, and after which of them features are taken."""

    output_fmt = "NCHW"

    def __init__(self, channels: int) -> None:
        super().__init__(
            {
                "conv1": nn.Conv2d(channels, 6, 3, stride=2, padding=1, bias=False),
                "bn1": nn.BatchNorm2d(6),
                "act1": nn.ReLU(inplace=True),
                "layer1": nn.Sequential(nn.Conv2d(6, 8, 3, padding=1), nn.SiLU(inplace=True)),
                "pool": nn.AvgPool2d(2, ceil_mode=True),
                "layer2": nn.Conv2d(8, 10, 3, padding=1),
            }
        )
        self.return_layers = {"act1": "0", "layer1": "1", "layer2": "2"}

    def whole(self, x: Tensor) -> list[Tensor]:
        found = []
        for name, module in self.items():
            x = module(x)
            found += [x] if name in self.return_layers else []
        return found


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """A package of this name with one model; what it was asked for."""
    asked: list[dict[str, Any]] = []

    def create_model(name: str, *, features_only: bool, in_chans: int, **options: Any) -> nn.Module:
        assert features_only
        if name != "tiny":
            raise RuntimeError(f"Unknown model ({name})")
        asked.append(options)
        return Tiny(in_chans)

    package = ModuleType("timm")
    package.create_model = create_model  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "timm", package)
    timm_trunk._made.cache_clear()
    yield asked
    timm_trunk._made.cache_clear()


@pytest.mark.usefixtures("tiny")
class TestTimm(TrunkSuite):
    def trunk(self) -> TimmConfig:
        return TimmConfig(stages=3, model="tiny")

    def encoder(self) -> ImageConfig:
        return ImageConfig(width=0)

    def shape(self) -> InputShape:
        return InputShape(images=(ImageShape("scan", 1, 9, 8, means=(120.0,), scales=(70.0,)),))


@pytest.mark.usefixtures("tiny")
def test_the_stages_in_turn_are_the_backbone() -> None:
    trunk = TimmConfig(stages=3, model="tiny")
    specs = trunk.specs(MapSpec(1, 9, 8))
    assert specs[1:] == [MapSpec(6, 5, 4), MapSpec(8, 5, 4), MapSpec(10, 3, 2)]
    stages, whole = [trunk.build_stage(i, spec) for i, spec in enumerate(specs[:-1])], Tiny(1)
    modules = [module for stage in stages for module in stage.children()]
    for own, cut in zip(whole.values(), modules, strict=True):
        own.load_state_dict(cut.state_dict())
    x = torch.randn(4, 1, 9, 8)
    torch.testing.assert_close(nn.Sequential(*stages)(x), whole.whole(x)[-1])
    assert not any(getattr(module, "inplace", False) for stage in stages for module in stage.modules())


def test_lower_stages_stay_frozen_and_weights_come_from_a_file(tiny: list[dict[str, Any]]) -> None:
    trunk = TimmConfig(stages=3, model="tiny", frozen=1, weights="tiny.safetensors")
    specs = trunk.specs(MapSpec(3, 9, 8))
    assert tiny == [{}] * 3, "for the form nothing is read"
    learns = [
        {p.requires_grad for p in trunk.build_stage(i, spec).parameters()}
        for i, spec in enumerate(specs[:-1])
    ]
    assert learns == [{False}, {True}, {True}]
    assert tiny[-1] == {"pretrained": True, "pretrained_cfg_overlay": {"file": "tiny.safetensors"}}


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    ("options", "spec", "message"),
    [
        ({"model": "large"}, MapSpec(3, 9, 9), r"feature stages, found 'large': Unknown model \(large\)"),
        ({"model": "tiny", "stages": 4}, MapSpec(3, 9, 9), "at most 3 stages, those of tiny"),
        ({"model": "tiny"}, VectorSpec(3), "a map for the backbone tiny, as the encoder image makes"),
    ],
)
def test_what_cannot_be_is_refused(options: Any, spec: Any, message: str) -> None:
    with pytest.raises(Mismatch, match=message):
        TimmConfig(**options).specs(spec)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(Mismatch, match=r"the package timm, found .*; pip install 'mtl_search\[timm\]'"):
        TimmConfig(model="resnet18").specs(MapSpec(3, 9, 9))


def test_a_backbone_of_the_real_package_is_cut() -> None:
    try:
        import timm  # noqa: F401
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"timm cannot be imported here: {error}")
    specs = TimmConfig(stages=4, model="resnet10t").specs(MapSpec(1, 64, 64))
    assert [spec.shape[1] for spec in specs] == [64, 32, 16, 8, 4]
