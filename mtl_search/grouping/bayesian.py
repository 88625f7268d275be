"""The grouping strategy that learns while it searches: Bayesian optimisation over sets of tasks.

A *member set* is the tasks that one network learns. With n tasks there are 2^n - 1 of them, and a design is
made of the few whose networks together serve every task best (`mtl_search.design.compose`). This strategy
says which set is trained next, so that the best design is found with few trainings; Optuna says how it is
trained. ``benchmarks/README.md`` has what it is worth.

**The surrogate.** The gain of a task in a set is a sum of effects: of company as such, of each further
member, of companions that help everybody, of pairs that help each other, of one companion on this task, of
two companions together, and of whatever else is smooth over sets (``surrogate.effects``). Effects that
carry over from one task to another have weights that all tasks share. How much each kind counts is fitted
to the measurements by marginal likelihood, and all together are a Gaussian process over sets
(``surrogate.posterior``): a mean and a standard deviation for every task in every set, trained or not. Single
tasks anchor it: they gain nothing by definition. Trainings of one set that are
far apart say how noisy a single one is (``surrogate.fit``).

Standley et al. 2020 predict large sets from pairs, and Li et al. 2023 fit an additive surrogate to random
subsets; the effects hold both ideas, and the data say how much of each. Nobody knows beforehand which
effects there are, so four such processes are weighed by how well each foretells a set from all others
(``experts``, ``surrogate.mixture``). While little is measured they disagree, which makes the search explore:
one alone was sometimes sure of its first guess, and never tried the set that was planted. MTG-Net
(Song et al. 2022) learns such a predictor from many trainings beforehand; a sweep has none to spare.

**Hyperparameters are not the tasks' fault.** A design has the best network of each set, so a set gains what
the better half of its trainings do (``surrogate.evidence``): one bad learning rate among two does not
write it off. Nor does the only one that a set has had. What a training has lost in all of its tasks alike,
far below what every other set says of it, counts as noise of its own, up to a few times what trainings of one
set were seen to differ by (``SetPosterior.doubt_M``): a likelihood with a heavy tail on that side, and none
where trainings are alike. So the set stays open, and is tried again if it would be worth it.

**Gradient affinities.** The networks of ``shared_equal`` also measure by how much a step for one task
lowers the loss of another (TAG, Fifty et al. 2021; ``training.affinity``). The mean affinity of a task's
companions is one more effect. It is expected to be true, so it orders the first sets, and like all others
its weight is learned: affinities that do not predict gains come to count for nothing.

**The acquisition function.** The set is trained whose training is expected to raise the best design of at
most k networks the most: the knowledge gradient (Frazier et al. 2009) of a facility-location problem
(``acquisition.improvement``, ``acquisition.facility``). So a set is trained because it may be good itself,
alone or in the place of a network it competes with; a set that is surely bad is not, and neither is one
whose value is known. Where the budget is hours, the rise counts for each second that the training is
expected to take, a power of the number of members (``acquisition.sizes``). Up to about a thousand sets are
all weighed; of more, a sample, those one step from the best design, and what a climb from the most promising
ones meets (``acquisition.candidates``). Where a design has room for pairs of all tasks, the first few sets
have two thirds of them at most: what a large set loses may be one companion's fault, and says little else.
With fewer networks all tasks together come first. (In a sweep shared references have trained these anyway.)

**What did not help** on the tables for development (``benchmarks/README.md``): losses that count as their
logarithm, or no more than a floor; the smallest among sets that promise nearly the same; every second, third
or fourth training by a draw from the posterior (Thompson 1933); the rise as one expert sees it, who is drawn
each time.

**References.** In a sweep their trainings are evidence like all others: single tasks and all tasks together
are well known before the search begins, and are trained again only if that promises something. So the
search hardly asks at which stage all tasks together should part; an arm ``together: {members: all}`` does.
The trainings of several tasks after which the effects are fitted include those of the references: if these
are many, a search begins with the effects as they are expected.

**Sets that fail.** A set that failed ``FAILURES`` times in a row, with different hyperparameters, is left
alone. Before that, what it promises is weighed by the chance that it does not fail, and so is what sets
like it promise, half as much for each member that differs (``acquisition.outlook``).

**Slots side by side.** Sets in training are taken to achieve what is expected of them (fantasies at the
mean): this takes away their uncertainty, so the other slots look elsewhere.

**Retune.** To train a known set again competes with new ones, in percent of delta_m. A network of the design
that was trained n times is expected to be raised by one more training as far as the largest of n + 1 normal
variables is above that of n, times half of how far trainings of a set are apart: the other half is taken for
luck, which the replication takes away again (``Outlook.tuning``). So a design is tuned while that pays, the
least trained network first, and less and less; but not before some set was trained twice, which says how far
trainings are apart. Known sets outside of the design are trained again for
what they may turn out to be. Sets that showed the same gains again, as tables of measurements do, are left
out.

**Hyperparameters.** One study of Optuna's suggests them for all sets; the members are parameters of it, and
its value is the mean gain. The alternative, the mean gain less what was believed of the set before, so that
good hyperparameters of bad sets would count as good, found planted clusters less often.

**Within a size.** With ``max_params`` designs are bounded by the sum of their networks' sizes, which are
measured, or predicted from the number of members (``acquisition.sizes``). A set that enters pushes out
others for room, one that is surely too large is worth nothing, and sets that only together make room for a
better design share what it promises (``acquisition.budget``, ``acquisition.budget_rise``).
"""

