"""The composer: which tasks to train together next, learned while searching."""

# M measured sets, C candidate sets, T tasks

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mtl_search.search.candidate_sets import climb, pool
from mtl_search.search.facility import cover
from mtl_search.search.improvement import expected_rise
from mtl_search.search.member_space import Members, MemberSpace
from mtl_search.search.members import (
    Measurement,
    MemberStrategy,
    Proposal,
    draw_least_trained,
    times_trained,
)
from mtl_search.search.set_effects import Effects
from mtl_search.search.set_evidence import SetEvidence, member_matrix
from mtl_search.search.set_posterior import SetPosterior, fit_effects

__all__ = ["Composer"]

Floats = npt.NDArray[np.float64]

REFITS = (4, 7, 11, 16, 24, 36, 54, 80, 120, 180, 270)  # numbers of sets at which the effects are fitted anew
FITTED_GAINS = 500  # of so many gains at most, which is where a fit costs a quarter of a second


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
        self._main_T = np.array([task in space.main for task in space.tasks])
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
        return self._weigh(evidence, set(running), rng)

    def _weigh(self, evidence: SetEvidence, running: set[Members], rng: np.random.Generator) -> Proposal:
        effects = self._effects(evidence)
        posterior = self._posterior(evidence, effects, running)
        standing = [*evidence.sets, *(members for members in running if members not in evidence.sets)]
        believed_MT, _ = posterior.predict(member_matrix(standing, self.space.tasks))
        believed_MT = believed_MT[:, self._main_T]
        place = {members: row for row, members in enumerate(standing)}

        def rise(sets: list[Members]) -> Floats:
            mean_CT, deviation_CT = posterior.predict(member_matrix(sets, self.space.tasks))
            change_CT = deviation_CT**2 / np.sqrt(deviation_CT**2 + posterior.noise_T**2)
            known_C = np.array([place.get(members, -1) for members in sets])
            main_CT, moves_CT = mean_CT[:, self._main_T], change_CT[:, self._main_T]
            rise_C = expected_rise(main_CT, moves_CT, believed_MT, known_C, self.max_networks)
            allowed = [
                members not in running and (evidence.repeatable or members not in place) for members in sets
            ]
            return np.where(allowed, rise_C, -np.inf)

        design = [standing[row] for row in cover(believed_MT, self.max_networks)]
        known = [members for members in evidence.sets if members in self.space]
        start = list(dict.fromkeys([*pool(self.space, design, rng), *known]))
        sets, rises = climb(self.space, start, rise)
        best = int(np.argmax(rises))
        if np.isneginf(rises[best]):
            again = draw_least_trained(self.space, dict.fromkeys(running, 1), rng)
            return Proposal(again, "retune", "every set is trained or in training")
        expected = f"may raise the design by {rises[best]:.2g} %"
        return Proposal(sets[best], "retune" if sets[best] in place else "explore", expected)

    def _posterior(self, evidence: SetEvidence, effects: Effects, running: set[Members]) -> SetPosterior:
        """What is known, with sets in training taken to achieve what is expected of them."""
        members_MT, gains_MT, times_M = self._anchored(evidence)
        posterior = SetPosterior(members_MT, gains_MT, times_M, effects)
        if not running:
            return posterior
        running_RT = member_matrix(sorted(running), self.space.tasks)
        expected_RT, _ = posterior.predict(running_RT)
        return SetPosterior(
            np.vstack([members_MT, running_RT]),
            np.vstack([gains_MT, np.where(self._main_T, expected_RT, np.nan)]),
            np.concatenate([times_M, np.ones(len(running_RT))]),
            effects,
        )

    def _anchored(self, evidence: SetEvidence) -> tuple[Floats, Floats, Floats]:
        """The evidence, and that a task gains nothing on its own where that was not measured."""
        alone = [(task,) for task in self.space.main if (task,) not in evidence.sets]
        alone_AT = member_matrix(alone, self.space.tasks)
        return (
            np.vstack([evidence.members_MT, alone_AT]),
            np.vstack([evidence.gains_MT, np.where(alone_AT > 0, 0.0, np.nan)]),
            np.concatenate([evidence.times_M, np.ones(len(alone))]),
        )

    def _effects(self, evidence: SetEvidence) -> Effects:
        """The effects as fitted to the first so many sets, which a resumed sweep met in the same order."""
        together = int((evidence.members_MT.sum(axis=1) > 1).sum())
        count = max((n for n in REFITS if n <= together), default=0)
        if count not in self._fitted:
            self._fitted[count] = self._fit(evidence, count)
        return self._fitted[count]

    def _fit(self, evidence: SetEvidence, count: int) -> Effects:
        together = np.flatnonzero(evidence.members_MT.sum(axis=1) > 1)[:count]
        rng = np.random.default_rng((self.seed, count))
        drawn = rng.permutation(together)
        gains = np.cumsum((~np.isnan(evidence.gains_MT[drawn])).sum(axis=1))
        rows = np.sort(drawn[gains <= FITTED_GAINS])
        if not rows.size:
            return Effects()
        return fit_effects(evidence.members_MT[rows], evidence.gains_MT[rows], evidence.times_M[rows])
