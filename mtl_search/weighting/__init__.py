"""How the losses of a network's members become its gradients.

One interface serves both kinds of method: ``backward(losses, network)`` fills the gradients and returns the
weights used, and three hooks cover what some methods need besides. A scalarizer makes one number of the
losses; its weights are the derivatives of that number. An aggregator makes one gradient of the tasks'
gradients, but only where parameters are shared: each task's exclusive layers and head follow its own loss,
unweighted, since no other task is affected there. The methods come from TorchJD where it has them; GradNorm
and DB-MTL are ours.

Labels may be missing, so a batch may lack a member. Then the others are combined without it. What is
remembered is kept per member, and a member's absence never changes what is remembered of it; each class says
how.

TorchJD is imported when a weighting is built, not with this package: its solvers take seconds to import, and
``equal``, ``mean`` and ``fixed`` need none of it.

Not offered, of what TorchJD 0.18 has:

- ``SDMGrad`` and ``MoDo`` need gradients of two or three independent batches for one step; with one batch
  they lose their guarantee and become other methods.
- ``Krum`` takes the gradients nearest to each other and drops the rest as if sent by an attacker: it would
  stop training the tasks that differ, and needs at least three in each batch.
- The aggregators ``Mean``, ``Sum``, ``Constant`` and ``Random`` give the gradients of ``mean``, ``equal``,
  ``fixed`` and ``random`` at several times the cost.
"""

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field

from mtl_search.weighting.balance import (
    AlignedMtlConfig,
    CaGradConfig,
    FairGradConfig,
    ImtlGConfig,
    MgdaConfig,
    NashMtlConfig,
)
from mtl_search.weighting.base import Losses, Sharing, Weighting, WeightingOptions, Weights
from mtl_search.weighting.conflict import (
    ConfigConfig,
    DualProjConfig,
    GradDropConfig,
    PcGradConfig,
    TrimmedMeanConfig,
    UpGradConfig,
)
from mtl_search.weighting.constant import EqualConfig, FixedConfig, MeanConfig
from mtl_search.weighting.db_mtl import DbMtlConfig
from mtl_search.weighting.dwa import DwaConfig
from mtl_search.weighting.famo import FamoConfig
from mtl_search.weighting.gradnorm import GradNormConfig
from mtl_search.weighting.learned import ImtlLConfig, UncertaintyConfig
from mtl_search.weighting.remembering import CrMogmConfig, ExcessMtlConfig, GradVacConfig, PcdConfig
from mtl_search.weighting.scalarizer import (
    CosmosConfig,
    GeometricMeanConfig,
    PbiConfig,
    RandomConfig,
    StchConfig,
)

__all__ = [
    "AlignedMtlConfig",
    "CaGradConfig",
    "ConfigConfig",
    "CosmosConfig",
    "CrMogmConfig",
    "DbMtlConfig",
    "DualProjConfig",
    "DwaConfig",
    "EqualConfig",
    "ExcessMtlConfig",
    "FairGradConfig",
    "FamoConfig",
    "FixedConfig",
    "GeometricMeanConfig",
    "GradDropConfig",
    "GradNormConfig",
    "GradVacConfig",
    "ImtlGConfig",
    "ImtlLConfig",
    "Losses",
    "MeanConfig",
    "MgdaConfig",
    "NashMtlConfig",
    "PbiConfig",
    "PcGradConfig",
    "PcdConfig",
    "RandomConfig",
    "Sharing",
    "StchConfig",
    "TrimmedMeanConfig",
    "UncertaintyConfig",
    "UpGradConfig",
    "Weighting",
    "WeightingConfig",
    "WeightingOptions",
    "Weights",
]

AnyConfig: TypeAlias = (
    EqualConfig
    | MeanConfig
    | FixedConfig
    | RandomConfig
    | GeometricMeanConfig
    | StchConfig
    | PbiConfig
    | CosmosConfig
    | UncertaintyConfig
    | ImtlLConfig
    | DwaConfig
    | FamoConfig
    | PcGradConfig
    | UpGradConfig
    | DualProjConfig
    | ConfigConfig
    | GradDropConfig
    | TrimmedMeanConfig
    | MgdaConfig
    | CaGradConfig
    | NashMtlConfig
    | FairGradConfig
    | ImtlGConfig
    | AlignedMtlConfig
    | GradVacConfig
    | ExcessMtlConfig
    | PcdConfig
    | CrMogmConfig
    | GradNormConfig
    | DbMtlConfig
)


def _from_name(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


WeightingConfig: TypeAlias = Annotated[
    Annotated[AnyConfig, Field(discriminator="name")], BeforeValidator(_from_name)
]
"""Any weighting, told apart by its name, which alone stands for its defaults."""
