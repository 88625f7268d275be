from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, BeforeValidator, Discriminator, Field, Tag

from mtl_search.space.model_fields import keys_at, tags_at


class A(BaseModel):
    name: Literal["a"] = "a"
    alpha: int = 1
    mode: Literal["x", "y"] = "x"


class B(BaseModel):
    name: Literal["b"]
    beta: tuple[A, int] = (A(), 1)


class Columns(BaseModel):
    column: str


class Fractions(BaseModel):
    valid: float = 0.1
    seed: int = Field(default=0, alias="split_seed")


Named = Annotated[A | B, Field(discriminator="name")]


class Top(BaseModel):
    one: Named
    maybe: Named | None = None
    many: dict[str, Annotated[Named, BeforeValidator(lambda value: value)]] = {}
    mapped: Mapping[str, Named] = {}
    listed: list[Fractions] = []
    split: Columns | Fractions = Fractions()
    tagged: Annotated[
        Annotated[Columns, Tag("c")] | Annotated[Fractions, Tag("f")], Discriminator(lambda value: "c")
    ] = Fractions()
    number: int = 0
    a_class: type[int] = int


TOP = ["one", "maybe", "many", "mapped", "listed", "split", "tagged", "number", "a_class"]
IN_A, IN_B, IN_FRACTIONS = ["name", "alpha", "mode"], ["name", "beta"], ["valid", "split_seed"]


@pytest.mark.parametrize(
    ("location", "keys"),
    [
        ((), TOP),
        (("one", "a"), IN_A),
        (("one", "b"), IN_B),
        (("one",), ["name", "alpha", "mode", "beta"]),
        (("maybe", "b"), IN_B),
        (("many", "some", "a"), IN_A),
        (("many", "a", "a"), IN_A),
        (("mapped", "some", "b", "beta", 0), IN_A),
        (("listed", 3), IN_FRACTIONS),
        (("split", "Fractions"), IN_FRACTIONS),
        (("split", "Columns"), ["column"]),
        (("tagged", "f"), IN_FRACTIONS),
        (("tagged", "c"), ["column"]),
        (("number",), []),
        (("number", "x"), []),
        (("one", "a", "alpha", "deeper"), []),
        (("nowhere",), []),
        (("a_class", 0), []),
    ],
)
def test_keys_at_a_location_of_pydantic(location: Any, keys: list[str]) -> None:
    assert keys_at(Top, location) == keys


def test_tags_of_a_union() -> None:
    assert tags_at(Top, ("one",)) == ["a", "b"]
    assert tags_at(Top, ("maybe",)) == ["a", "b"]
    assert tags_at(Top, ("many", "some")) == ["a", "b"]
    assert tags_at(Top, ("tagged",)) == ["c", "f"]
    assert tags_at(Top, ("number",)) == []
