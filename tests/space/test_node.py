import pytest

from mtl_search.errors import Mismatch
from mtl_search.space.node import Constant, Fields, Items, PerTask, walk
from mtl_search.space.parameter import FloatRange, IntRange, Parameter
from mtl_search.space.ranges import Leaf
from mtl_search.space.suggest import FixedSuggest

LR, WIDTH = FloatRange(0.1, 1), IntRange(1, 3)
OPTIMIZER = Fields((("name", Constant("adamw")), ("betas", Items((Leaf(LR), Constant(0.999))))))
WEIGHTS = PerTask((("age", Leaf(LR)), ("cost", Constant(2)), ("dnr", Leaf(WIDTH))))


def test_a_constant_is_itself() -> None:
    trunk = object()
    assert Constant(trunk).sample(FixedSuggest({}), "trunk", ("age",)) is trunk
    assert list(Constant(trunk).parameters("trunk", ("age",))) == []
    assert list(Constant(trunk).children()) == []


def test_ranges_within_mappings_and_lists_are_named_by_their_path() -> None:
    assert list(OPTIMIZER.parameters("optimizer", ())) == [Parameter("optimizer.betas.0", LR)]
    sample = OPTIMIZER.sample(FixedSuggest({"optimizer.betas.0": 0.5}), "optimizer", ())
    assert sample == {"name": "adamw", "betas": [0.5, 0.999]}


def test_a_sample_is_not_shared_with_the_next() -> None:
    first = OPTIMIZER.sample(FixedSuggest({}), "optimizer", ())
    betas = first["betas"]
    assert isinstance(betas, list)
    betas.append(3)
    assert OPTIMIZER.sample(FixedSuggest({}), "optimizer", ()) == {"name": "adamw", "betas": [0.1, 0.999]}


def test_a_value_per_task_is_that_of_the_members() -> None:
    assert WEIGHTS.sample(FixedSuggest({}), "w", ("age", "cost")) == {"age": 0.1, "cost": 2}
    assert WEIGHTS.sample(FixedSuggest({}), "w", ("cost",)) == {"cost": 2}
    assert [p.name for p in WEIGHTS.parameters("w", ("cost", "dnr"))] == ["w.dnr"]
    assert [p.name for p in WEIGHTS.parameters("w", ("age", "cost", "dnr"))] == ["w.age", "w.dnr"]


def test_a_value_per_task_must_be_there_for_each_member() -> None:
    WEIGHTS.check_covers(("age", "dnr"))
    with pytest.raises(Mismatch, match="a value for each task that can be a member, found none for a, z"):
        WEIGHTS.check_covers(("z", "age", "a"))


def test_walking_visits_all_nodes_with_their_places() -> None:
    visited = dict(walk(Fields((("weights", WEIGHTS), ("optimizer", OPTIMIZER))), ("trial",)))
    assert list(visited) == [
        ("trial",),
        ("trial", "weights"),
        ("trial", "weights", "age"),
        ("trial", "weights", "cost"),
        ("trial", "weights", "dnr"),
        ("trial", "optimizer"),
        ("trial", "optimizer", "name"),
        ("trial", "optimizer", "betas"),
        ("trial", "optimizer", "betas", 0),
        ("trial", "optimizer", "betas", 1),
    ]
    assert visited["trial", "optimizer", "betas", 0] == Leaf(LR)
