"""A small TrialConfig of the same shape as the real one, so that these tests stand alone."""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from mtl_search.design import Branching
from mtl_search.errors import Mismatch
from mtl_search.space import Document, FixedSuggest, Scalar, SearchSpace, Suggest, parse_document

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
    sharing: str
    trunk: Annotated[Mlp | ResNet, Field(discriminator="name")]
    weighting: Annotated[Equal | FixedWeights | PCGrad | Stch, Field(discriminator="name")] = Equal()
    optimizer: Annotated[AdamW | Sgd, Field(discriminator="name")] = AdamW(lr=1e-3)
    batch_size: int = Field(default=256, ge=1)
    epochs: int = Field(default=30, ge=1)

    @model_validator(mode="after")
    def _fits(self) -> "TrialModel":
        branching = Branching.parse(self.sharing)
        if branching.members != self.members or str(branching) != self.sharing:
            raise Mismatch(f"that of {self.members}", repr(self.sharing), about="branching")
        if branching.n_stages != self.trunk.stages:
            raise Mismatch(f"{self.trunk.stages} stages", str(branching.n_stages), about="branching")
        if isinstance(self.weighting, FixedWeights) and set(self.weighting.weights) != set(self.members):
            raise Mismatch(f"those of {self.members}", str(self.weighting.weights), about="weights")
        return self


class Recorder:
    """Passes on the answers of another, and notes the name and the range of each question."""

    def __init__(self, inner: Suggest | None = None) -> None:
        self.inner = inner or FixedSuggest({})
        self.asked: dict[str, tuple[object, ...]] = {}
        self.answers: dict[str, Scalar] = {}

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        answer = self.inner.suggest_float(name, low, high, step=step, log=log)
        self._note(name, answer, "float", low, high, step, log)
        return answer

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        answer = self.inner.suggest_int(name, low, high, step=step, log=log)
        self._note(name, answer, "int", low, high, step, log)
        return answer

    def suggest_categorical(self, name: str, choices: Sequence[Scalar]) -> Scalar:
        answer = self.inner.suggest_categorical(name, choices)
        self._note(name, answer, "categorical", *choices)
        return answer

    def _note(self, name: str, answer: Scalar, *span: object) -> None:
        assert name not in self.asked, f"{name} is asked for twice"
        self.asked[name], self.answers[name] = span, answer


def _parse(document: Document, tasks: Sequence[str]) -> SearchSpace:
    return SearchSpace.parse(document.get(("trial",)), tasks, document, ("trial",), TrialModel.model_validate)


@pytest.fixture(scope="session")
def space_of() -> Callable[..., SearchSpace]:
    """Makes the space of a `trial:` given in Python, over four tasks."""
    return lambda trial, tasks=TASKS: _parse(Document.from_value({"trial": trial}), tasks)


@pytest.fixture(scope="session")
def space_of_text() -> Callable[..., SearchSpace]:
    """Makes the space of a file x.yaml with this text, over four tasks."""
    return lambda text, tasks=TASKS: _parse(parse_document(text, "x.yaml"), tasks)


@pytest.fixture(scope="session")
def trial_model() -> type[TrialModel]:
    return TrialModel


@pytest.fixture(scope="session")
def recorder() -> type[Recorder]:
    return Recorder
