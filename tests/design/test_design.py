import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.design import Branching, Design, DesignNetwork

Trees = Callable[..., st.SearchStrategy[Branching]]

TEXT = "t7 serves age cost: age cost death / age cost | death; t9 serves death: death / death"
DESIGN = Design.parse(TEXT)


@st.composite
def designs(draw: st.DrawFn, trees: Trees) -> Design:
    """Main tasks split at random between networks that hold them and a few helpers."""
    tasks = draw(st.permutations(["age", "cost", "death", "los"]))
    cuts = sorted(draw(st.sets(st.integers(1, 3))))
    groups = [tuple(tasks[a:b]) for a, b in zip([0, *cuts], [*cuts, 4], strict=True)]
    keys = draw(st.permutations(["t1", "t2", "t10", "s-3"]))
    helpers = st.sampled_from([(), ("x",), ("x", "b")])
    return Design(
        tuple(
            DesignNetwork(key, draw(trees(members=(*group, *draw(helpers)))), group)
            for key, group in zip(keys, groups, strict=False)
        )
    )


def test_what_a_design_answers() -> None:
    assert [network.key for network in DESIGN.networks] == ["t7", "t9"]
    assert DESIGN.serves == {"age": "t7", "cost": "t7", "death": "t9"}
    assert list(DESIGN.serves) == ["age", "cost", "death"]
    assert DESIGN.networks[0].branching == Branching.parse("age cost death / age cost | death")


def test_networks_stand_in_the_order_of_the_tasks_they_serve() -> None:
    turned = "t9 serves death:death/death;  t7 serves cost age : death cost age / death | cost age"
    assert Design.parse(turned) == DESIGN
    assert str(Design.parse(turned)) == TEXT


def test_a_design_from_what_serves_each_task() -> None:
    branchings = {network.key: network.branching for network in DESIGN.networks}
    serves = {"death": "t9", "cost": "t7", "age": "t7"}
    unused = {"t8": Branching.parse("age")}
    assert Design.from_serves(serves, branchings | unused) == DESIGN


@given(st.data())
def test_text_round_trip(trees: Trees, data: st.DataObject) -> None:
    design = data.draw(designs(trees))
    assert Design.parse(str(design)) == design
    assert pickle.loads(pickle.dumps(design)) == design
    branchings = {network.key: network.branching for network in design.networks}
    assert Design.from_serves(design.serves, branchings) == design


@given(st.data())
def test_the_order_of_networks_and_tasks_changes_nothing(trees: Trees, data: st.DataObject) -> None:
    design = data.draw(designs(trees))
    shuffled = Design(
        tuple(
            DesignNetwork(network.key, network.branching, tuple(data.draw(st.permutations(network.serves))))
            for network in data.draw(st.permutations(design.networks))
        )
    )
    assert shuffled == design
    assert hash(shuffled) == hash(design)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "design: expected 'key serves tasks: branching', found ''"),
        ("t1: age", "design: expected 'key serves tasks: branching', found 't1: age'"),
        ("t1 serves age: age;", "design: expected 'key serves tasks: branching', found ''"),
        ("t1 serves : age", "t1: expected to serve some of age, found ''"),
        ("t1 serves cost: age", "t1: expected to serve some of age, found 'cost'"),
        ("t1 serves age age: age", "t1: expected to serve some of age, found 'age age'"),
        ("t/1 serves age: age", "key of a network: expected letters"),
        ("t1 serves age: age | cost", "branching ' age | cost': stage 0: expected all members together"),
        ("t1 serves age: age; t1 serves cost: cost", "design: expected each key once, found t1 twice"),
        ("t1 serves age: age; t2 serves age: age", "design: expected each served task once, found age twice"),
    ],
)
def test_text_that_is_no_design_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"expected") as error:
        Design.parse(text)
    assert str(error.value).startswith(message)


def test_no_networks_are_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one network, found none"):
        Design(())