# C candidate sets

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import final

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from mtl_search.grouping.acquisition.candidates import MANY, climb, pool
from mtl_search.grouping.acquisition.outlook import Outlook
from mtl_search.grouping.acquisition.sizes import Sizes, affordable
from mtl_search.grouping.member_space import Members, MemberSpace
from mtl_search.grouping.strategy import (
    GroupingStrategy,
    Measurement,
    Proposal,
    draw_least_trained,
    left_alone,
    times_trained,
)
from mtl_search.grouping.surrogate.effects import Effects, standard_affinity
from mtl_search.grouping.surrogate.evidence import SetEvidence
from mtl_search.grouping.surrogate.fit import fit_effects
from mtl_search.grouping.surrogate.known import Known
from mtl_search.grouping.surrogate.mixture import EXPERTS
from mtl_search.grouping.wording import news_of
from mtl_search.seeds import random_stream

__all__ = ["Affinities", "BayesianGrouping"]

Affinities = Mapping[tuple[str, str], float]  # of each task to each other, as one training has them

# numbers of trainings after which the effects are fitted anew
REFITS = (4, 7, 11, 16, 24, 36, 54, 80, 120, 180, 270)
SMALL, SMALL_FIRST = 2 / 3, 0.6  # of the tasks: what a set has at most at first, and for how many trainings
MOST_GAINED = 3_000.0  # percent: what is worth more serves a task that was not served
FITTED_GAINS = 500  # at most: a fit of as many costs a quarter of a second


