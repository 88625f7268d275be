"""Other ways to choose which tasks train together next, that ``bayes`` is compared with."""

# M measured sets, C candidate sets, T tasks

from abc import abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import optuna

from mtl_search.grouping.acquisition.candidates import pool
from mtl_search.grouping.acquisition.facility import cover
from mtl_search.grouping.member_space import Members, MemberSpace
from mtl_search.grouping.plain import PairsFirst, RandomSets
from mtl_search.grouping.strategy import GroupingStrategy, Measurement, Proposal
from mtl_search.grouping.surrogate.effects import Effects
from mtl_search.grouping.surrogate.evidence import SetEvidence, member_matrix
from mtl_search.grouping.surrogate.known import Known
from mtl_search.grouping.surrogate.posterior import SetPosterior

__all__ = ["AdditiveRidge", "Affinity", "HigherOrder", "Thompson", "TpeBooleans"]

Floats = npt.NDArray[np.float64]
DRAWN = 300


class _Predicting(GroupingStrategy):
    """Trains the networks of the design that would be best if predictions came true."""

    def __init__(self, space: MemberSpace, max_networks: int, seed: int) -> None:
        self.space, self.max_networks, self.seed = space, max_networks, seed
        self._random = RandomSets(space, seed)

    def propose(self, measured: Sequence[Measurement], running: Sequence[Members]) -> Proposal:
        """A set of that design which was not trained, else a random one."""
        trained = {*(m.members for m in measured), *running}
        evidence = SetEvidence.gather(measured, self.space.tasks)
        rng = np.random.default_rng((self.seed, len(measured) + len(running)))
        sets = [members for members in pool(self.space, (), rng) if members not in trained]
        if not sets:
            return self._random.propose(measured, running)
        if early := self.early(measured, running):
            return early
        predicted_CT = self.predict(evidence, member_matrix(sets, self.space.tasks), rng)
        design = cover(np.vstack([evidence.gains_MT, predicted_CT]), self.max_networks)
        new = [row - len(evidence.sets) for row in design if row >= len(evidence.sets)]
        if not new:
            return self._random.propose(measured, running)
        hoped = [np.nansum(predicted_CT[row]) for row in new]
        return Proposal(sets[new[int(np.argmax(hoped))]], "predicted")

    @abstractmethod
    def early(self, measured: Sequence[Measurement], running: Sequence[Members]) -> Proposal | None:
        """What is trained before there is enough to predict from; None once there is."""

    @abstractmethod
    def predict(self, evidence: SetEvidence, members_CT: Floats, rng: np.random.Generator) -> Floats:
        """Gains of the members of each set, NaN for other tasks."""


class HigherOrder(_Predicting):
    """All pairs first; a task in a larger set is predicted to gain the mean of its pairs (Standley et al.
    2020)."""

    def early(self, measured: Sequence[Measurement], running: Sequence[Members]) -> Proposal | None:
        """The pairs."""
        proposal = PairsFirst(self.space, self.seed).propose(measured, running)
        return proposal if len(proposal.members) == 2 and proposal.reason == "pair" else None

    def predict(self, evidence: SetEvidence, members_CT: Floats, rng: np.random.Generator) -> Floats:
        """The mean over companions of what the pair with each of them gained."""
        pairs_TT = np.zeros((len(self.space.tasks),) * 2)
        for members, gains in zip(evidence.members_MT, evidence.gains_MT, strict=True):
            if members.sum() == 2:
                a, b = np.flatnonzero(members)
                pairs_TT[a, b], pairs_TT[b, a] = gains[a], gains[b]
        companions_C1 = members_CT.sum(axis=1, keepdims=True) - 1
        return np.where(members_CT > 0, members_CT @ pairs_TT.T / np.maximum(companions_C1, 1), np.nan)


class Affinity(GroupingStrategy):
    """The designs that gradient affinities hold best, one after another (TAG, Fifty et al. 2021).

    ``affinity_TT``: of each task (row) to each other (column). What a set gives a task is the mean affinity
    of its companions; each design is made of sets that were not trained yet, and trained whole before the
    next is made. Affinities know nothing of being alone, so gains that were measured cannot correct them.
    """

    def __init__(self, space: MemberSpace, max_networks: int, seed: int, affinity_TT: Floats) -> None:
        self.space = space
        self._random = RandomSets(space, seed)
        self._designs = self._ranked(list(space.sets()), max_networks, affinity_TT)
        self._order: list[Members] = []

    def propose(self, measured: Sequence[Measurement], running: Sequence[Members]) -> Proposal:
        """The first set of the best designs that is not trained."""
        trained = {*(m.members for m in measured), *running}
        while not (left := [members for members in self._order if members not in trained]):
            if not (design := next(self._designs, [])):
                return self._random.propose(measured, running)
            self._order += design
        return Proposal(left[0], "affinity")

    def _ranked(self, sets: list[Members], max_networks: int, affinity_TT: Floats) -> Iterator[list[Members]]:
        """The best design, the best without its sets, and so on."""
        affinity_TT = affinity_TT - np.diag(np.diag(affinity_TT))
        while sets:
            members_CT = member_matrix(sets, self.space.tasks)
            mean_CT = mean_affinity(members_CT, affinity_TT)
            design = cover(np.where(members_CT > 0, mean_CT, np.nan), max_networks)
            yield [sets[row] for row in design]
            sets = [members for row, members in enumerate(sets) if row not in design]


