from typing import Annotated, Literal

import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    DirectoryPath,
    Field,
    FiniteFloat,
    ValidationError,
    field_validator,
    model_validator,
)

from mtl_search.errors import Mismatch
from mtl_search.space.document import Document
from mtl_search.space.pydantic_errors import spec_error
from mtl_search.space.yaml import parse_document


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Random(Strict):
    name: Literal["random"]


class Tpe(Strict):
    name: Literal["tpe"]
    startup: int = Field(default=10, ge=1, le=100)
    rate: float = Field(default=0.5, gt=0, lt=1)
    weight: FiniteFloat | Literal["balanced"] | None = None
    pair: tuple[int, int] = (1, 2)

    @model_validator(mode="after")
    def _check(self) -> "Tpe":
        if self.startup == 13:
            raise ValueError("13 brings bad luck")
        if self.startup == 14:
            raise Mismatch("another number", "14", about="startup")
        return self


class Budget(Strict):
    trials: int = Field(multiple_of=2)
    hours: float | None = None


class Sweep(Strict):
    name: str = Field(min_length=1, max_length=5, pattern=r"^[a-z]*$")
    budget: Budget
    sampler: Annotated[Random | Tpe, Field(discriminator="name")] = Random(name="random")
    folder: DirectoryPath | None = None
    flags: list[bool] = Field(default=[], max_length=2)
    tasks: dict[str, Literal["binary", "regression"]] = Field(default={}, min_length=0)
    arms: dict[str, Random] = {}

    @field_validator("tasks")
    @classmethod
    def _one_task(cls, tasks: dict[str, str]) -> dict[str, str]:
        if "none" in tasks:
            raise Mismatch("other tasks", "'none'", "leave it out")
        return tasks


def message(text: str, path: tuple[str, ...] = ()) -> str:
    document = parse_document(text, "x.yaml")
    with pytest.raises(ValidationError) as caught:
        Sweep.model_validate(document.get(path))
    return str(spec_error(caught.value, document, path, model=Sweep))


