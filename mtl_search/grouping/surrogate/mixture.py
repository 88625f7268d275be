"""Several surrogates, weighed by what they have foretold.

No single idea of why tasks help each other holds everywhere. Each *expert* is a Gaussian process with other
effects (`EXPERTS`): all of them at once, the mean of what pairs gain (Standley et al. 2020), the sum over
companions (Li et al. 2023), and nothing but likeness. Expert e has weight

    w_e  proportional to  exp sum_m 1/n_m log p_e(the n_m gains of set m | the gains of all other sets),

the pseudo Bayesian model average of Geisser and Eddy (1979) and Yao et al. (2018) by leave-one-out densities.
Each measured set is left out whole and counts once, as what its members gain is measured together. With few
measurements the weights are nearly equal, and what experts disagree about is uncertain; with many the best
one is nearly alone. Of the mixture the mean and the variance are kept:

    mean = sum_e w_e mean_e,    variance = sum_e w_e (variance_e + (mean_e - mean)^2).
"""

# M measured sets, C candidate sets, T tasks, E experts

from collections.abc import Sequence
from functools import cached_property
from typing import final

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from mtl_search.grouping.surrogate.effects import Effects
from mtl_search.grouping.surrogate.known import Known
from mtl_search.grouping.surrogate.posterior import SetPosterior

__all__ = ["EXPERTS", "Mixture"]

Floats = npt.NDArray[np.float64]

EXPERTS = {
    "effects": Effects.of(),
    "pairs": Effects.of(affinity=0.3, company=0.2, level=0.2, average=0.7, detail=0.05, trial=0.03),
    "additive": Effects.of(
        affinity=0.3, company=0.2, crowd=0.1, level=0.2, own_crowd=0.1, companion=0.6, detail=0.05, trial=0.03
    ),
    "smooth": Effects.of(affinity=0.3, company=0.2, level=0.2, detail=0.8, trial=0.03),
}


@final
class Mixture:
    """What all experts together believe of every set, given the gains measured in some.

    ``weight_E``: of the experts, if it is not to follow from these gains.

    >>> members = np.array([[1.0, 1, 0], [1, 0, 1], [0, 1, 1]])
    >>> gains = np.where(members > 0, [[8.0, 8, 0], [-8, 0, -8], [0, 1, 1]], np.nan)
    >>> mixture = Mixture(Known(members, gains, np.ones(3)), tuple(EXPERTS.values()))
    >>> bool(mixture.predict(np.ones((1, 3)))[1].min() > 1), round(float(mixture.weight_E.sum()), 6)
    (True, 1.0)
    """

    def __init__(self, known: Known, experts: Sequence[Effects], weight_E: Floats | None = None) -> None:
        self._known = known
        self.posteriors = [SetPosterior(known, effects) for effects in experts]
        self._given_E = weight_E

    @cached_property
    def weight_E(self) -> Floats:
        """How much each expert counts."""
        if self._given_E is not None:
            return self._given_E
        scores_EM = np.array([posterior.foretold() for posterior in self.posteriors])
        return np.asarray(softmax(np.nansum(scores_EM, axis=1)))

    @property
    def noise_T(self) -> Floats:
        """The standard deviation of one measurement around what its set achieves, in percent."""
        return np.asarray(np.sqrt(self.weight_E @ [posterior.noise_T**2 for posterior in self.posteriors]))

    def predict(self, members_CT: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of what each set achieves for each member, NaN for other tasks."""
        looks = self._known.look(members_CT)
        said = [posterior.predict_seen(looks, len(members_CT)) for posterior in self.posteriors]
        mean_ECT, deviation_ECT = (np.array(part) for part in zip(*said, strict=True))
        mean_CT = np.tensordot(self.weight_E, mean_ECT, axes=1)
        square_ECT = deviation_ECT**2 + (mean_ECT - mean_CT) ** 2
        return mean_CT, np.sqrt(np.tensordot(self.weight_E, square_ECT, axes=1))
