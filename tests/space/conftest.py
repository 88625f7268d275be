"""A small TrialConfig of the same shape as the real one, so that these tests stand alone."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mtl_search.design import Branching
from mtl_search.space import Document, SearchSpace, parse_document

TASKS = ("age", "cost", "death", "dnr")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mlp(Strict):
    name: Literal["mlp"] = "mlp"
    stages: int = Field(ge=1)
    width: int = Field(default=64, ge=1)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    activation: Literal["relu", "gelu"] = "relu"


class ResNet(Strict):
    name: Literal["resnet"] = "resnet"
    stages: int = Field(ge=1)
    blocks: tuple[int, ...] = (1,)


class Equal(Strict):
    name: Literal["equal"] = "equal"


class FixedWeights(Strict):
    name: Literal["fixed"] = "fixed"
    weights: dict[str, Annotated[float, Field(gt=0)]]


class PCGrad(Strict):
    name: Literal["pcgrad"] = "pcgrad"


class Stch(Strict):
    name: Literal["stch"] = "stch"
    mu: float | Literal["auto"] = Field(default=1.0)
    warmup: int = Field(default=1, ge=0)


class AdamW(Strict):
    name: Literal["adamw"] = "adamw"
    lr: float = Field(gt=0)
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = Field(default=0.0, ge=0)


class Sgd(Strict):
    name: Literal["sgd"] = "sgd"
    lr: float = Field(gt=0)
    momentum: float = Field(default=0.0, ge=0, lt=1)


class TrialModel(Strict):
    members: tuple[str, ...]
    branching: str
    trunk: Annotated[Mlp | ResNet, Field(discriminator="name")]
    weighting: Annotated[Equal | FixedWeights | PCGrad | Stch, Field(discriminator="name")] = Equal()
    optimizer: Annotated[AdamW | Sgd, Field(discriminator="name")] = AdamW(lr=1e-3)
    batch_size: int = Field(default=256, ge=1)
    epochs: int = Field(default=30, ge=1)

    @model_validator(mode="after")
    def _fits(self) -> "TrialModel":
        branching = Branching.parse(self.branching)
        if branching.members != self.members or str(branching) != self.branching:
            raise ValueError(f"branching: expected that of {self.members}, found {self.branching!r}")
        if branching.n_stages != self.trunk.stages:
            raise ValueError(f"branching: expected {self.trunk.stages} stages, found {branching.n_stages}")
        if isinstance(self.weighting, FixedWeights) and set(self.weighting.weights) != set(self.members):
            raise ValueError(f"weights: expected those of {self.members}, found {self.weighting.weights}")
        return self


def space_of(trial: dict[str, object], tasks: tuple[str, ...] = TASKS) -> SearchSpace:
    """The space of a `trial:` given in Python."""
    document = Document.from_value({"trial": trial})
    node = document.get(("trial",))
    return SearchSpace.parse(node, tasks, document, ("trial",), TrialModel.model_validate)


def space_of_text(text: str, tasks: tuple[str, ...] = TASKS) -> SearchSpace:
    """The space of the `trial:` in the text of a file x.yaml."""
    document = parse_document(text, "x.yaml")
    node = document.get(("trial",))
    return SearchSpace.parse(node, tasks, document, ("trial",), TrialModel.model_validate)
