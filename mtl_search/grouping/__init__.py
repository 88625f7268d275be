"""Which tasks together: strategies that say which member set is trained next. No torch, ray or optuna.

``strategy`` is the question and three plain answers to it; ``bayesian`` is the one that learns, of which
``surrogate`` is what it believes of every set and ``acquisition`` which set is worth training. ``replay``
judges strategies on tables of measured subsets, without training anything.
"""

from mtl_search.grouping.member_space import Members, MemberSpace
from mtl_search.grouping.strategy import GroupingStrategy, Measurement, Proposal

__all__ = ["GroupingStrategy", "Measurement", "MemberSpace", "Members", "Proposal"]