@final
class BayesianGrouping(GroupingStrategy):
    """Trains the set that is expected to raise the best design the most.

    >>> tasks = ("age", "cost", "stay")
    >>> singles = [Measurement((task,), {task: 0.0}) for task in tasks]
    >>> strategy = BayesianGrouping(MemberSpace(tasks, min_members=2), max_networks=2, seed=0)
    >>> strategy.propose(singles, running=[]).members
    ('age', 'stay')
    """

    def __init__(
        self,
        space: MemberSpace,
        max_networks: int | None,
        seed: int,
        affinities: Sequence[Affinities] = (),
        weights: Mapping[str, float] | None = None,
        *,
        max_params: int | None = None,
        per_second: bool = False,
        experts: Sequence[Effects] = tuple(EXPERTS.values()),
    ) -> None:
        self.space, self.seed, self._affinities = space, seed, affinities
        counted = np.array([(weights or {}).get(task, 1.0) for task in space.tasks if task in space.main])
        self._weight_T = counted / counted.mean()
        self.max_networks, self.max_params = max_networks or len(space.main), max_params
        self._per_second, self._begin = per_second, tuple(experts)
        self._fitted: dict[int, tuple[Effects, ...]] = {}

    @override
    def propose(self, measured: Sequence[Measurement], running: Sequence[Members]) -> Proposal:
        trained = times_trained(measured, running)
        sizes = Sizes.gather(measured)
        together = self.space.tasks
        first = together in self.space and not self._begins_small(measured)
        if first and together not in trained and self._may_fit(sizes, together):
            return Proposal(together, "explore", "all tasks together")
        rng, failing = random_stream(self.seed, trained.total()), left_alone(measured)
        fitting = measured if self.max_params is None else affordable(measured, self.max_params)
        evidence = SetEvidence.gather(fitting, self.space.tasks)
        if not evidence.sets:
            drawn = draw_least_trained(self.space, trained, rng, failing)
            return Proposal(drawn, "explore", "nothing measured yet")
        succeeded = [one for one in measured if not one.failed]
        affinity_TT, experts = self._affinity_TT(), self._experts(succeeded)
        outlook = Outlook(
            self.space,
            self.max_networks,
            evidence,
            frozenset(running),
            experts,
            affinity_TT,
            self._weight_T,
            self.max_params,
            sizes,
        )
        proposal = self._weigh(outlook, measured, rng)
        return replace(proposal, expected=outlook.expected(proposal.members))

    def _weigh(self, outlook: Outlook, measured: Sequence[Measurement], rng: np.random.Generator) -> Proposal:
        """The set whose next training promises most, be it new, known, or a network of the design."""
        failing = left_alone(measured)
        known = [members for members in outlook.evidence.sets if members in self.space]
        start = dict.fromkeys([*pool(self.space, outlook.design, rng), *known])
        sets, rise_C = climb(self.space, list(start), outlook.promise)
        promise = {m: rise for m, rise in zip(sets, rise_C.tolist(), strict=True) if m not in failing}
        for members, rise in outlook.tuning.items():
            if members in promise:
                promise[members] = max(promise[members], rise)
        settled = outlook.running | outlook.evidence.repeated
        worth = {members: promise[members] for members in outlook.by_size(sorted(promise.keys() - settled))}
        if self._begins_small(measured):
            most = SMALL * len(self.space.tasks)
            worth = {members: rise for members, rise in worth.items() if len(members) <= most} or worth
        if worth:
            best = self._best(worth, measured)
            reason = "retune" if best in known else "explore"
            return Proposal(best, reason, _note(best, worth[best], measured))
        rest = draw_least_trained(self.space, dict.fromkeys(outlook.running, 1), rng, failing)
        return Proposal(rest, "retune", "every set is trained or in training")

    def _begins_small(self, measured: Sequence[Measurement]) -> bool:
        """Whether the first sets are small ones: a design may be of pairs, and little is known of several
        tasks."""
        n, together = len(self.space.tasks), sum(len(one.members) > 1 for one in measured)
        return 3 <= n < 2 * self.max_networks and together < SMALL_FIRST * n

    def _best(self, worth: Mapping[Members, float], measured: Sequence[Measurement]) -> Members:
        """The set that promises most, for each second of its training if hours are what is spent."""
        sets = list(worth)
        value_C = np.array([worth[members] for members in sets])
        seconds = Sizes.seconds(measured)
        if self._per_second and seconds.trainings and value_C.max() <= MOST_GAINED:
            value_C = value_C / seconds.next_ones(sets).mean(axis=0)
        return sets[int(value_C.argmax())]

    def _may_fit(self, sizes: Sizes, members: Members) -> bool:
        """Whether a network of these members may be in a design, as far as sizes are known."""
        return self.max_params is None or bool((sizes.next_ones([members]) <= self.max_params).any())

    def _experts(self, measured: Sequence[Measurement]) -> tuple[Effects, ...]:
        """The effects of all experts fitted to the first trainings, the same ones in a resumed sweep."""
        together = [place for place, one in enumerate(measured) if len(one.members) > 1]
        count = max((n for n in REFITS if n <= len(together)), default=0)
        if count not in self._fitted:
            first = measured[: together[count - 1] + 1] if count else ()
            self._fitted[count] = self._fit(SetEvidence.gather(first, self.space.tasks), count)
        return self._fitted[count]

    def _fit(self, evidence: SetEvidence, count: int) -> tuple[Effects, ...]:
        together = np.flatnonzero(evidence.members_MT.sum(axis=1) > 1)
        rng = random_stream(self.seed, count)
        drawn = rng.permutation(together)
        gains = np.cumsum((~np.isnan(evidence.gains_MT[drawn])).sum(axis=1))
        rows = np.sort(drawn[gains <= (FITTED_GAINS if len(self.space.tasks) < MANY else FITTED_GAINS // 3)])
        if not rows.size:
            return self._begin
        known = Known(
            evidence.members_MT[rows],
            evidence.gains_MT[rows],
            evidence.times_M[rows],
            self._affinity_TT(),
            evidence.again_MT[rows].sum(axis=0),
            evidence.apart_MT[rows].sum(axis=0),
        )
        return tuple(fit_effects(known, begin) for begin in self._begin)

    def _affinity_TT(self) -> npt.NDArray[np.float64] | None:
        """Gradient affinities of all tasks as typical of the trainings so far, None without any."""
        if not self._affinities:
            return None
        tasks = self.space.tasks
        measured = [
            [[known.get((source, target), math.nan) for target in tasks] for source in tasks]
            for known in self._affinities
        ]
        return standard_affinity(np.median([standard_affinity(np.array(each)) for each in measured], axis=0))


def _note(members: Members, rise: float, measured: Sequence[Measurement]) -> str:
    """Why this set, for the live view."""
    news = news_of(members, [one.members for one in measured])
    if rise > MOST_GAINED:
        return f"{news}, may let the design serve a task more"
    return f"{news}, may raise the design by {rise:.2g} %"
