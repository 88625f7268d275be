"""Backbones of the package timm, cut where it says that their features are taken."""

from functools import cache
from typing import Any, Literal, final

import torch
from pydantic import Field
from torch import nn
from typing_extensions import override

from mtl_search.errors import Mismatch
from mtl_search.features import FeatureSpec, MapSpec, example
from mtl_search.model.trunks.cnn import map_for
from mtl_search.model.trunks.trunk import Trunk

__all__ = ["TimmConfig"]


@final
class TimmConfig(Trunk):
    """The first ``stages`` feature stages of ``model``, such as ``resnet18`` or ``convnext_tiny``.

    They read pixels: the encoder is ``{name: image, width: 0}``. ``weights`` is a local file of trained ones
    (safetensors or PyTorch's); nothing is downloaded. ``frozen``: so many stages, the lower ones, stay what
    they are.

    Many backbones have batch normalisation: in training a row depends on its batch there, in evaluation it
    does not. Dropout is off, as timm has it.
    """

    name: Literal["timm"] = "timm"
    model: str = Field(min_length=1)
    weights: str | None = Field(default=None, min_length=1)
    frozen: int = Field(default=0, ge=0)

    @override
    def stage_out(self, index: int, spec: FeatureSpec) -> MapSpec:
        return _made(self.model, index, map_for(f"the backbone {self.model}", spec))

    @override
    def build_stage(self, index: int, spec: FeatureSpec) -> nn.Module:
        channels = map_for(f"the backbone {self.model}", spec).channels
        stage = _stages(self.model, channels if index == 0 else 3, self.weights)[index]
        return stage.requires_grad_(index >= self.frozen)


@cache
def _made(model: str, index: int, spec: MapSpec) -> MapSpec:
    with torch.device("meta"):
        stages = _stages(model, spec.channels if index == 0 else 3, None)
        if index >= len(stages):
            raise Mismatch(f"at most {len(stages)} stages, those of {model}", f"stage {index}, from 0 on")
        made = stages[index].eval()(example(spec))
    return MapSpec(*made.shape[1:])


def _stages(model: str, channels: int, weights: str | None) -> list[nn.Module]:
    """The modules of a backbone up to each of its features in turn."""
    stages, since = list[nn.Module](), list[nn.Module]()
    backbone = _backbone(model, channels, weights)
    for name, module in backbone.items():
        since.append(module)
        if name in backbone.return_layers:
            stages.append(nn.Sequential(*since))
            since = []
    for module in backbone.modules():
        if "inplace" in vars(module):  # other members may read the same features
            module.inplace = False
    return stages


def _backbone(model: str, channels: int, weights: str | None) -> Any:
    """timm's ``FeatureListNet``: the modules in their order, and which of them make features."""
    try:
        import timm
    except (ImportError, RuntimeError) as error:  # the latter from a torchvision that does not fit PyTorch
        hint = "pip install 'mtl_search[timm]', and a torchvision of PyTorch's own build"
        raise Mismatch("the package timm", str(error).strip().splitlines()[0], hint) from None
    trained = {} if weights is None else {"pretrained": True, "pretrained_cfg_overlay": {"file": weights}}
    try:
        backbone = timm.create_model(model, features_only=True, in_chans=channels, **trained)
    except (RuntimeError, ValueError, AssertionError, OSError) as error:
        found = f"{model!r}: {str(error).strip().splitlines()[0]}" if str(error).strip() else repr(model)
        raise Mismatch("a backbone of timm's that has feature stages", found) from None
    if not isinstance(backbone, nn.ModuleDict) or str(getattr(backbone, "output_fmt", "NCHW")) not in MAPS:
        raise Mismatch("a backbone that timm cuts into stages of maps", repr(model), "such as resnet18")
    return backbone


MAPS = ("NCHW", "Format.NCHW")
