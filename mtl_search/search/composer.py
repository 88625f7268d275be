"""The composer: which tasks to train together next, learned while searching."""

# C candidate sets

from collections.abc import Sequence

import numpy as np

from mtl_search.search.candidate_sets import climb, pool
from mtl_search.search.member_space import Members, MemberSpace
from mtl_search.search.members import (
    Measurement,
    MemberStrategy,
    Proposal,
    draw_least_trained,
    times_trained,
)
from mtl_search.search.outlook import Outlook
from mtl_search.search.set_effects import Effects
from mtl_search.search.set_evidence import SetEvidence
from mtl_search.search.set_posterior import fit_effects

__all__ = ["Composer"]

# how many trainings it takes to fit the effects anew
REFITS = (4, 7, 11, 16, 24, 36, 54, 80, 120, 180, 270)
FITTED_GAINS = 500  # of so many gains at most, which is where a fit costs a quarter of a second
WORTH = 0.05  # of the design's standard error: what a set must promise. Where a training moves beliefs by as
# much as that error, so much is promised by a set that turns out to be better one time in ten.


class Composer(MemberStrategy):
    """Trains the set that is expected to raise the best design the most.

    >>> tasks = ("age", "cost", "stay")
    >>> singles = [Measurement((task,), {task: 0.0}) for task in tasks]
    >>> composer = Composer(MemberSpace(tasks, min_members=2), max_networks=2, seed=0)
    >>> composer.propose(singles, running=[]).members
    ('age', 'cost', 'stay')
    """

    def __init__(self, space: MemberSpace, max_networks: int | None, seed: int) -> None:
        self.space, self.seed = space, seed
        self.max_networks = max_networks or len(space.main)
        self._fitted: dict[int, Effects] = {}

    def propose(self, measured: Sequence[Measurement], running: Sequence[Members]) -> Proposal:
        """The set that is expected to raise the best design the most, with running ones taken as done."""
        trained = times_trained(measured, running)
        if self.space.tasks in self.space and self.space.tasks not in trained:
            return Proposal(self.space.tasks, "explore", "all tasks together")
        rng = np.random.default_rng((self.seed, trained.total()))
        evidence = SetEvidence.gather(measured, self.space.tasks)
        if not evidence.sets:
            return Proposal(draw_least_trained(self.space, trained, rng), "explore", "nothing measured yet")
        effects = self._effects(measured)
        return self._weigh(Outlook(self.space, self.max_networks, evidence, frozenset(running), effects), rng)

    def _weigh(self, outlook: Outlook, rng: np.random.Generator) -> Proposal:
        """A new set that promises enough, else one that may yet enter the design, else one of the design."""
        times = dict(zip(outlook.evidence.sets, outlook.evidence.times_M.tolist(), strict=True))
        start = dict.fromkeys(
            [*pool(self.space, outlook.design, rng), *filter(self.space.__contains__, times)]
        )
        sets, rise_C = climb(self.space, list(start), outlook.promise)
        promise = dict(zip(sets, rise_C.tolist(), strict=True))
        again = promise.keys() & times.keys() - outlook.running - outlook.evidence.repeated
        incumbents = [members for members in outlook.design if members in again]
        least = WORTH * outlook.noise if incumbents else -np.inf
        for reason, candidates in (
            ("explore", promise.keys() - outlook.standing.keys()),
            ("retune", again - set(incumbents)),
        ):
            best = max(sorted(candidates), key=promise.__getitem__, default=None)
            if best is not None and promise[best] > least:
                return Proposal(best, reason, f"may raise the design by {promise[best]:.2g} %")
        if incumbents:
            turn = min(incumbents, key=times.__getitem__)
            note = f"no other set promises anything beside the noise of {outlook.noise:.2g} %"
            return Proposal(turn, "retune", note)
        rest = draw_least_trained(self.space, dict.fromkeys(outlook.running, 1), rng)
        return Proposal(rest, "retune", "every set is trained or in training")

    def _effects(self, measured: Sequence[Measurement]) -> Effects:
        """The effects as fitted to the first so many trainings, which a resumed sweep meets alike."""
        together = [place for place, one in enumerate(measured) if len(one.members) > 1]
        count = max((n for n in REFITS if n <= len(together)), default=0)
        if count not in self._fitted:
            first = measured[: together[count - 1] + 1] if count else ()
            self._fitted[count] = self._fit(SetEvidence.gather(first, self.space.tasks), count)
        return self._fitted[count]

    def _fit(self, evidence: SetEvidence, count: int) -> Effects:
        together = np.flatnonzero(evidence.members_MT.sum(axis=1) > 1)
        rng = np.random.default_rng((self.seed, count))
        drawn = rng.permutation(together)
        gains = np.cumsum((~np.isnan(evidence.gains_MT[drawn])).sum(axis=1))
        rows = np.sort(drawn[gains <= FITTED_GAINS])
        if not rows.size:
            return Effects()
        return fit_effects(evidence.members_MT[rows], evidence.gains_MT[rows], evidence.times_M[rows])
