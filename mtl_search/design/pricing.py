"""Facility location by prices: a Lagrangian bound, nearly tight here, and a short search under it."""

# N networks (those still allowed, at a node), T tasks, P = T + 1 prices

import math
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from mtl_search.design.facilities import Facilities, Floats

__all__ = ["PriceSearch"]

_ROOT_STEPS, _STEPS = 300, 25  # of the subgradient method; a node goes on from the prices of its parent
_PATIENCE = 5  # steps without a lower bound before the pace is halved


@dataclass(frozen=True, slots=True)
class _Node:
    """All choices of ``chosen`` and up to ``slots`` more of ``allowed``, for at most ``budget``.

    ``floor_P`` is the lowest sensible price: for a task its best gain among the chosen, for the budget 0.
    """

    chosen: tuple[int, ...]
    allowed: Facilities
    floor_P: Floats
    spent: float
    slots: int
    budget: float

    def with_one(self, position: int) -> "_Node":
        """The choices with the network at ``position`` and without those before it."""
        allowed = self.allowed
        return _Node(
            chosen=(*self.chosen, int(allowed.index_N[position])),
            allowed=allowed.take(slice(position + 1, None)),
            floor_P=np.maximum(self.floor_P, np.append(allowed.gains_NT[position], 0.0)),
            spent=self.spent + float(allowed.costs_N[position]),
            slots=self.slots - 1,
            budget=self.budget - float(allowed.shares_N[position]),
        )

    def serves_enough(self) -> NDArray[np.bool_]:
        """Which networks leave no more tasks unserved than the other slots could take on."""
        open_T = np.isinf(self.floor_P[:-1])
        count_N = np.isfinite(self.allowed.gains_NT[:, open_T]).sum(axis=1)
        most = int(count_N.max(initial=0))
        return np.asarray(count_N + (self.slots - 1) * most >= open_T.sum())

    def paid(self, prices_P: Floats) -> float:
        """What the prices alone contribute to the bound."""
        return float(prices_P[:-1].sum() + prices_P[-1] * self.budget) - self.spent


@dataclass(frozen=True, slots=True)
class _Relaxed:
    """What prices say of a node: the worth of each network, those picked, and the upper bound.

    ``displaced`` is the worth that the bound would lose by making room for one more.
    """

    worth_N: Floats
    picked: Facilities
    displaced: float
    bound: float


def _relax(node: _Node, prices_P: Floats) -> _Relaxed:
    allowed = node.allowed
    worth_N = np.maximum(allowed.gains_NT - prices_P[:-1], 0.0).sum(axis=1)
    worth_N -= allowed.costs_N + prices_P[-1] * allowed.shares_N
    top, displaced = np.arange(len(worth_N)), 0.0
    if len(top) > node.slots:
        top = np.argpartition(worth_N, -node.slots)[-node.slots :]
        displaced = max(0.0, float(worth_N[top].min()))
    picked = top[worth_N[top] > 0]
    bound = node.paid(prices_P) + float(worth_N[picked].sum())
    return _Relaxed(worth_N, allowed.take(picked), displaced, bound)


def _slope(node: _Node, prices_P: Floats, picked: Facilities) -> Floats:
    """How the bound changes with each price, 0 if the price may not fall."""
    served_T = (picked.gains_NT > prices_P[:-1]).sum(axis=0)
    slope_P = np.append(1.0 - served_T, node.budget - picked.shares_N.sum())
    slope_P[(slope_P > 0) & (prices_P <= node.floor_P)] = 0.0
    return slope_P


