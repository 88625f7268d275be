"""How the losses of a network's members become its gradients.

One interface serves both kinds of method: ``backward(losses, network)`` fills the gradients and returns the
weights used, and two hooks cover what some methods need besides. A scalarizer makes one number of the
losses; its weights are the derivatives of that number. An aggregator makes one gradient of the tasks'
gradients, but only where parameters are shared: each task's exclusive layers and head follow its own loss,
unweighted, since no other task is affected there. The methods come from TorchJD if it has them; GradNorm
and DB-MTL are ours.

Each method is one file: its configuration, and its weighting if no shared one (``constant``, ``scalarizer``,
``learned``, ``aggregator``) serves. A new one needs its file and its line in ``AnyConfig``.

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

from pydantic import BeforeValidator, Field, SerializeAsAny

from mtl_search.own import own_or
from mtl_search.weighting.aligned_mtl import AlignedMtlConfig
from mtl_search.weighting.base import Losses, SharedParameters, Weighting, WeightingOptions, Weights
from mtl_search.weighting.cagrad import CaGradConfig
from mtl_search.weighting.config import ConfigConfig
from mtl_search.weighting.cosmos import CosmosConfig
from mtl_search.weighting.cr_mogm import CrMogmConfig
from mtl_search.weighting.db_mtl import DbMtlConfig
from mtl_search.weighting.dualproj import DualProjConfig
from mtl_search.weighting.dwa import DwaConfig
from mtl_search.weighting.equal import EqualConfig
from mtl_search.weighting.excess_mtl import ExcessMtlConfig
from mtl_search.weighting.fairgrad import FairGradConfig
from mtl_search.weighting.famo import FamoConfig
from mtl_search.weighting.fixed import FixedConfig
from mtl_search.weighting.geometric_mean import GeometricMeanConfig
from mtl_search.weighting.graddrop import GradDropConfig
from mtl_search.weighting.gradnorm import GradNormConfig
from mtl_search.weighting.gradvac import GradVacConfig
from mtl_search.weighting.imtl_g import ImtlGConfig
from mtl_search.weighting.imtl_l import ImtlLConfig
from mtl_search.weighting.mean import MeanConfig
from mtl_search.weighting.mgda import MgdaConfig
from mtl_search.weighting.nash_mtl import NashMtlConfig
from mtl_search.weighting.pbi import PbiConfig
from mtl_search.weighting.pcd import PcdConfig
from mtl_search.weighting.pcgrad import PcGradConfig
from mtl_search.weighting.random import RandomConfig
from mtl_search.weighting.stch import StchConfig
from mtl_search.weighting.trimmed_mean import TrimmedMeanConfig
from mtl_search.weighting.uncertainty import UncertaintyConfig
from mtl_search.weighting.upgrad import UpGradConfig

__all__ = [
    "AlignedMtlConfig", "CaGradConfig", "ConfigConfig", "CosmosConfig", "CrMogmConfig", "DbMtlConfig",
    "DualProjConfig", "DwaConfig", "EqualConfig", "ExcessMtlConfig", "FairGradConfig", "FamoConfig",
    "FixedConfig", "GeometricMeanConfig", "GradDropConfig", "GradNormConfig", "GradVacConfig", "ImtlGConfig",
    "ImtlLConfig", "Losses", "MeanConfig", "MgdaConfig", "NashMtlConfig", "PbiConfig", "PcGradConfig",
    "PcdConfig", "RandomConfig", "SharedParameters", "StchConfig", "TrimmedMeanConfig", "UncertaintyConfig",
    "UpGradConfig", "Weighting", "WeightingConfig", "WeightingOptions", "Weights",
]  # fmt: skip

AnyConfig: TypeAlias = (
    EqualConfig | MeanConfig | FixedConfig | RandomConfig | GeometricMeanConfig | StchConfig | PbiConfig
    | CosmosConfig | UncertaintyConfig | ImtlLConfig | DwaConfig | FamoConfig | PcGradConfig | UpGradConfig
    | DualProjConfig | ConfigConfig | GradDropConfig | TrimmedMeanConfig | MgdaConfig | CaGradConfig
    | NashMtlConfig | FairGradConfig | ImtlGConfig | AlignedMtlConfig | GradVacConfig | ExcessMtlConfig
    | PcdConfig | CrMogmConfig | GradNormConfig | DbMtlConfig
)  # fmt: skip


def _from_name(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


WeightingConfig: TypeAlias = Annotated[
    SerializeAsAny[Annotated[AnyConfig, Field(discriminator="name")]],
    own_or(WeightingOptions, "a weighting's"),
    BeforeValidator(_from_name),
]
"""Any weighting, discriminated by its name, which alone stands for its defaults; a user's own class is named
``module:Class``."""
