"""Impartial multi-task learning by gradients (Liu et al. 2021, IMTL-G)."""

from typing import TYPE_CHECKING, Literal, final

import torch
from typing_extensions import override

from mtl_search.weighting.aggregator import AggregatorOptions

if TYPE_CHECKING:
    from torchjd.aggregation import IMTLG


@final
class ImtlGConfig(AggregatorOptions):
    """The combination with the same projection on every gradient (Liu et al. 2021, IMTL-G)."""

    name: Literal["imtl_g"] = "imtl_g"

    @override
    def aggregator(self, present: tuple[str, ...], device: torch.device) -> "IMTLG":
        from torchjd.aggregation import IMTLG

        return IMTLG()