OK = "name: a\nbudget: {trials: 2}\n"
SAMPLERS = "valid: random, tpe"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: a\n", "x.yaml:1: budget: expected a value, found nothing"),
        ("name: a\nbudget:\n", "x.yaml:2: budget: expected a mapping, found nothing"),
        ("name: a\nbudget: 3\n", "x.yaml:2: budget: expected a mapping, found 3"),
        ("name: a\nbudget:\n  hours: 1\n", "x.yaml:2: budget.trials: expected a value, found nothing"),
        (
            "name: a\nbudget:\n  trails: 3\n",
            "x.yaml:3: budget.trails: expected a known key, found 'trails'; did you mean 'trials'?",
        ),
        (
            OK + "zzz: 1\n",
            "x.yaml:3: zzz: expected a known key, found 'zzz';"
            " valid: arms, budget, flags, folder, name, sampler, tasks",
        ),
        ("name: a\nbudget: {trials: x}\n", "x.yaml:2: budget.trials: expected a whole number, found 'x'"),
        ("name: a\nbudget: {trials: 2.5}\n", "x.yaml:2: budget.trials: expected a whole number, found 2.5"),
        ("name: a\nbudget: {trials: 3}\n", "x.yaml:2: budget.trials: expected a multiple of 2, found 3"),
        ("name: a\nbudget: {trials: 2, hours: x}\n", "x.yaml:2: budget.hours: expected a number, found 'x'"),
        ("name: 3\nbudget: {trials: 2}\n", "x.yaml:1: name: expected text, found 3"),
        (
            "name: ''\nbudget: {trials: 2}\n",
            "x.yaml:1: name: expected text of at least 1 characters, found ''",
        ),
        (
            "name: abcdef\nbudget: {trials: 2}\n",
            "x.yaml:1: name: expected text of at most 5 characters, found 'abcdef'",
        ),
        (
            "name: A\nbudget: {trials: 2}\n",
            "x.yaml:1: name: expected text that matches '^[a-z]*$', found 'A'",
        ),
        (OK + "sampler: tpe\n", "x.yaml:3: sampler: expected a mapping, found 'tpe'"),
        (OK + "sampler: {}\n", f"x.yaml:3: sampler: expected a mapping with name, found {{}}; {SAMPLERS}"),
        (
            OK + "sampler:\n  name: tpee\n",
            "x.yaml:4: sampler.name: expected a known name, found 'tpee'; did you mean 'tpe'?",
        ),
        (
            OK + "sampler: {name: 7}\n",
            f"x.yaml:3: sampler.name: expected a known name, found '7'; {SAMPLERS}",
        ),
        (
            OK + "sampler:\n  name: tpe\n  strtup: 1\n",
            "x.yaml:5: sampler.strtup: expected a known key, found 'strtup'; did you mean 'startup'?",
        ),
        (
            OK + "sampler:\n  name: tpe\n  startup: 0\n",
            "x.yaml:5: sampler.startup: expected a number of at least 1, found 0",
        ),
        (
            OK + "sampler: {name: tpe, startup: 101}\n",
            "x.yaml:3: sampler.startup: expected a number of at most 100, found 101",
        ),
        (
            OK + "sampler: {name: tpe, rate: 0}\n",
            "x.yaml:3: sampler.rate: expected a number above 0, found 0",
        ),
        (
            OK + "sampler: {name: tpe, rate: 1.0}\n",
            "x.yaml:3: sampler.rate: expected a number below 1, found 1.0",
        ),
        (
            OK + "sampler: {name: tpe, weight: balance}\n",
            "x.yaml:3: sampler.weight: expected a number or 'balanced', found 'balance'",
        ),
        (
            OK + "sampler: {name: tpe, rate: {flaot: [0, 1]}}\n",
            "x.yaml:3: sampler.rate: expected a number, found {flaot: [0, 1]}; did you mean 'float'?",
        ),
        (
            OK + "sampler: {name: tpe, rate: {x: 1}}\n",
            "x.yaml:3: sampler.rate: expected a number, found {x: 1}",
        ),
        (
            OK + "sampler: {name: tpe, startup: 13}\n",
            "x.yaml:3: sampler: expected a valid value,"
            " found {name: 'tpe', startup: 13} (13 brings bad luck)",
        ),
        (
            OK + "sampler: {name: tpe, startup: 14}\n",
            "x.yaml:3: sampler: expected another number (startup), found 14",
        ),
        (
            OK + "sampler: {name: tpe, pair: [1]}\n",
            "x.yaml:3: sampler.pair[1]: expected a value, found nothing",
        ),
        (
            OK + "sampler: {name: tpe, pair: 1}\n",
            "x.yaml:3: sampler.pair: expected a list, found 1",
        ),
        (
            OK + "sampler: {name: tpe, pair: [1, 2, 3]}\n",
            "x.yaml:3: sampler.pair: expected at most 2 entries, found [1, 2, 3]",
        ),
        (
            OK + "folder: /nowhere\n",
            "x.yaml:3: folder: expected a valid value (Path does not point to a directory), found '/nowhere'",
        ),
        (OK + "flags: true\n", "x.yaml:3: flags: expected a list, found true"),
        (OK + "flags:\n- true\n- 3\n", "x.yaml:5: flags[1]: expected true or false, found 3"),
        (OK + "tasks: []\n", "x.yaml:3: tasks: expected a mapping, found []"),
        (
            OK + "tasks:\n  dnr: bin\n",
            "x.yaml:4: tasks.dnr: expected 'binary' or 'regression', found 'bin'",
        ),
        (OK + "tasks: {none: binary}\n", "x.yaml:3: tasks: expected other tasks, found 'none'; leave it out"),
        (
            OK + "arms:\n  random:\n    name: random\n    seed: 3\n",
            "x.yaml:6: arms.random.seed: expected a known key, found 'seed'; valid: name",
        ),
    ],
)
def test_what_pydantic_refuses_is_told_in_plain_words(text: str, expected: str) -> None:
    assert message(text) == expected


def test_unknown_keys_go_first_since_a_typo_makes_a_key_missing_too() -> None:
    found = message("name: a\nbuget: {trials: 2}\n")
    assert found == "x.yaml:2: buget: expected a known key, found 'buget'; did you mean 'budget'?"


def test_a_part_of_a_document() -> None:
    found = message("sweep:\n  name: a\n  budget: {trials: 3}\n", ("sweep",))
    assert found == "x.yaml:3: sweep.budget.trials: expected a multiple of 2, found 3"


def test_without_a_model_there_is_no_nearest_key() -> None:
    document = Document.from_value({"name": "a", "budgt": 1})
    with pytest.raises(ValidationError) as caught:
        Sweep.model_validate(document.data)
    error = spec_error(caught.value, document)
    assert str(error) == "<sweep>: budgt: expected a known key, found 'budgt'"


def test_a_validated_value_may_come_from_elsewhere_in_the_document() -> None:
    document = parse_document("trial:\n  trials: {int: [1, 4]}\n", "x.yaml")
    with pytest.raises(ValidationError) as caught:
        Budget.model_validate({"trials": 1})
    error = spec_error(caught.value, document, value={"trials": 1}, origin=lambda path: ("trial", *path))
    assert str(error) == "x.yaml:2: trial.trials: expected a multiple of 2, found 1 (of {int: [1, 4]})"
