"""Levels of shared and task experts with their gates: the body of ``mmoe``, ``cgc`` and ``ple``."""

# B rows, S shared experts, T experts of each member, E experts that a gate sees, M members; X: the features
# that an expert makes, whatever their axes

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import final

import torch
from torch import Tensor, nn
from typing_extensions import override

from mtl_search.features import Features, FeatureSpec
from mtl_search.model.sharing.gating import Gating, mix
from mtl_search.model.sharing.sharing import Body, Gate, Members
from mtl_search.model.sharing.soft import chain
from mtl_search.model.trunks.trunk import Trunk

__all__ = ["Experts", "ExtractionBody"]


@dataclass(frozen=True, slots=True)
class Experts:
    """How many experts a level has, and the options of its gates."""

    shared: int
    own: int
    temperature: float
    dropout: float

    def names(self, member: str) -> tuple[str, ...]:
        """Those that a member's gate sees, for people."""
        shared = [f"shared {number}" for number in range(1, self.shared + 1)]
        return (*shared, *(f"{member} {number}" for number in range(1, self.own + 1)))


@final
class ExtractionBody(Body):
    """``cuts`` are the stages at which a level begins, and the number of stages at the end.

    With s the shared and h_m the member's features, s = h_m where the first level begins, each level makes

        h_m <- sum over e in shared and own of gate_m(h_m)_e times e's features of s or h_m
        s   <- sum over e in shared and all own of gate(s)_e times e's features, except at the last level

    so that a shared expert reads s and an expert of member m reads h_m.
    """

    def __init__(
        self, experts: Experts, trunk: Trunk, spec: FeatureSpec, members: Members, cuts: Sequence[int]
    ) -> None:
        super().__init__()
        specs = trunk.specs(spec)
        self.spec = specs[-1]
        self._members, self._names = members, {name: experts.names(name) for name in members}
        self.shared = nn.ModuleList(trunk.build_stage(stage, specs[stage]) for stage in range(cuts[0]))
        self.levels = nn.ModuleList(
            _Level(
                experts,
                partial(chain, trunk, specs, begin, end),
                specs[begin],
                len(members),
                is_last=end == cuts[-1],
            )
            for begin, end in pairwise(cuts)
        )

    @override
    def forward(self, features: Features) -> dict[str, Features]:
        return self._run(features)[0]

    @override
    def gates(self, features: Features) -> tuple[Gate, ...]:
        return tuple(self._run(features)[1])

    def _run(self, features: Features) -> tuple[dict[str, Features], list[Gate]]:
        for stage in self.shared:
            features = stage(features)
        shared, own, gates = features, [features] * len(self._members), []
        for number, level in enumerate(self.levels):
            shared, own, weights = level(shared, own)
            for name, weights_BE in zip(self._members, weights, strict=True):
                gates.append(Gate(name, number, self._names[name], weights_BE.detach()))
        return dict(zip(self._members, own, strict=True)), gates

    @override
    def parts(self) -> Sequence[tuple[Members, nn.Module]]:
        """What a member has of its own serves the others too where a shared gate sees it further on."""
        parts: list[tuple[Members, nn.Module]] = [(self._members, stage) for stage in self.shared]
        for left, level in zip(range(len(self.levels))[::-1], self.levels, strict=True):
            assert isinstance(level, _Level)
            for name, own in zip(self._members, level.own_experts(), strict=True):
                parts += [(self._members if left > 0 else (name,), expert) for expert in own]
            for name, gate in zip(self._members, level.gates, strict=True):
                parts.append((self._members if left > 1 else (name,), gate))
            if level.shared_gate is not None:
                parts.append((self._members, level.shared_gate))
            parts.append((self._members, level.shared))
        return parts


@final
class _Level(nn.Module):
    """The experts of one level and their gates."""

    def __init__(
        self,
        experts: Experts,
        expert: Callable[[], nn.Module],
        spec: FeatureSpec,
        n_members: int,
        *,
        is_last: bool,
    ) -> None:
        super().__init__()

        def gate(n_experts: int) -> Gating:
            return Gating(spec, n_experts, experts.temperature, experts.dropout)

        self.shared = nn.ModuleList(expert() for _ in range(experts.shared))
        self.own = nn.ModuleList(expert() for _ in range(experts.own * n_members))  # a member's side by side
        self.gates = nn.ModuleList(gate(experts.shared + experts.own) for _ in range(n_members))
        self.shared_gate = None if is_last else gate(experts.shared + experts.own * n_members)

    def own_experts(self) -> list[list[nn.Module]]:
        """Those of each member."""
        n = len(self.own) // len(self.gates)
        return [list(self.own[member * n : (member + 1) * n]) for member in range(len(self.gates))]

    def forward(
        self, shared: Features, own: Sequence[Features]
    ) -> tuple[Features, list[Features], list[Tensor]]:
        """The shared features, those of each member, and the weights_BE of each member's gate."""
        of_shared = [expert(shared) for expert in self.shared]
        of_own = [
            [expert(read) for expert in experts]
            for experts, read in zip(self.own_experts(), own, strict=True)
        ]
        weights = [gate(read) for gate, read in zip(self.gates, own, strict=True)]
        if not self.own:  # all gates see the same experts
            mixed = list(mix(torch.stack(weights, dim=1), of_shared))
        else:
            mixed = [
                mix(weights_BE[:, None], [*of_shared, *made])[0]
                for weights_BE, made in zip(weights, of_own, strict=True)
            ]
        if self.shared_gate is None:
            return shared, mixed, weights
        everything = [*of_shared, *(features for made in of_own for features in made)]
        return mix(self.shared_gate(shared)[:, None], everything)[0], mixed, weights
