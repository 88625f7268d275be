"""The geometric mean of the losses (Chennupati et al. 2019, GLS)."""

# T tasks with labels in the batch

from typing import Literal, final

import torch
from torch import Tensor
from typing_extensions import override

from mtl_search.weighting.scalarizer import Scalarize, ScalarizerOptions

SMALLEST_LOSS = 1e-8
"""Logarithms are taken of no less, as in TorchJD's FAMO."""


@final
class GeometricMeanConfig(ScalarizerOptions):
    """The geometric mean of the losses (Chennupati et al. 2019, GLS); a loss of zero weighs nothing."""

    name: Literal["geometric_mean"] = "geometric_mean"

    @override
    def scalarizer(self, present: tuple[str, ...], device: torch.device) -> Scalarize:
        return _geometric_mean


def _geometric_mean(losses_T: Tensor) -> Tensor:
    from torchjd.scalarization import GeometricMean

    mean: Tensor = GeometricMean()(losses_T.clamp(min=SMALLEST_LOSS))
    return mean
