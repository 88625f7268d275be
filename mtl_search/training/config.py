"""TrialConfig: everything that decides how one network is built and trained, except the seed."""

from typing import Literal, Self, final

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from mtl_search.model import EncoderConfig, SharingConfig, TableConfig, TrunkConfig
from mtl_search.training.augment import AugmentConfig
from mtl_search.training.identity import identity_of
from mtl_search.training.optimizer import AdamW, OptimizerConfig
from mtl_search.training.schedule import Cosine, ScheduleConfig
from mtl_search.weighting import EqualConfig, WeightingConfig

__all__ = ["TrialConfig"]


@final
class TrialConfig(BaseModel):
    """One network and how it is trained; the ``trial:`` block of a sweep has exactly this shape.

    ``augment``: how rows are changed in training. ``copies`` of each row go through the trunk, an ensemble in
    one network; ``batch_size`` is in rows; ``patience`` is the number of epochs without a better score after
    which training stops, ``None`` for never; ``clip_norm`` the largest norm of the whole gradient.
    ``precision``: ``auto`` is bfloat16 autocast on a GPU that has it and float32 elsewhere.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, arbitrary_types_allowed=True
    )

    members: tuple[str, ...] = Field(min_length=1, strict=False)
    sharing: SharingConfig
    encoder: EncoderConfig = TableConfig()
    trunk: TrunkConfig
    augment: AugmentConfig = AugmentConfig()
    copies: PositiveInt = 1
    weighting: WeightingConfig = EqualConfig()
    optimizer: OptimizerConfig = AdamW()
    schedule: ScheduleConfig = Cosine()
    clip_norm: PositiveFloat | None = None
    batch_size: PositiveInt = 256
    epochs: PositiveInt = 30
    patience: PositiveInt | None = None
    precision: Literal["auto", "float32", "bfloat16"] = "auto"

    @field_validator("members")
    @classmethod
    def _sort_members(cls, members: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(members)) < len(members):
            raise ValueError(f"each member once, found {list(members)}")
        return tuple(sorted(members))

    @model_validator(mode="after")
    def _check_sharing(self) -> Self:
        self.sharing.check(self.members, self.trunk.depth)
        return self

    def on(self, bfloat16: bool) -> Self:
        """This configuration as it is trained, with ``auto`` settled: a result depends on it."""
        if self.precision != "auto":
            return self
        return self.model_copy(update={"precision": "bfloat16" if bfloat16 else "float32"})

    def identity(self, data: str) -> str:
        """The ``config_id``: a hash of all that can change the result but the seed.

        ``data`` is the fingerprint of the Dataset; device, workers and paths are not part of a config.
        """
        return identity_of(self, data)
