"""Values on test as gains over the confirmed single-task design, and differences between two designs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mtl_search.analysis.confirmation import Array, Confirmed
from mtl_search.analysis.power import smallest_difference
from mtl_search.analysis.significance import Estimate, estimate, estimate_of_rows, jackknife_variance
from mtl_search.records import MetricKind

__all__ = ["Gains", "Scale"]

# S seeds, T main tasks, G groups of units left out in turn


@dataclass(frozen=True, slots=True)
class Gains:
    """Gains, or differences of gains, by seed and task, and without each group of units by group and task."""

    by_seed_ST: Array
    by_group_GT: Array

    def __sub__(self, other: "Gains") -> "Gains":
        return Gains(self.by_seed_ST - other.by_seed_ST, self.by_group_GT - other.by_group_GT)


@dataclass(frozen=True, slots=True)
class Scale:
    """What turns values on test into gains in percent, and gains into means with intervals.

    The reference of a task is the mean of ``single`` over the seeds that are looked at: those which all the
    designs in question have in common with it. ``counted`` says which tasks count at all, ``weights`` how
    much; intervals are at level ``1 - alpha``.
    """

    kinds: tuple[MetricKind, ...]
    weights: tuple[float, ...]
    counted: tuple[bool, ...]
    single: Confirmed | None
    alpha: float

    def common(self, *designs: Confirmed) -> tuple[int, ...]:
        """The seeds that all of ``designs`` and the single-task one were trained on."""
        everyone = [*designs, *([self.single] if self.single else [])]
        return tuple(seed for seed in designs[0].seeds if all(seed in one.seeds for one in everyone))

    def gains(self, design: Confirmed, seeds: tuple[int, ...]) -> Gains:
        """Of ``design`` on some of the common seeds, over the single-task one on the same."""
        return self._gains(design.on(seeds), seeds)

    def gains_together(self, ensemble: Confirmed, seeds: tuple[int, ...]) -> Gains:
        """Of an ensemble, which has one row of values, over the single networks of the single-task design on
        ``seeds``."""
        return self._gains(ensemble, seeds)

    def _gains(self, own: Confirmed, seeds: tuple[int, ...]) -> Gains:
        single = self.single.on(seeds) if self.single and seeds else None
        by_group = [
            self._over(rows_ST, single.resampled_GST[g] if single else None).mean(axis=0)
            for g, rows_ST in enumerate(own.resampled_GST)
            if seeds
        ]
        n_tasks = len(self.kinds)
        return Gains(
            self._over(own.values_ST, single.values_ST if single else None),
            np.array(by_group, dtype=float).reshape(len(by_group), n_tasks),
        )

    def difference(self, one: Confirmed, other: Confirmed, seeds: tuple[int, ...] | None = None) -> Gains:
        """Of the gains of ``one`` and ``other`` on ``seeds``, by default all that both have."""
        seeds = self.common(one, other) if seeds is None else seeds
        return self.gains(one, seeds) - self.gains(other, seeds)

    def of_task(self, gains: Gains, task: int) -> Estimate:
        """The mean of one task."""
        return self._estimate(gains.by_seed_ST[:, task], gains.by_group_GT[:, task])

    def of_mean(self, gains: Gains) -> Estimate:
        """delta_m: the weighted mean over tasks, of those that are defined; NaN if none is.

        A group without which a task that others define is undefined says nothing.
        """
        return self._estimate(*self._of_mean(gains))

    def of_rows(self, gains: Gains) -> Estimate:
        """delta_m of one row of gains, with the scatter of units alone."""
        values_S, replicates_G = self._of_mean(gains)
        return self._estimate_of_rows(values_S, replicates_G)

    def of_rows_of_task(self, gains: Gains, task: int) -> Estimate:
        """The same of one task."""
        return self._estimate_of_rows(gains.by_seed_ST[:, task], gains.by_group_GT[:, task])

    def smallest(self, gains: Gains) -> float:
        """The smallest true difference of delta_m that seeds and test units which scatter like those of
        ``gains`` show in four of five cases; NaN if nothing shows how they scatter."""
        values_S, replicates_G = (values[np.isfinite(values)] for values in self._of_mean(gains))
        if len(values_S) < 2:
            return float("nan")
        of_units = float(np.sqrt(jackknife_variance(replicates_G)))
        found = smallest_difference(
            float(values_S.std(ddof=1)), len(values_S), of_units, len(replicates_G), alpha=self.alpha
        )
        return found if found > 0 else float("nan")

    def _of_mean(self, gains: Gains) -> tuple[Array, Array]:
        """delta_m by seed, and without each group of units that says something."""
        known_T = np.isfinite(gains.by_seed_ST).any(axis=0) if len(gains.by_seed_ST) else self._none()
        by_group_G = self._means(gains.by_group_GT)
        whole_G = np.isfinite(gains.by_group_GT[:, known_T]).all(axis=1)
        return self._means(gains.by_seed_ST), by_group_G[whole_G]

    def _none(self) -> Array:
        return np.zeros(len(self.kinds), dtype=bool)

    def _means(self, gains_NT: Array) -> Array:
        weights_NT = np.where(np.isfinite(gains_NT), np.array(self.weights), 0.0)
        totals_N = weights_NT.sum(axis=1)
        sums_N = (np.nan_to_num(gains_NT) * weights_NT).sum(axis=1)
        means: Array = np.where(totals_N > 0, sums_N / np.where(totals_N > 0, totals_N, 1.0), np.nan)
        return means

    def _estimate(self, values_S: Array, replicates_G: Array) -> Estimate:
        finite = replicates_G[np.isfinite(replicates_G)]
        return estimate(values_S, jackknife_variance(finite), len(finite), alpha=self.alpha)

    def _estimate_of_rows(self, values_S: Array, replicates_G: Array) -> Estimate:
        (value,), finite = values_S, replicates_G[np.isfinite(replicates_G)]
        return estimate_of_rows(float(value), jackknife_variance(finite), len(finite), alpha=self.alpha)

    def _over(self, values_ST: Array, single_ST: Array | None) -> Array:
        references: Sequence[float] = [np.nan] * len(self.kinds)
        if single_ST is not None:
            references = single_ST.mean(axis=0)
        gains = [
            [
                kind.gain(value, reference) if counts else np.nan
                for kind, value, reference, counts in zip(
                    self.kinds, row, references, self.counted, strict=True
                )
            ]
            for row in values_ST
        ]
        return np.array(gains, dtype=float).reshape(len(values_ST), len(self.kinds))
