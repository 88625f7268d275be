"""Exact facility location: the few rows of a gain matrix whose best entries per column sum highest."""

# N networks (those still allowed, at a node), T tasks, P = T + 1 prices

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["Facilities", "best_facilities"]

Floats = NDArray[np.float64]

_ROOT_STEPS, _STEPS = 300, 25  # of the subgradient method; a node goes on from the prices of its parent
_PATIENCE = 5                  # steps without a lower bound before the pace is halved


@dataclass(frozen=True, slots=True)
class Facilities:
    """What to choose from: per network its gain for each task, its own cost, what it takes of the budget."""

    index_N: NDArray[np.intp]
    gains_NT: Floats
    costs_N: Floats
    shares_N: Floats

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> "Facilities":
        """Some of them, by mask or position."""
        arrays = (self.index_N, self.gains_NT, self.costs_N, self.shares_N)
        return Facilities(*(array[which] for array in arrays))


def best_facilities(
    facilities: Facilities, k: int, budget: float, above: float, start: tuple[int, ...] = ()
) -> tuple[tuple[int, ...], float]:
    """The at most ``k`` networks of highest value within the budget, and the value; ``start`` if none is better.

    The value is the sum over tasks of the best gain, less the costs; ``above`` is the value of ``start``.
    Branch and bound: with a price on each task and on the budget a network is worth what its gains exceed
    the prices by, and the prices plus the ``k`` highest worths bound the value from above (Cornuejols, Fisher
    and Nemhauser 1977). Subgradient steps lower the bound and drop networks that it rules out; the few that
    stay are tried in order of worth, each with the same method for what is left to choose.
    """
    gains_NT = facilities.gains_NT
    nearly_best_T = np.sort(gains_NT, axis=0)[-max(1, len(gains_NT) // 50)]
    root = _Node((), facilities, np.append(np.full(gains_NT.shape[1], gains_NT.min()), 0.0), 0.0, k, budget)
    search = _Search(start, above, rounding=1e-13 * gains_NT.shape[1] * max(1.0, float(gains_NT.max())))
    search.explore(root, np.append(nearly_best_T, 0.0), _ROOT_STEPS)
    return search.best, search.value


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

    def with_one(self, position: int, later: Facilities) -> "_Node":
        one = self.allowed.take(slice(position, position + 1))
        return _Node(
            (*self.chosen, int(one.index_N[0])),
            later,
            np.maximum(self.floor_P, np.append(one.gains_NT[0], 0.0)),
            self.spent + float(one.costs_N[0]),
            self.slots - 1,
            self.budget - float(one.shares_N[0]),
        )


@dataclass(frozen=True, slots=True)
class _Relaxed:
    """What prices say of a node: the worth of each network, those picked, and the upper bound.

    ``displaced`` is the worth that the bound would lose by making room for one more.
    """

    worth_N: Floats
    picked: NDArray[np.intp]
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
    paid = float(prices_P[:-1].sum() + prices_P[-1] * node.budget)
    return _Relaxed(worth_N, picked, displaced, paid - node.spent + float(worth_N[picked].sum()))


def _slope(node: _Node, prices_P: Floats, relaxed: _Relaxed) -> Floats:
    """How the bound changes with each price, 0 where the price may not fall."""
    picked = node.allowed.take(relaxed.picked)
    served_T = (picked.gains_NT > prices_P[:-1]).sum(axis=0)
    slope_P = np.append(1.0 - served_T, node.budget - picked.shares_N.sum())
    slope_P[(slope_P > 0) & (prices_P <= node.floor_P)] = 0.0
    return slope_P


class _Search:
    """The best choice so far, and the walk through the tree of choices that improves it."""

    def __init__(self, best: tuple[int, ...], value: float, rounding: float) -> None:
        self.best, self.value, self.rounding = best, value, rounding

    def explore(self, node: _Node, prices_P: Floats, n_steps: int) -> None:
        """Leave in ``best`` nothing worse than the best choice of ``node``."""
        self._offer(node.chosen, float(node.floor_P.sum()) - node.spent)
        allowed = node.allowed.take(node.allowed.shares_N <= node.budget)
        node = replace(node, allowed=allowed)
        if node.slots == 0 or not len(allowed.index_N):
            return
        if node.slots == 1:
            self._offer_each(node)
            return
        node, prices_P = self._tighten(node, np.maximum(prices_P, node.floor_P), n_steps)
        self._branch(node, prices_P)

    def _improves(self, value: float) -> bool:
        return value > self.value + self.rounding

    def _offer(self, chosen: tuple[int, ...], value: float) -> None:
        if chosen and self._improves(value):
            self.best, self.value = chosen, value

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
            self._offer_picked(node, node.allowed.take(relaxed.picked))
            slope_P = _slope(node, prices_P, relaxed)
            with_each_N = relaxed.bound + np.minimum(relaxed.worth_N - relaxed.displaced, 0.0)
            keep_N = with_each_N > self.value + self.rounding
            node = replace(node, allowed=node.allowed.take(keep_N))
            if not keep_N.any() or not slope_P.any():
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
        """Explore, for each network in order of worth, the choices with it and without those before it."""
        if not len(node.allowed.index_N):
            return
        worth_N = _relax(node, prices_P).worth_N
        order_N = np.argsort(-worth_N, kind="stable")
        worth_N, allowed = worth_N[order_N], node.allowed.take(order_N)
        node = replace(node, allowed=allowed)
        paid = float(prices_P[:-1].sum() + prices_P[-1] * node.budget) - node.spent
        for position in range(len(worth_N)):
            rest = worth_N[position + 1 : position + node.slots]
            bound = paid + float(worth_N[position]) + float(rest[rest > 0].sum())
            if not self._improves(bound):
                return
            later = allowed.take(slice(position + 1, None))
            self.explore(node.with_one(position, later), prices_P, _STEPS)
