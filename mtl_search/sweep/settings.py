"""The blocks of a sweep file besides data, tasks and trial, as frozen values."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self, final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from mtl_search.data import DataSpec
from mtl_search.errors import Mismatch
from mtl_search.records import Role
from mtl_search.sweep.pruners import ASHA, PrunerConfig
from mtl_search.sweep.samplers import TPE, SamplerConfig
from mtl_search.sweep.storage import check_storage
from mtl_search.tasks import TaskConfig
from mtl_search.training import NetworkCost

__all__ = ["Budget", "Constraints", "Objective", "References", "Resources", "Settings", "check_name"]

MOST_NETWORKS = 1000  # of a design; more than tasks never help
LEAST_MEMORY = 16 * 2**20  # a smaller number is one whose unit was forgotten

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

FROZEN = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


@final
class Objective(BaseModel):
    """What a design is composed for: delta_m with at most so many networks, or within a size."""

    model_config = FROZEN

    max_networks: int | None = Field(default=None, gt=0, le=MOST_NETWORKS)
    max_params: PositiveInt | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.max_networks is None) == (self.max_params is None):
            raise ValueError("either max_networks or max_params")
        return self


@final
class Constraints(BaseModel):
    """Bounds of one network; a network beyond them is refused before it is trained."""

    model_config = FROZEN

    n_params: PositiveInt | None = None
    flops: PositiveInt | None = None

    def broken_by(self, cost: NetworkCost) -> tuple[str, float] | None:
        """The first bound that ``cost`` is beyond, and by how much relative to it; None if it fits."""
        for name, bound in self.model_dump(exclude_none=True).items():
            if (found := getattr(cost, name)) > bound:
                return name, found / bound - 1.0
        return None


@final
class Budget(BaseModel):
    """How much each arm may use, and how much the confirmation.

    ``trials`` for the search and for each arm of the user's; ``reference_trials`` for each reference arm per
    main task: so many for each task alone, and as many in all for the networks of all tasks. ``hours`` in the
    place of ``trials`` bounds the whole command, from reading the data to the confirmation, of which the
    search has at least half if possible (see `mtl_search.search.budget.hours`); the reference arms have their
    parts of ``reference_hours`` if a sweep was extended for the search alone.
    The networks of promising designs are then replicated on ``repeats`` seeds before designs are final, and
    ``finalists`` designs besides the references are confirmed on ``seeds`` seeds, and so is the control of
    the recommended one (or of all ``finalists``: see ``controls``). None of it is budget of an arm.
    """

    model_config = FROZEN

    trials: PositiveInt | None = None
    hours: PositiveFloat | None = None
    reference_hours: NonNegativeFloat | None = None
    reference_trials: PositiveInt = 12
    repeats: NonNegativeInt = 2
    finalists: NonNegativeInt = 3
    controls: Literal["recommended", "finalists"] = "recommended"
    seeds: NonNegativeInt = 5

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.trials is None) == (self.hours is None):
            raise ValueError("either trials or hours")
        if self.reference_hours is not None and self.hours is None:
            raise ValueError("reference_hours only with hours")
        return self

    @property
    def confirms(self) -> bool:
        """Whether designs are confirmed at all."""
        return self.finalists > 0 and self.seeds > 0


@final
class References(BaseModel):
    """Optional reference arms for tables, linear networks and boosted trees; and whether ``single_task``
    tries what other arms found (see `mtl_search.search.phases.catch_up`)."""

    model_config = FROZEN

    linear: bool = True
    trees: bool = True
    catch_up: bool = True


@final
class Resources(BaseModel):
    """What one trial is given: CPUs (its torch threads) and a GPU, of which it may hold a fraction; and for
    how many ``minutes`` and with how much ``memory`` of the machine it may train, beyond which it fails.

    ``workers``: processes that train its network together, each with these CPUs and a whole GPU, or none.

    ``retries``: how often it is trained again if its worker, its node or their memory was lost.
    """

    model_config = FROZEN

    workers: PositiveInt = 1
    cpu: PositiveInt = 1
    gpu: Literal["auto"] | Annotated[float, Field(ge=0)] = "auto"
    minutes: PositiveFloat | None = None
    memory: ByteSize | None = None
    retries: NonNegativeInt = 3

    @field_validator("gpu")
    @classmethod
    def _whole_gpus(cls, gpu: float | str) -> float | str:
        if not isinstance(gpu, str) and gpu > 1 and not gpu.is_integer():
            raise ValueError("a share of one GPU, or a whole number of them")
        return gpu

    @model_validator(mode="after")
    def _a_gpu_each(self) -> Self:
        if self.workers > 1 and self.gpu not in ("auto", 0, self.workers):
            raise ValueError(f"with {self.workers} workers: gpu: 0, or a whole GPU for each, or auto")
        return self

    @property
    def team(self) -> int:
        """How many workers a trial has: as many as it has whole GPUs, if those are given."""
        return self.workers if self.gpu == "auto" else max(self.workers, int(self.gpu))

    @field_validator("memory")
    @classmethod
    def _room_to_train(cls, memory: ByteSize | None) -> ByteSize | None:
        if memory is not None and memory < LEAST_MEMORY:
            raise Mismatch("at least 16MiB, with its unit as in 4GiB", f"{memory:d} bytes")
        return memory


def _named(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


def _tpe_by_default(value: object) -> object:
    """What says how members are chosen need not say how hyperparameters are."""
    named = _named(value)
    return {"name": TPE().name, **named} if isinstance(named, Mapping) else named


def check_name(name: str) -> str:
    """``name`` if a sweep and its folder may be called that; Mismatch else."""
    if not NAME.fullmatch(name):
        expected = "up to 100 letters, digits, '.', '_' and '-', of which the first is a letter or digit"
        raise Mismatch(expected, repr(name))
    return name


@final
class Settings(BaseModel):
    """A sweep file without ``trial:`` and ``arms:``, which describe spaces.

    ``keep``: whose networks the confirmation saves; ``storage``: the database that Optuna's tools read the
    studies from, instead of a file in the results.
    """

    model_config = FROZEN

    name: Annotated[str, AfterValidator(check_name)]
    data: DataSpec
    tasks: dict[str, TaskConfig] = Field(min_length=1)
    objective: Objective = Objective(max_networks=3)
    constraints: Constraints = Constraints()
    budget: Budget
    references: References = References()
    resources: Resources = Resources()
    sampler: Annotated[SamplerConfig, BeforeValidator(_tpe_by_default)] = TPE()
    pruner: Annotated[PrunerConfig, BeforeValidator(_named)] = ASHA()
    keep: Literal["recommended", "finalists", "none"] = "recommended"
    storage: Annotated[str | None, BeforeValidator(check_storage)] = None

    @model_validator(mode="after")
    def _some_main_task(self) -> Self:
        if not self.main_tasks:
            raise ValueError("at least one task with role main")
        return self

    @property
    def weights(self) -> dict[str, float]:
        """How much each task counts in delta_m."""
        return {name: task.weight for name, task in self.tasks.items()}

    @property
    def main_tasks(self) -> tuple[str, ...]:
        """The tasks that count in delta_m, sorted by name."""
        return tuple(sorted(name for name, task in self.tasks.items() if task.role is Role.MAIN))

    @property
    def auxiliary_tasks(self) -> tuple[str, ...]:
        """The tasks that only help others, sorted by name."""
        return tuple(sorted(name for name, task in self.tasks.items() if task.role is Role.AUXILIARY))

    @property
    def all_tasks(self) -> tuple[str, ...]:
        """All tasks, sorted by name."""
        return tuple(sorted(self.tasks))
