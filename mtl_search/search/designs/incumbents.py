"""Incumbents: the best design of each arm so far, composed anew only if a new network may change it."""

# M merits: of each main task, and perhaps the size

import math
from dataclasses import dataclass, field
from typing import final

import numpy as np
import numpy.typing as npt

from mtl_search.design import Candidate
from mtl_search.search.designs.composing import compose_for
from mtl_search.search.ledger import Ledger
from mtl_search.sweep.arms import networks_of
from mtl_search.sweep.spec import SweepSpec

__all__ = ["Incumbents"]

Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class Front:
    """The networks of an arm that no other one of it dominates in all merits."""

    candidates: list[Candidate] = field(default_factory=list)
    merits: list[Floats] = field(default_factory=list)
    seen: int = 0  # records of the ledger that were looked at
    references: dict[str, float] = field(default_factory=dict)  # that the gains are relative to
    delta_m: float = math.nan

    def add(self, candidate: Candidate, merits_M: Floats) -> bool:
        """Take a candidate in; False if it is dominated and changes nothing."""
        if self.merits and (np.array(self.merits) >= merits_M).all(axis=1).any():
            return False
        kept = [i for i, other_M in enumerate(self.merits) if not (merits_M >= other_M).all()]
        self.candidates = [*(self.candidates[i] for i in kept), candidate]
        self.merits = [*(self.merits[i] for i in kept), merits_M]
        return True


@final
class Incumbents:
    """The best design of each arm, kept up to date with a ledger.

    A network that another one dominates is never needed in a design, so that only the few on the front are
    composed, and only when one joins it. If a reference improves, all gains change and the front is made
    anew.
    """

    def __init__(self, spec: SweepSpec, ledger: Ledger) -> None:
        self._spec, self._ledger = spec, ledger
        self._fronts: dict[str, Front] = {}

    def delta_m(self, arm: str) -> float:
        """Of the best design of ``arm`` in percent; NaN while its networks do not serve every main task."""
        front = self._fronts.get(arm)
        if front is None or front.references != self._ledger.yardsticks:
            front = self._fronts[arm] = Front(references=dict(self._ledger.yardsticks))
        changed = False
        for candidate in self._ledger.candidates(networks_of(self._spec, arm), since=front.seen):
            changed |= front.add(candidate, self._merits(candidate))
        front.seen = len(self._ledger.records)
        if changed:
            designs = compose_for(self._spec, self._ledger, arm, front.candidates)
            front.delta_m = designs[-1].delta_m if designs else math.nan
        return front.delta_m

    def _merits(self, candidate: Candidate) -> Floats:
        """What it is compared by: its gains (undefined: minus infinity) and, if sizes count, its own."""
        gains = [candidate.gains.get(task, math.nan) for task in self._spec.settings.main_tasks]
        merits = [gain if math.isfinite(gain) else -math.inf for gain in gains]
        if self._spec.settings.objective.max_params is not None:
            merits.append(-candidate.n_params)
        return np.array(merits)
