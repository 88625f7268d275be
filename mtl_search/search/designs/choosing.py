"""Choosing: which design is recommended, decided on valid before test is read.

Recommended is the *smallest* design that is not shown to be worse than the best: the one of the fewest
networks, of these the one that trains the fewest tasks over all its networks, of these ``single_task``,
else the one of the fewest parameters. So a network more has to earn its place, and so has sharing, as in
the one-standard-error rule (Breiman et al. 1984, section 3.4.3) and in multiple comparisons with the best
(Hsu 1996), here with a test of each pair at the one-sided level of `LEVEL`, uncorrected. A wrong choice
costs size or gain, never a false verdict: test judges the choice afresh.

If little can be shown, "not shown to be worse" forgives too much: on planted tasks with nothing in common
the smallest such design was on average 4.5 percentage points worse on test than tuned single tasks. So a
design is not taken for being small if it is more than `TOLERANCE` behind the best either. ``single_task``
itself is: that tasks have nothing to give to each other is what the others have to disprove.

With two replicates a network no test of two designs by themselves shows anything. So the noise of seeds is
pooled over all replicated networks (`SeedNoise`), which leaves many degrees of freedom, and designs differ
only if another configuration serves a task. How much hangs on the rows of valid is estimated by the jackknife
over its units, as on test.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from mtl_search.analysis.significance import jackknife_variance, t_test
from mtl_search.search.ledger import Ledger
from mtl_search.search.ledger.seed_noise import SeedNoise

__all__ = ["LEVEL", "TOLERANCE", "Choice", "Contender", "choose"]

LEVEL = 0.05
TOLERANCE = 1.0  # percentage points of delta_m: what fewer networks may seem to cost


@dataclass(frozen=True, slots=True)
class Contender:
    """A design that may be recommended: ``configs`` has the config_id that serves each task.

    ``n_trained``: the members of its networks, each as often as it is one. ``is_single_task``: whether it is
    the reference itself.
    """

    name: str
    n_networks: int
    n_trained: int
    is_single_task: bool
    n_params: int
    delta_m: float
    configs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Choice:
    """The position of the recommended design, why, and for each how far it is ``behind`` the best on valid
    in percentage points, with the one-sided p of that (NaN: cannot be tested)."""

    chosen: int
    why: str
    behind: tuple[float, ...]
    p: tuple[float, ...]


def choose(designs: Sequence[Contender], ledger: Ledger, weights: Mapping[str, float]) -> Choice | None:
    """The recommended one of ``designs``; None if none has a delta_m.

    If nothing can be tested, since nothing was replicated twice, it is the best on valid. One with a
    network that was not replicated at all, for which its arm had to make do, is known by single trainings,
    and looks better than it is next to the others: it is taken only if all are so.
    """
    known = [at for at, design in enumerate(designs) if math.isfinite(design.delta_m)]
    if not known:
        return None
    sure = [at for at in known if set(designs[at].configs.values()) <= ledger.replicated]
    known = sure or known
    best = min(known, key=lambda at: (-round(designs[at].delta_m, 6), *_size(designs[at])))
    evidence = _Evidence(ledger, weights)
    p = tuple(evidence.p_worse(designs[best], design) for design in designs)
    behind = tuple(
        designs[best].delta_m - design.delta_m if at in known else math.nan
        for at, design in enumerate(designs)
    )
    sound = [
        at
        for at, design in enumerate(designs)
        if at == best
        or (at in known and p[at] >= LEVEL and (design.is_single_task or behind[at] <= TOLERANCE))
    ]
    chosen = min(sound, key=lambda at: (*_size(designs[at]), -designs[at].delta_m))
    why = _why(designs, best, chosen, behind[chosen], p[chosen], len(sound), evidence)
    return Choice(chosen, why, behind, p)


def _size(design: Contender) -> tuple[int, int, bool, int]:
    return design.n_networks, design.n_trained, not design.is_single_task, design.n_params


def _why(
    designs: Sequence[Contender],
    best: int,
    chosen: int,
    behind: float,
    p: float,
    n_sound: int,
    evidence: "_Evidence",
) -> str:
    """The decision in a sentence."""
    source = (
        f"one-sided level {LEVEL}; noise of seeds pooled over {evidence.noise.n_networks} replicated "
        "networks, jackknife over the units of valid"
    )
    if not evidence.noise.sd:
        return "the best on valid; nothing was replicated twice, so nothing shows what is not worse"
    if chosen == best:
        return (
            f"the best on valid: every smaller design is shown to be worse there, or is more than "
            f"{TOLERANCE:g} percentage point behind ({source})"
        )
    return (
        f"the smallest of {n_sound} designs that are not shown to be worse on valid than the best, "
        f"{designs[best].name}: {behind:.2f} percentage points behind it, p = {p:.2g} ({source})"
    )


@final
class _Evidence:
    """What replicates show of differences on valid."""

    def __init__(self, ledger: Ledger, weights: Mapping[str, float]) -> None:
        self._ledger, self._weights = ledger, weights
        networks = sorted(ledger.replicated)
        self.noise = SeedNoise({config_id: ledger.replicate_gains(config_id) for config_id in networks})

    def p_worse(self, best: Contender, other: Contender) -> float:
        """The one-sided p of ``other`` being worse than ``best``; NaN if that cannot be tested."""
        tasks = [task for task in best.configs if best.configs[task] != other.configs.get(task)]
        difference = best.delta_m - other.delta_m
        if not tasks or not set(tasks) <= set(other.configs):
            return 1.0 if not tasks else math.nan
        if not math.isfinite(difference) or not set(tasks) <= set(self.noise.sd):
            return math.nan
        total = sum(self._weights.get(task, 1.0) for task in best.configs)
        parts: dict[str, dict[str, float]] = {}  # what each network contributes, by task
        for task in tasks:
            share = self._weights.get(task, 1.0) / total
            parts.setdefault(best.configs[task], {})[task] = share
            parts.setdefault(other.configs[task], {})[task] = -share
        of_seeds, freedom = self._of_seeds(parts)
        of_units, groups = self._of_units(parts)
        if not of_seeds + of_units > 0:
            return math.nan
        _, p = t_test(difference, (of_seeds, freedom), (of_units, groups - 1))
        return p / 2 if difference > 0 else 1 - p / 2

    def _of_seeds(self, parts: Mapping[str, Mapping[str, float]]) -> tuple[float, int]:
        """The variance that seeds bring, over the trainings of each network, with its degrees of freedom.

        A network's tasks share its seed's luck, so their covariances count.
        """
        total = 0.0
        for config_id, shares in parts.items():
            n = len(self._ledger.replicate_gains(config_id))
            if n == 0:
                return math.nan, 1
            pairs = itertools.product(shares.items(), repeat=2)
            total += sum(a * b * self.noise.covariance(one, other) for (one, a), (other, b) in pairs) / n
        freedom = min(self.noise.freedom(task) for shares in parts.values() for task in shares)
        return max(total, 0.0), freedom

    def _of_units(self, parts: Mapping[str, Mapping[str, float]]) -> tuple[float, int]:
        """The variance that the units of valid bring, by the jackknife, with its number of groups; 0 if
        the networks have no groups in common."""
        terms = [
            (share, self._ledger.resampled_gains(config_id, task))
            for config_id, shares in parts.items()
            for task, share in shares.items()
        ]
        common = set.intersection(*(set(values) for _, values in terms))
        left_out = [sum(share * values[group] for share, values in terms) for group in sorted(common)]
        return jackknife_variance(left_out), max(2, len(left_out))
