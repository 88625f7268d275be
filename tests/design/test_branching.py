import pickle
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.design import Branching

Trees = Callable[..., st.SearchStrategy[Branching]]

TREE = Branching.parse("age cost death / age | cost death / age | cost | death")


def test_the_nodes_of_a_tree_and_what_feeds_them() -> None:
    assert TREE.members == ("age", "cost", "death")
    assert (TREE.n_stages, TREE.n_nodes) == (3, 6)
    assert TREE.nodes(1) == (("age",), ("cost", "death"))
    assert [TREE.parent(2, index) for index in range(3)] == [0, 1, 1]
    assert [TREE.parent(1, index) for index in range(2)] == [0, 0]
    assert [TREE.node(stage, "death") for stage in range(3)] == [0, 1, 2]


def test_cuts_count_the_shared_stages() -> None:
    assert TREE.cut("cost", "death") == TREE.cut("death", "cost") == 2
    assert TREE.cut("age", "cost") == 1
    assert TREE.cut("age", "age") == 3
    assert TREE.cut_matrix().tolist() == [[3, 1, 1], [1, 3, 2], [1, 2, 3]]


def test_a_single_member_is_a_chain() -> None:
    chain = Branching.parse("age / age")
    assert (chain.members, chain.n_nodes, chain.cut_matrix().tolist()) == (("age",), 2, [[2]])
    assert chain == Branching.shared(["age"], 2) == Branching.split(["age"], 2, at=1)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (1, "a b c / a | b | c / a | b | c"),
        (2, "a b c / a b c / a | b | c"),
        (3, "a b c / a b c / a b c"),
    ],
)
def test_a_split_shares_the_stages_before_it(at: int, text: str) -> None:
    tree = Branching.split(["c", "a", "b"], 3, at)
    assert str(tree) == text
    assert {tree.cut(a, b) for a, b in combinations("abc", 2)} == {at}


@pytest.mark.parametrize("at", [0, 4, -1])
def test_a_split_outside_the_stages_is_refused(at: int) -> None:
    with pytest.raises(ValueError, match=f"split point: expected 1 to 3 .*found {at}"):
        Branching.split(["a", "b"], 3, at)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "stage 0: expected a task in each group, found ''"),
        ("   ", "stage 0: expected a task in each group"),
        ("a b /", "stage 1: expected a task in each group, found ''"),
        ("a b / a | | b", "stage 1: expected a task in each group, found 'a |  | b'"),
        ("a | b", "stage 0: expected all members together, found 'a | b'"),
        ("a a / a", "stage 0: expected each task once, found a more than once"),
        ("a b / a b | a", "stage 1: expected each task once, found a more than once"),
        ("a b / a", "stage 1: expected the members of stage 0, found b in one of the two only"),
        ("a b / a | b | c", "stage 1: expected the members of stage 0, found c in one of the two only"),
        ("a b / a | b / a b", "stage 2: expected a and b apart, as the stage before, found them together"),
        ("a b, c", "task name: expected letters"),
    ],
)
def test_text_that_is_no_tree_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"^branching ") as error:
        Branching.parse(text)
    assert str(error.value).startswith(f"branching {text!r}: {message}")


def test_no_stages_are_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one stage, found none"):
        Branching(())


@given(st.data())
def test_text_round_trip(trees: Trees, data: st.DataObject) -> None:
    tree = data.draw(trees())
    assert Branching.parse(str(tree)) == tree
    assert pickle.loads(pickle.dumps(tree)) == tree


@given(st.data())
def test_the_order_of_tasks_and_nodes_changes_nothing(trees: Trees, data: st.DataObject) -> None:
    tree = data.draw(trees())
    shuffled = Branching(
        tuple(
            tuple(tuple(data.draw(st.permutations(group))) for group in data.draw(st.permutations(groups)))
            for groups in tree.stages
        )
    )
    assert shuffled == tree
    assert hash(shuffled) == hash(tree)
    assert str(shuffled) == str(tree)


@given(st.data())
def test_text_is_canonical(trees: Trees, data: st.DataObject) -> None:
    tree = data.draw(trees())
    for stage in str(tree).split(" / "):
        groups = [group.split() for group in stage.split(" | ")]
        assert all(group == sorted(group) for group in groups)
        assert groups == sorted(groups)


@given(st.data())
def test_cuts_are_an_ultrametric_and_give_the_tree_back(trees: Trees, data: st.DataObject) -> None:
    tree = data.draw(trees())
    cuts = tree.cut_matrix()
    assert (cuts == cuts.T).all()
    assert cuts.min() >= 1
    assert (np.diag(cuts) == tree.n_stages).all()
    through_third = np.minimum(cuts[:, :, None], cuts[None, :, :]).max(axis=1)
    assert (cuts >= through_third).all()
    order = data.draw(st.permutations(range(len(tree.members))))
    names = [tree.members[i] for i in order]
    assert Branching.from_cuts(names, tree.n_stages, cuts[np.ix_(order, order)]) == tree


@given(st.data())
def test_each_node_lies_in_its_parent_and_each_member_has_a_path(trees: Trees, data: st.DataObject) -> None:
    tree = data.draw(trees())
    for stage in range(1, tree.n_stages):
        for index, group in enumerate(tree.nodes(stage)):
            assert set(group) <= set(tree.nodes(stage - 1)[tree.parent(stage, index)])
    for task in tree.members:
        path = [tree.node(stage, task) for stage in range(tree.n_stages)]
        assert [tree.parent(stage, path[stage]) for stage in range(1, tree.n_stages)] == path[:-1]


@pytest.mark.parametrize(
    ("cuts", "message"),
    [
        ([[0, 1, 2], [1, 0, 2], [2, 2, 0]], "expected those of a tree"),
        ([[0, 1, 1], [2, 0, 1], [1, 1, 0]], "expected"),
        ([[0, 0, 0], [0, 0, 0], [0, 0, 0]], "expected those of a tree"),
        ([[0, 4, 1], [4, 0, 1], [1, 1, 0]], "expected 1 to 3 in a symmetric matrix"),
        ([[0, 1], [1, 0]], r"expected 3 rows and columns, found shape \(2, 2\)"),
    ],
)
def test_cuts_of_no_tree_are_refused(cuts: list[list[int]], message: str) -> None:
    with pytest.raises(ValueError, match=f"cuts: {message}"):
        Branching.from_cuts(["a", "b", "c"], 3, cuts)


@given(st.data())
def test_a_restricted_tree_keeps_the_cuts(trees: Trees, data: st.DataObject) -> None:
    tree = data.draw(trees())
    kept = data.draw(st.lists(st.sampled_from(tree.members), min_size=1, unique=True))
    small = tree.restrict(kept)
    assert small.members == tuple(sorted(kept))
    assert small.n_stages == tree.n_stages
    assert all(small.cut(a, b) == tree.cut(a, b) for a in kept for b in kept)


def test_restricting_to_others_is_refused() -> None:
    with pytest.raises(ValueError, match=r"restrict: expected members of .* found \['nobody'\]"):
        TREE.restrict(["age", "nobody"])
    with pytest.raises(ValueError, match="stage 0: expected a task in each group, found ''"):
        TREE.restrict([])


def test_asking_for_what_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of its members, found 'nobody'"):
        TREE.cut("age", "nobody")
    with pytest.raises(ValueError, match="expected a stage after 0"):
        TREE.parent(0, 0)
