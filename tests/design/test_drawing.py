from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from mtl_search.design import Branching

Trees = Callable[..., st.SearchStrategy[Branching]]


def drawn(text: str) -> str:
    return Branching.parse(text).draw()


def test_a_chain() -> None:
    assert drawn("age / age") == "0   1\n●───●─── age"


def test_shared_to_the_end_only_the_heads_differ() -> None:
    assert drawn("a b c / a b c") == "\n".join(
        [
            "0   1",
            "●───●─┬─ a",
            "      ├─ b",
            "      └─ c",
        ]
    )


def test_nodes_of_a_group_are_drawn_together_even_where_names_are_not() -> None:
    assert drawn("a b c d e / a c e | b d / a e | c | b d / a | e | c | b | d") == "\n".join(
        [
            "0   1   2   3",
            "●─┬─●─┬─●─┬─●─── a",
            "  │   │   └─●─── e",
            "  │   └─●───●─── c",
            "  └─●───●─┬─●─── b",
            "          └─●─── d",
        ]
    )


def test_a_line_passes_a_longer_subtree() -> None:
    assert drawn("a b c d / a b | c | d / a | b | c | d") == "\n".join(
        [
            "0   1   2",
            "●─┬─●─┬─●─── a",
            "  │   └─●─── b",
            "  ├─●───●─── c",
            "  └─●───●─── d",
        ]
    )


def test_members_that_only_help_stand_in_parentheses() -> None:
    tree = Branching.parse("a b / a | b")
    assert tree.draw(served=["b"]).splitlines()[1:] == ["●─┬─●─── (a)", "  └─●─── b"]


@given(st.data())
def test_a_dot_for_each_node_in_the_column_of_its_stage(trees: Trees, data: st.DataObject) -> None:
    tree = data.draw(trees())
    header, *rows = tree.draw().splitlines()
    assert header.split() == [str(stage) for stage in range(tree.n_stages)]
    for stage in range(tree.n_stages):
        assert header.index(str(stage)) == 4 * stage
        assert sum(row[4 * stage] == "●" for row in rows) == len(tree.nodes(stage))
    assert sorted(row.split()[-1] for row in rows) == sorted(tree.members)
    assert len({row.index(" ", row.rindex("─")) for row in rows}) == 1


@given(st.data())
def test_different_trees_are_drawn_differently(trees: Trees, data: st.DataObject) -> None:
    one, two = data.draw(trees(members="abcd")), data.draw(trees(members="abcd"))
    assert (one.draw() == two.draw()) == (one == two)
