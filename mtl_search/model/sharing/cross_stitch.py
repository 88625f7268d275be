"""Cross-stitch networks (Misra et al. 2016): a network for each member, mixed after each stage."""

# M members

from collections.abc import Sequence
from typing import Literal, final

import torch
from pydantic import Field
from torch import Tensor, nn
from typing_extensions import override

from mtl_search.features import Features, FeatureSpec, n_rows
from mtl_search.model.sharing.gating import mix
from mtl_search.model.sharing.sharing import Body, Gate, Members
from mtl_search.model.sharing.soft import SoftSharing
from mtl_search.model.trunks.trunk import Trunk

__all__ = ["CrossStitchConfig"]


@final
class CrossStitchConfig(SoftSharing):
    """Each member has a copy of the stages from ``start`` on; after each a stitch mixes what they make.

        h_m <- sum over n of alpha_mn f_n(h_n)

    ``own`` is alpha_mm at first, and the other members share the rest alike: with 1 they begin as networks of
    their own. The shares are learned and need not sum to 1. Departures from the paper: one alpha for all
    channels of a stage, so that it can be read as a share; more than two members; the copies begin at random
    rather than as trained networks; alphas learn at the rate of everything else, and weight decay draws them
    to where they began, not to 0.

    >>> print(CrossStitchConfig(own=0.8))
    cross_stitch(own=0.8)
    """

    name: Literal["cross_stitch"] = "cross_stitch"
    own: float = Field(default=0.9, gt=0.0, le=1.0)

    @override
    def build_soft(self, trunk: Trunk, spec: FeatureSpec, members: Members) -> Body:
        return CrossStitchBody(self, trunk, spec, members)

    @override
    def copies_after(self, n_members: int) -> int:
        return n_members

    @override
    def describe(self, member: str) -> str:
        return "own stages, stitched to the others'"


@final
class CrossStitchBody(Body):
    """A copy of the stages for each member, with a stitch after each of them."""

    def __init__(self, config: CrossStitchConfig, trunk: Trunk, spec: FeatureSpec, members: Members) -> None:
        super().__init__()
        specs = trunk.specs(spec)
        self.spec, self._members = specs[-1], members
        self.shared = nn.ModuleList(trunk.build_stage(stage, specs[stage]) for stage in range(config.start))
        self.levels = nn.ModuleList(
            _Level([trunk.build_stage(stage, specs[stage]) for _ in members], config.own)
            for stage in range(config.start, trunk.stages)
        )

    @override
    def forward(self, features: Features) -> dict[str, Features]:
        for stage in self.shared:
            features = stage(features)
        own: Sequence[Features] = [features] * len(self._members)
        for level in self.levels:
            own = level(own)
        return dict(zip(self._members, own, strict=True))

    @override
    def gates(self, features: Features) -> tuple[Gate, ...]:
        return tuple(
            Gate(name, number, self._members, alpha_M.detach().expand(n_rows(features), -1))
            for number, level in enumerate(self._levels())
            for name, alpha_M in zip(self._members, level.alpha_MM(), strict=True)
        )

    @override
    def parts(self) -> Sequence[tuple[Members, nn.Module]]:
        """All copies serve all members, by the stitch after them; the last stitches one member each."""
        *inner, last = levels = self._levels()
        parts: list[tuple[Members, nn.Module]] = [(self._members, stage) for stage in self.shared]
        parts += [(self._members, level.stitches) for level in inner]
        parts += [((name,), stitch) for name, stitch in zip(self._members, last.stitches, strict=True)]
        return [*parts, *((self._members, level.copies) for level in levels)]

    def _levels(self) -> list["_Level"]:
        return [level for level in self.levels if isinstance(level, _Level)]


@final
class _Level(nn.Module):
    """The copies of one stage and the stitches after them, both in the order of the members."""

    def __init__(self, copies: Sequence[nn.Module], own: float) -> None:
        super().__init__()
        self.copies = nn.ModuleList(copies)
        self.stitches = nn.ModuleList(_Stitch(member, len(copies), own) for member in range(len(copies)))

    def alpha_MM(self) -> Tensor:
        """What each member takes from each copy."""
        return torch.stack([stitch() for stitch in self.stitches])

    def forward(self, own: Sequence[Features]) -> Sequence[Features]:
        """What each member goes on with."""
        made = [copy(read) for copy, read in zip(self.copies, own, strict=True)]
        return mix(self.alpha_MM().expand(n_rows(made[0]), -1, -1), made)


@final
class _Stitch(nn.Module):
    """One member's row of alpha: where it begins, and what is learned on top of it."""

    initial_M: Tensor

    def __init__(self, member: int, n_members: int, own: float) -> None:
        super().__init__()
        initial_M = torch.full((n_members,), (1 - own) / (n_members - 1))
        initial_M[member] = own
        self.register_buffer("initial_M", initial_M, persistent=False)
        self.learned_M = nn.Parameter(torch.zeros(n_members))

    def forward(self) -> Tensor:
        """The alpha_M."""
        return self.initial_M + self.learned_M
