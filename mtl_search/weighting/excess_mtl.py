"""ExcessMTL (He et al. 2024)."""

from typing import TYPE_CHECKING, Literal, final

import torch
from pydantic import NonNegativeInt, PositiveFloat
from typing_extensions import override

from mtl_search.weighting.aggregator import RememberingOptions

if TYPE_CHECKING:
    from torchjd.aggregation import ExcessMTL


@final
class ExcessMtlConfig(RememberingOptions):
    """Tasks farther from convergence weigh more, judged by their gradients (He et al. 2024).

    Weights stay equal for the first ``n_warmup_steps`` batches. A value is remembered for each member and
    shared parameter.
    """

    name: Literal["excess_mtl"] = "excess_mtl"
    robust_step_size: PositiveFloat = 1.0
    n_warmup_steps: NonNegativeInt = 0

    @override
    def aggregator(self, members: tuple[str, ...], device: torch.device) -> "ExcessMTL":
        from torchjd.aggregation import ExcessMTL

        return ExcessMTL(self.robust_step_size, self.n_warmup_steps)