@final
class PriceSearch:
    """The search for the at most ``k`` networks of highest value within the budget that serve all tasks.

    With a price on each task and on the budget a network is worth what its gains exceed the prices by, and
    the prices plus the ``k`` highest worths bound the value from above (Cornuejols, Fisher and Nemhauser
    1977). Subgradient steps lower the bound and drop the networks that it rules out; the few that stay are
    branched on, each with the same method for what is left to choose.

    ``best`` is the best choice found so far, empty for none; ``start`` is one to begin with.
    """

    def __init__(self, facilities: Facilities, k: int, budget: float, start: tuple[int, ...] = ()) -> None:
        served = facilities.gains_NT[np.isfinite(facilities.gains_NT)]
        n_tasks = facilities.gains_NT.shape[1]
        best_T = facilities.gains_NT.max(axis=0)
        nearly_T = np.sort(facilities.gains_NT, axis=0)[-max(1, len(facilities.gains_NT) // 50)]
        self._prices_P = np.append(np.where(np.isfinite(nearly_T), nearly_T, best_T), 0.0)
        self._root = _Node((), facilities, np.append(np.full(n_tasks, -np.inf), 0.0), 0.0, k, budget)
        self._rounding: float = 1e-13 * n_tasks * max(1.0, float(np.abs(served).max()))
        self._nodes_left: float = 0
        self.best = start
        self.value: float = facilities.value(start) if start else n_tasks * float(served.min()) - 1.0

    @property
    def finished(self) -> bool:
        """Whether nothing was left out: ``best`` is the best of all, empty if nothing is feasible."""
        return self._nodes_left > 0

    def run(self, max_nodes: float = math.inf) -> None:
        """Search until the best is proven, or until ``max_nodes`` were looked at."""
        self._nodes_left = max_nodes
        self._explore(self._root, self._prices_P, _ROOT_STEPS)

    def _improves(self, value: float) -> bool:
        return value > self.value + self._rounding

    def _offer(self, chosen: tuple[int, ...], value: float) -> None:
        if self._improves(value):
            self.best, self.value = chosen, value

    def _explore(self, node: _Node, prices_P: Floats, n_steps: int) -> None:
        self._nodes_left -= 1
        self._offer(node.chosen, float(node.floor_P.sum()) - node.spent)
        if not self.finished or node.slots == 0:
            return
        node = replace(node, allowed=node.allowed.take(node.allowed.shares_N <= node.budget))
        node = replace(node, allowed=node.allowed.take(node.serves_enough()))
        if not len(node.allowed.index_N):
            return
        if node.slots == 1:
            self._offer_each(node)
            return
        node, prices_P = self._tighten(node, np.maximum(prices_P, node.floor_P), n_steps)
        self._branch(node, prices_P)

    def _offer_each(self, node: _Node) -> None:
        """Offer the best of the choices with one network more."""
        value_N = np.maximum(node.allowed.gains_NT, node.floor_P[:-1]).sum(axis=1) - node.allowed.costs_N
        last = int(value_N.argmax())
        self._offer((*node.chosen, int(node.allowed.index_N[last])), float(value_N[last]) - node.spent)

    def _offer_picked(self, node: _Node, picked: Facilities) -> None:
        """Offer the choice that the prices suggest, if the budget allows it."""
        if len(picked.index_N) and picked.shares_N.sum() <= node.budget:
            value = np.maximum(picked.gains_NT.max(axis=0), node.floor_P[:-1]).sum() - picked.costs_N.sum()
            self._offer((*node.chosen, *(int(j) for j in picked.index_N)), float(value) - node.spent)

    def _tighten(self, node: _Node, prices_P: Floats, n_steps: int) -> tuple[_Node, Floats]:
        """The node without the networks that the bound rules out, and the prices of the lowest bound."""
        lowest, lowest_P = math.inf, prices_P
        pace, stalled = 1.0, 0
        for _ in range(n_steps):
            relaxed = _relax(node, prices_P)
            self._offer_picked(node, relaxed.picked)
            with_each_N = relaxed.bound + np.minimum(relaxed.worth_N - relaxed.displaced, 0.0)
            node = replace(node, allowed=node.allowed.take(with_each_N > self.value + self._rounding))
            slope_P = _slope(node, prices_P, relaxed.picked)
            if not len(node.allowed.index_N) or not slope_P.any():
                return node, prices_P
            worthwhile = 1e-3 * (lowest - self.value) if math.isfinite(lowest) else 0.0
            stalled = 0 if relaxed.bound < lowest - worthwhile else stalled + 1
            if relaxed.bound < lowest:
                lowest, lowest_P = relaxed.bound, prices_P
            if stalled > _PATIENCE:
                pace, stalled, prices_P = pace / 2, 0, lowest_P
            length = pace * (relaxed.bound - self.value) / float((slope_P**2).sum())
            prices_P = np.maximum(prices_P - length * slope_P, node.floor_P)
        return node, lowest_P

    def _branch(self, node: _Node, prices_P: Floats) -> None:
        """Explore, for each network in order of worth, the choices with it and without those before it.

        One of the networks that serve a task that is not served yet must be among the chosen: those of the
        task with the fewest go first, and suffice.
        """
        worth_N = _relax(node, prices_P).worth_N
        serves_NT = np.isfinite(node.allowed.gains_NT)
        rarity_T = np.where(np.isfinite(node.floor_P[:-1]), math.inf, serves_NT.sum(axis=0))
        needed_N = serves_NT[:, rarity_T.argmin()] | np.isinf(rarity_T.min())
        order_N = np.lexsort((-worth_N, ~needed_N))
        worth_N, node = worth_N[order_N], replace(node, allowed=node.allowed.take(order_N))
        paid = node.paid(prices_P)
        for position in range(int(needed_N.sum())):
            later = np.sort(worth_N[position + 1 :])[::-1][: node.slots - 1]
            if not self._improves(paid + float(worth_N[position]) + float(later[later > 0].sum())):
                return
            self._explore(node.with_one(position), prices_P, _STEPS)
