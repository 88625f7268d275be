"""TreesConfig: everything that decides how the boosted trees of one task are grown, except the seed."""

from typing import Annotated, Literal, Self, final

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat, PositiveInt

from mtl_search.training.identity import identity_of
from mtl_search.weighting import EqualConfig, WeightingConfig

__all__ = ["ROUNDS", "TreesConfig"]

ROUNDS = 10  # of boosting in an epoch

Share = Annotated[float, Field(gt=0.0, le=1.0)]


@final
class TreesConfig(BaseModel):
    """Boosted trees of one task, and how they are grown: LightGBM's parameters under plain names.

    ``leaves`` of a tree, ``min_rows`` of a leaf; ``columns`` and ``rows`` are the shares of both that a tree
    is grown on; ``l2`` shrinks its values. ``epochs`` and ``patience`` count ``ROUNDS`` rounds each.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    model: Literal["trees"] = "trees"
    members: tuple[str] = Field(strict=False)
    learning_rate: PositiveFloat = 0.1
    leaves: Annotated[int, Field(ge=2)] = 31
    min_rows: PositiveInt = 20
    columns: Share = 1.0
    rows: Share = 1.0
    l2: NonNegativeFloat = 0.0
    epochs: PositiveInt = 100
    patience: PositiveInt = 5

    @property
    def sharing(self) -> str:
        """What the leaderboard says of how its task shares: it is alone."""
        return self.members[0]

    @property
    def weighting(self) -> WeightingConfig:
        """Of one loss there is nothing to weigh."""
        return EqualConfig()

    def on(self, bfloat16: bool) -> Self:
        """This configuration as it is trained: trees know no mixed precision."""
        return self

    @property
    def parameters(self) -> dict[str, float | int | str]:
        """For LightGBM."""
        return {
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.min_rows,
            "feature_fraction": self.columns,
            "bagging_fraction": self.rows,
            "bagging_freq": int(self.rows < 1),
            "lambda_l2": self.l2,
        }

    def identity(self, data: str) -> str:
        """The ``config_id``, as of a network's `TrialConfig`."""
        return identity_of(self, data)
