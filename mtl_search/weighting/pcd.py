"""Primary-constrained descent (Varam et al. 2026, PCD)."""

from typing import TYPE_CHECKING, Literal, final

import torch
from pydantic import Field, NonNegativeFloat
from typing_extensions import override

from mtl_search.errors import Mismatch
from mtl_search.weighting.aggregator import RememberingOptions, RememberingWeighting

if TYPE_CHECKING:
    from torchjd.aggregation import PCD


@final
class PcdConfig(RememberingOptions):
    """The gradient of ``primary``, changed only as far as every other task needs to progress too (PCD).

    Each gets at least the fraction ``tau`` of what a step along its own gradient would give. Gradients are
    compared by their size relative to a running mean square with decay ``beta`` (Varam et al. 2026).
    """

    name: Literal["pcd"] = "pcd"
    primary: str
    tau: float = Field(default=0.02, ge=0.0, le=1.0)
    beta: float = Field(default=0.999, ge=0.0, lt=1.0)
    eps: NonNegativeFloat = 1e-8

    @override
    def check(self, members: tuple[str, ...]) -> None:
        if self.primary not in members:
            raise Mismatch(f"one of {', '.join(members)}", self.primary, about="primary")

    @override
    def build(self, members: tuple[str, ...]) -> RememberingWeighting:
        self.check(members)
        primary_first = (self.primary, *(name for name in members if name != self.primary))
        return RememberingWeighting(primary_first, self.aggregator)

    @override
    def aggregator(self, members: tuple[str, ...], device: torch.device) -> "PCD":
        from torchjd.aggregation import PCD

        return PCD(self.tau, self.beta, self.eps)
