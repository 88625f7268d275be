"""A trunk of which some networks raise an error or turn out NaN, for `benchmarks.soak`."""

from typing import final

import torch
from torch import Tensor, nn
from typing_extensions import override

from mtl_search.features import FeatureSpec, VectorSpec, what_reads, width_for
from mtl_search.model import Trunk

__all__ = ["FAILS", "Unsteady"]

FAILS = 0.01  # of all networks, for each of both reasons


class Unsteady(Trunk):
    """Linear layers and SiLUs. ``luck``, which is drawn with the hyperparameters, says what goes wrong."""

    stages: int = 2
    width: int = 8
    luck: float = 1.0

    def stage_out(self, index: int, spec: FeatureSpec) -> FeatureSpec:
        """A vector."""
        width_for("an unsteady trunk", spec, what_reads(spec))
        return VectorSpec(self.width)

    def build_stage(self, index: int, spec: FeatureSpec) -> nn.Module:
        """A layer and what may go wrong behind it."""
        linear = nn.Linear(width_for("an unsteady trunk", spec), self.width)
        return nn.Sequential(linear, nn.SiLU(), _Fails(self.luck))


@final
class _Fails(nn.Module):
    """Passes features on in training, unless luck is out."""

    def __init__(self, luck: float) -> None:
        super().__init__()
        self.luck = luck

    @override
    def forward(self, features_BW: Tensor) -> Tensor:
        if not self.training or features_BW.device.type == "meta" or self.luck >= 2 * FAILS:
            return features_BW
        if self.luck < FAILS:
            raise RuntimeError("out of luck")
        return features_BW * torch.nan
