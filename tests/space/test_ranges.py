import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.errors import Mismatch
from mtl_search.space.node import Constant, Fields, walk
from mtl_search.space.parameter import Categorical, FloatRange, Parameter
from mtl_search.space.ranges import Leaf, OneOf, Simplex
from mtl_search.space.suggest import FixedSuggest, RandomSuggest

MU, GAMMA = FloatRange(0.1, 1), FloatRange(2, 3)


def named(name: str, **options: Leaf | OneOf) -> tuple[str, Fields]:
    return name, Fields((("name", Constant(name)), *options.items()))


METHODS = OneOf((named("equal"), named("stch", mu=Leaf(MU)), named("other", mu=Leaf(GAMMA))))


def test_the_name_picks_the_alternative() -> None:
    assert METHODS.sample(FixedSuggest({}), "weighting", ()) == {"name": "equal"}
    picked = FixedSuggest({"weighting.name": "stch", "weighting.stch.mu": 0.5, "weighting.other.mu": 2})
    assert METHODS.sample(picked, "weighting", ()) == {"name": "stch", "mu": 0.5}


def test_parameters_of_alternatives_are_conditional_and_apart() -> None:
    assert list(METHODS.parameters("weighting", ())) == [
        Parameter("weighting.name", Categorical(("equal", "stch", "other"))),
        Parameter("weighting.stch.mu", MU, (("weighting.name", "stch"),)),
        Parameter("weighting.other.mu", GAMMA, (("weighting.name", "other"),)),
    ]


def test_conditions_of_nested_alternatives_add_up() -> None:
    outer = OneOf((named("plain"), named("nested", inner=METHODS)))
    nested = {p.name: p.when for p in outer.parameters("w", ())}
    assert nested == {
        "w.name": "",
        "w.nested.inner.name": "w.name = 'nested'",
        "w.nested.inner.stch.mu": "w.name = 'nested' and w.nested.inner.name = 'stch'",
        "w.nested.inner.other.mu": "w.name = 'nested' and w.nested.inner.name = 'other'",
    }


def test_alternatives_are_found_in_the_document() -> None:
    assert dict(walk(METHODS, ("w",)))["w", "one_of", 1, "mu"] == Leaf(MU)


def test_alternatives_must_differ_in_name() -> None:
    with pytest.raises(Mismatch, match="alternatives that differ in name, found 'equal' more than once"):
        OneOf((named("equal"), named("stch"), named("equal")))
    with pytest.raises(Mismatch, match="at least one alternative, found none"):
        OneOf(())


@pytest.mark.parametrize("ends", [(0, 1), (-1, 1), (1, 1), (2, 1), ("a", 1)])
def test_a_simplex_needs_positive_ends_in_order(ends: tuple[int, int] | tuple[str, int]) -> None:
    with pytest.raises(Mismatch):
        Simplex(*ends)


MEMBERS = st.lists(st.sampled_from("abcdef"), min_size=1, unique=True).map(sorted).map(tuple)


@given(MEMBERS, st.integers(0, 999))
def test_weights_have_a_mean_of_one_and_the_ratios_that_were_drawn(
    members: tuple[str, ...], seed: int
) -> None:
    drawn = {
        f"w.{task}": FloatRange(0.1, 10, log=True).ask(RandomSuggest(random.Random(seed)), "x")
        for task in members
    }
    weights = Simplex(0.1, 10).sample(FixedSuggest(drawn), "w", members)
    assert tuple(weights) == members
    assert sum(weights.values()) == pytest.approx(len(members))
    for task in members:
        ratio = weights[task] / weights[members[0]]
        assert ratio == pytest.approx(drawn[f"w.{task}"] / drawn[f"w.{members[0]}"])


@given(MEMBERS)
def test_each_member_has_its_own_parameter_whatever_the_others(members: tuple[str, ...]) -> None:
    everyone = set(Simplex(0.1, 10).parameters("w", tuple("abcdef")))
    parameters = list(Simplex(0.1, 10).parameters("w", members))
    assert [p.name for p in parameters] == [f"w.{task}" for task in members]
    assert everyone.issuperset(parameters)
    assert all(p.range == FloatRange(0.1, 10, log=True) for p in parameters)
