"""Samplers: which of Optuna's algorithms suggests the hyperparameters, as configurations that build it."""

import warnings
from abc import abstractmethod
from typing import Annotated, Literal, Self, final

import optuna
from optuna.samplers import BaseSampler
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt
from typing_extensions import override

from mtl_search.sweep.bounded import Bounded

__all__ = ["CMAES", "GP", "QMC", "TPE", "Random", "Sampler", "SamplerConfig"]

Grouping = Literal["bayes", "random", "pairs", "exhaustive", "optuna"]


class Sampler(BaseModel):
    """What all samplers share: the grouping strategy, and the seed of everything a sweep draws.

    ``affinities``: whether ``shared_equal`` measures gradient affinities for ``bayes`` to start from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    grouping: Grouping = "bayes"
    affinities: bool = True
    seed: NonNegativeInt = 0

    def within(self, trials: int | None) -> Self:
        """The same for a study of ``trials``: at most a third of them before it learns from any."""
        startup = getattr(self, "startup_trials", None)
        if trials is None or startup is None:
            return self
        return self.model_copy(update={"startup_trials": min(startup, max(1, trials // 3))})

    @abstractmethod
    def build(self, seed: int) -> BaseSampler:
        """Optuna's sampler; ``seed`` differs for each study and each resume, so that no draw is repeated."""


@final
class Random(Sampler):
    """Independent uniform draws."""

    name: Literal["random"] = "random"

    @override
    def build(self, seed: int) -> BaseSampler:
        return optuna.samplers.RandomSampler(seed=seed)


@final
class TPE(Sampler):
    """The tree-structured Parzen estimator (Bergstra et al. 2011), multivariate with constant liar."""

    name: Literal["tpe"] = "tpe"
    startup_trials: NonNegativeInt = 10

    @override
    def build(self, seed: int) -> BaseSampler:
        return Bounded(
            optuna.samplers.TPESampler(seed=seed, n_startup_trials=self.startup_trials, multivariate=True)
        )


@final
class GP(Sampler):
    """A Gaussian process with log expected improvement; conditional parameters are drawn at random."""

    name: Literal["gp"] = "gp"
    startup_trials: PositiveInt = 10

    @override
    def build(self, seed: int) -> BaseSampler:
        return Bounded(
            optuna.samplers.GPSampler(
                seed=seed, n_startup_trials=self.startup_trials, warn_independent_sampling=False
            )
        )


@final
class CMAES(Sampler):
    """CMA-ES (Hansen 2016) over the numeric parameters that every trial has; the rest at random."""

    name: Literal["cmaes"] = "cmaes"
    startup_trials: PositiveInt = 1

    @override
    def build(self, seed: int) -> BaseSampler:
        return optuna.samplers.CmaEsSampler(
            seed=seed, n_startup_trials=self.startup_trials, warn_independent_sampling=False
        )


@final
class QMC(Sampler):
    """A scrambled Sobol sequence: spreads more evenly than random draws."""

    name: Literal["qmc"] = "qmc"

    @override
    def build(self, seed: int) -> BaseSampler:
        with warnings.catch_warnings():  # experimental since Optuna 3.0, which users know
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.samplers.QMCSampler(
                seed=seed, scramble=True, warn_asynchronous_seeding=False, warn_independent_sampling=False
            )


SamplerConfig = Annotated[Random | TPE | GP | CMAES | QMC, Field(discriminator="name")]