def mean_affinity(members_ST: Floats, affinity_TT: Floats) -> Floats:
    """Of the companions of each task (column) in each set; ``affinity_TT`` has a diagonal of zeros."""
    companions_S1 = members_ST.sum(axis=1, keepdims=True) - 1
    return np.where(members_ST > 0, members_ST @ affinity_TT / np.maximum(companions_S1, 1), 0.0)


class AdditiveRidge(_Predicting):
    """Random sets first, then what a ridge regression of each task on its companions holds best (Li et al.
    2023)."""

    def early(self, measured: Sequence[Measurement], running: Sequence[Members]) -> Proposal | None:
        """As many random sets as there are tasks, single tasks not counted."""
        together = sum(len(m.members) > 1 for m in measured) + len(running)
        return self._random.propose(measured, running) if together < len(self.space.tasks) else None

    def predict(self, evidence: SetEvidence, members_CT: Floats, rng: np.random.Generator) -> Floats:
        """A ridge regression for each task, with a penalty of one."""
        predicted_CT = np.full(members_CT.shape, np.nan)
        for task in range(members_CT.shape[1]):
            rows = ~np.isnan(evidence.gains_MT[:, task]) & (evidence.members_MT.sum(axis=1) > 1)
            with_one_mT, gains_m = evidence.members_MT[rows], evidence.gains_MT[rows, task]
            mean = gains_m.mean() if rows.any() else 0.0
            gram_TT = with_one_mT.T @ with_one_mT + np.eye(members_CT.shape[1])
            weights_T = np.linalg.solve(gram_TT, with_one_mT.T @ (gains_m - mean))
            inside = members_CT[:, task] > 0
            predicted_CT[inside, task] = mean + members_CT[inside] @ weights_T
        return predicted_CT


class Thompson(_Predicting):
    """A draw from the posterior of ``bayes``, its effects as expected, takes the place of the prediction
    (Thompson 1933).

    At most ``DRAWN`` sets are drawn together, others each time: a draw costs the cube of their number. That
    is all sets of eight tasks, and the larger part of those of nine.
    """

    def early(self, measured: Sequence[Measurement], running: Sequence[Members]) -> Proposal | None:
        """All tasks together."""
        trained = {*(m.members for m in measured), *running}
        everything = self.space.tasks
        return None if everything in trained or everything not in self.space else Proposal(everything, "all")

    def predict(self, evidence: SetEvidence, members_CT: Floats, rng: np.random.Generator) -> Floats:
        """One draw of the gains in all sets at once."""
        known = Known(evidence.members_MT, evidence.gains_MT, evidence.times_M)
        posterior = SetPosterior(known, Effects.of())
        drawn = np.sort(rng.permutation(len(members_CT))[:DRAWN])
        gains_CT = np.full(members_CT.shape, np.nan)
        gains_CT[drawn] = posterior.draw(members_CT[drawn], rng)
        return gains_CT


class TpeBooleans(GroupingStrategy):
    """One boolean for each task, the mean gain as value, under Optuna's TPE."""

    def __init__(self, space: MemberSpace, seed: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.space = space
        self._study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
        self._random = RandomSets(space, seed)
        self._asked: dict[Members, optuna.Trial] = {}

    def propose(self, measured: Sequence[Measurement], running: Sequence[Members]) -> Proposal:
        """A set that was not trained yet, at the twentieth attempt a random one."""
        for one in measured:
            if trial := self._asked.pop(one.members, None):
                self._study.tell(trial, float(np.nanmean(list(one.gains.values()))))
        trained = {*(m.members for m in measured), *running}
        for _ in range(20):
            trial = self._study.ask()
            chosen = (task for task in self.space.tasks if trial.suggest_categorical(task, [False, True]))
            members = tuple(chosen)
            if members in self.space and members not in trained:
                self._asked[members] = trial
                return Proposal(members, "tpe")
            self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return self._random.propose(measured, running)
