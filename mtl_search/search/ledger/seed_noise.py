"""The noise of seeds in differences between networks, pooled over all that were replicated.

All networks are replicated on the same seeds, and what a seed brings is partly common to all of them: the
order of batches is the same, and in small data that counts. What is common cancels in a difference. So a
gain is taken as the mean of its network, plus what the seed brings for that task to networks in general, plus
noise of its own, and only the last counts.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import median, variance
from typing import final

from scipy.stats import chi2

__all__ = ["SeedNoise", "typical_sd"]

_WILD = 3.0  # standard deviations at which the noise of a diverged replicate is cut off in a covariance


@final
class SeedNoise:
    """From the gains of networks by config_id, seed and task; those with fewer than two seeds say nothing.

    ``sd`` is the standard deviation of one training by task, in percent (`typical_sd`).
    """

    def __init__(self, gains: Mapping[str, Mapping[int, Mapping[str, float]]]) -> None:
        replicated = {config_id: of for config_id, of in gains.items() if len(of) > 1}
        self.n_networks = len(replicated)
        self._own: dict[str, dict[str, dict[int, float]]] = {}  # noise of its own by task, network and seed
        for task in sorted({task for of in replicated.values() for one in of.values() for task in one}):
            values = {
                config_id: {seed: one.get(task, math.nan) for seed, one in of.items()}
                for config_id, of in replicated.items()
            }
            known = {key: of for key, of in values.items() if all(map(math.isfinite, of.values()))}
            if known:
                self._own[task] = _own_noise(known)
        self.sd = {
            task: typical_sd([list(one.values()) for one in of.values()]) for task, of in self._own.items()
        }

    def covariance(self, one: str, other: str) -> float:
        """Of the gains of two tasks of one network: they share their training's luck."""
        scale = self.sd[one] * self.sd[other]
        if one == other or scale == 0:
            return scale
        pairs = [
            (_cut(value / self.sd[one]), _cut(self._own[other][network][seed] / self.sd[other]))
            for network, of in self._own[one].items()
            if network in self._own[other]
            for seed, value in of.items()
        ]
        norm = math.sqrt(sum(a * a for a, _ in pairs) * sum(b * b for _, b in pairs))
        return scale * sum(a * b for a, b in pairs) / norm if norm else 0.0

    def freedom(self, task: str) -> int:
        """Degrees of freedom: half of those of the residuals, since a median is about half as informative."""
        networks = self._own[task].values()
        seeds = {seed for of in networks for seed in of}
        common = len(seeds) - 1 if len(networks) > 1 else 0
        return max(1, (sum(len(of) - 1 for of in networks) - common) // 2)


def _own_noise(values: Mapping[str, Mapping[int, float]]) -> dict[str, dict[int, float]]:
    """What is left of each network's values without its mean and what each seed brings to all."""
    centred = {
        network: {seed: value - sum(of.values()) / len(of) for seed, value in of.items()}
        for network, of in values.items()
    }
    if len(centred) < 2:
        return centred
    seeds = {seed for of in centred.values() for seed in of}
    brings = {seed: median(of[seed] for of in centred.values() if seed in of) for seed in seeds}
    share = math.sqrt(len(centred) / (len(centred) - 1))  # of the spread that the common part took with it
    return {
        network: {seed: share * (value - brings[seed]) for seed, value in of.items()}
        for network, of in centred.items()
    }


def typical_sd(networks: Sequence[Sequence[float]]) -> float:
    """The standard deviation between the values of one network, at least two of each, as the median of what
    the networks say: one that diverged does not count for all."""
    found = []
    for values in networks:
        freedom = len(values) - 1
        typical = float(chi2.median(freedom)) / freedom  # of a variance of 1
        found.append(variance(values) / typical)
    return math.sqrt(median(found))


def _cut(value: float) -> float:
    return min(max(value, -_WILD), _WILD)
