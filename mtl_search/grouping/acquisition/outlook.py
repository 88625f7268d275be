"""What is believed before a set is proposed: the design to beat, and what trainings promise."""

# M measured sets and those in training, C candidate sets, T tasks

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from mtl_search.grouping.acquisition.budget import cover_within
from mtl_search.grouping.acquisition.budget_rise import expected_rise_within, planned_rise
from mtl_search.grouping.acquisition.facility import cover
from mtl_search.grouping.acquisition.improvement import expected_rise
from mtl_search.grouping.acquisition.sizes import Sizes
from mtl_search.grouping.member_space import Members, MemberSpace
from mtl_search.grouping.surrogate.effects import Effects
from mtl_search.grouping.surrogate.evidence import SetEvidence, member_matrix
from mtl_search.grouping.surrogate.known import Known
from mtl_search.grouping.surrogate.mixture import Mixture

__all__ = ["Outlook"]

Floats = npt.NDArray[np.float64]

TUNED = 0.5  # of how far trainings of a set are apart: what better hyperparameters can bring, and luck cannot


@final
@dataclass(frozen=True)
class Outlook:
    """The posterior of all gains, with sets in training taken to achieve what is expected of them.

    Designs have at most ``max_networks`` networks or, if it is given, ``max_params`` parameters.

    >>> from mtl_search.grouping.strategy import Measurement
    >>> evidence = SetEvidence.gather([Measurement(("a", "b"), {"a": 2.0, "b": 1.0})], ("a", "b"))
    >>> Outlook(MemberSpace(("a", "b")), 2, evidence, frozenset(), (Effects.of(),)).design
    [('a', 'b')]
    """

    space: MemberSpace
    max_networks: int
    evidence: SetEvidence
    running: frozenset[Members]
    experts: tuple[Effects, ...]
    affinity_TT: Floats | None = None
    weight_T: Floats | None = None  # of the main tasks, 1 on average
    max_params: int | None = None
    sizes: Sizes = field(default_factory=Sizes)

    @cached_property
    def posterior(self) -> Mixture:
        """What is known of all sets."""
        members_MT, gains_MT, times_M = self._anchored()
        repeats = self.evidence.repeats
        mixture = Mixture(Known(members_MT, gains_MT, times_M, self.affinity_TT, *repeats), self.experts)
        if not self.running:
            return mixture
        running_RT = member_matrix(sorted(self.running), self.space.tasks)
        expected_RT, _ = mixture.predict(running_RT)
        with_running = Known(
            np.vstack([members_MT, running_RT]),
            np.vstack([gains_MT, np.where(self._main_T, expected_RT, np.nan)]),
            np.concatenate([times_M, np.ones(len(running_RT))]),
            self.affinity_TT,
            *repeats,
        )
        return Mixture(with_running, self.experts, mixture.weight_E)

    @cached_property
    def standing(self) -> dict[Members, int]:
        """The sets that were trained or are in training, in the order of ``believed_MT``."""
        sets = dict.fromkeys([*self.evidence.sets, *sorted(self.running)])
        return {members: row for row, members in enumerate(sets)}

    @cached_property
    def believed_MT(self) -> Floats:
        """What these sets are believed to achieve for the main tasks, as much as they count."""
        believed_MT, _ = self.posterior.predict(member_matrix(list(self.standing), self.space.tasks))
        return self._counted(believed_MT)

    @cached_property
    def design(self) -> list[Members]:
        """The best design of these sets."""
        sets = list(self.standing)
        return [sets[row] for row in self._rows]

    @cached_property
    def tuning(self) -> dict[Members, float]:
        """By how much one more training of each network of the design is expected to raise it, in percent.

        A design has the best training of each set. With n trainings behind it, the best of n + 1 is better by
        the difference of two normal order statistics times how far trainings are apart, as far as that is not
        luck. Nothing while no set was trained twice, since nobody knows then whether trainings differ at all,
        and nothing of a design without networks, where none of those trained is within ``max_params``.
        """
        if not self._rows or not self.evidence.repeats[0].any():
            return {}
        gains_KT = np.where(np.isnan(self.believed_MT), -np.inf, self.believed_MT)[self._rows]
        apart_T = self._counted(self.posterior.noise_T[None])[0]
        serves_KT = gains_KT.argmax(axis=0) == np.arange(len(self._rows))[:, None]
        share_K = (serves_KT * apart_T).sum(axis=1) / len(apart_T)
        trained = dict(zip(self.evidence.sets, self.evidence.trained_M.tolist(), strict=True))
        return {
            members: TUNED * share * (_best_of(n + 1) - _best_of(n))
            for members, share in zip(self.design, share_K.tolist(), strict=True)
            if (n := trained.get(members, 0.0)) > 0
        }

    def promise(self, sets: Sequence[Members]) -> Floats:
        """By how much training each set is expected to raise the design, in percent."""
        mean_CT, deviation_CT = self.posterior.predict(member_matrix(sets, self.space.tasks))
        change_CT = deviation_CT**2 / np.sqrt(deviation_CT**2 + self.posterior.noise_T**2)
        known_C = np.array([self.standing.get(members, -1) for members in sets])
        main_CT, moves_CT = self._counted(mean_CT), self._counted(change_CT)
        rise_C = (
            expected_rise(main_CT, moves_CT, self.believed_MT, known_C, self.max_networks)
            if self.max_params is None
            else self._rise_within(main_CT, moves_CT, known_C, self.sizes.next_ones(sets), self.max_params)
        )
        return (
            rise_C * self._chance(member_matrix(sets, self.space.tasks)) if self.evidence.failed else rise_C
        )

    def expected(self, members: Members) -> dict[str, tuple[float, float]]:
        """Mean and standard deviation, in percent, of what one training of ``members`` shows for each main
        member."""
        mean_1T, deviation_1T = self.posterior.predict(member_matrix([members], self.space.tasks))
        spread_T = np.sqrt(deviation_1T[0] ** 2 + self.posterior.noise_T**2)
        counted = {*members} & {*self.space.main}
        found = zip(self.space.tasks, mean_1T[0].tolist(), spread_T.tolist(), strict=True)
        return {task: (mean, spread) for task, mean, spread in found if task in counted}

    def _rise_within(
        self, mean_CT: Floats, change_CT: Floats, known_C: npt.NDArray[np.intp], sizes_QC: Floats, size: int
    ) -> Floats:
        believed_MT, sizes_M, rows = self.believed_MT, self._sizes_M, self._rows
        rise_C = expected_rise_within(mean_CT, change_CT, believed_MT, known_C, sizes_QC, sizes_M, rows, size)
        if sizes_M.sum() + sizes_QC.max(initial=0.0) <= size:  # each set fits next to all others
            return rise_C
        middle_C = sizes_QC[len(sizes_QC) // 2]
        planned_C = planned_rise(mean_CT, change_CT, believed_MT, known_C, middle_C, sizes_M, rows, size)
        return np.maximum(rise_C, planned_C)

    def by_size(self, sets: list[Members]) -> list[Members]:
        """The smallest first if sizes count: of sets that all promise nothing the smallest is proposed."""
        if self.max_params is None:
            return sets
        sizes_C = self.sizes.next_ones(sets).min(axis=0) if sets else np.zeros(0)
        return [sets[at] for at in np.argsort(sizes_C, kind="stable")]

    def _chance(self, members_CT: Floats) -> Floats:
        """The chance that a training of each set succeeds: as near sets did, and one more success."""
        failed_FT = member_matrix(self.evidence.failed, self.space.tasks)
        failures_C = _nearness(members_CT, failed_FT).sum(axis=1)
        successes_C = _nearness(members_CT, self.evidence.members_MT) @ self.evidence.trained_M
        return np.asarray((1 + successes_C) / (1 + successes_C + failures_C))

    def _counted(self, gains_ST: Floats) -> Floats:
        """Those of the main tasks, times their weights."""
        return gains_ST[:, self._main_T] * (1.0 if self.weight_T is None else self.weight_T)

    @cached_property
    def _rows(self) -> list[int]:
        if self.max_params is not None:
            return cover_within(self.believed_MT, self._sizes_M, self.max_params)
        return cover(self.believed_MT, self.max_networks)

    @cached_property
    def _sizes_M(self) -> Floats:
        return self.sizes.smallest(list(self.standing))

    @cached_property
    def _main_T(self) -> npt.NDArray[np.bool_]:
        return np.array([task in self.space.main for task in self.space.tasks])

    def _anchored(self) -> tuple[Floats, Floats, Floats]:
        """The evidence, and no gain of a task on its own if that was not measured."""
        evidence = self.evidence
        alone = [(task,) for task in self.space.main if (task,) not in evidence.sets]
        alone_AT = member_matrix(alone, self.space.tasks)
        return (
            np.vstack([evidence.members_MT, alone_AT]),
            np.vstack([evidence.gains_MT, np.where(alone_AT > 0, 0.0, np.nan)]),
            np.concatenate([evidence.times_M, np.ones(len(alone))]),
        )


def _best_of(n: float) -> float:
    """The expected largest of ``n`` standard normal variables (Blom 1958, to a few hundredths)."""
    return float(ndtri((n - 0.375) / (n + 0.25)))


def _nearness(members_AT: Floats, members_BT: Floats) -> Floats:
    """1 for equal sets, halved for each member that one has and the other has not."""
    apart_AB = members_AT @ (1 - members_BT).T + (1 - members_AT) @ members_BT.T
    return np.asarray(0.5**apart_AB)
