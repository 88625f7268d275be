import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies._internal.random import ArtificialRandom

from mtl_search.design import Branching, close_cuts
from mtl_search.report.trees import draw_network

TREE = "age cost death / age | cost death / age | cost | death"
MEMBERS = ("age", "cost", "death")


def test_every_node_is_a_block_and_every_member_a_label() -> None:
    drawing = draw_network(TREE, MEMBERS, {"cost"})
    assert len(drawing.blocks) == 6
    assert [name for _, name in drawing.stages] == ["stage 1", "stage 2", "stage 3"]
    assert [block.shared for block in drawing.blocks] == [True, False, True, False, False, False]
    assert [(label.name, label.served) for label in drawing.labels] == [
        ("age", False),
        ("cost", True),
        ("death", False),
    ]


def test_links_lead_from_each_node_to_its_children_and_heads() -> None:
    drawing = draw_network(TREE, MEMBERS, MEMBERS)
    assert len(drawing.links) == 2 + 3 + 3
    rows = {label.name: label.y for label in drawing.labels}
    heads = {link.to_y for link in drawing.links if link.to_x == max(link.to_x for link in drawing.links)}
    assert heads == set(rows.values())


def test_a_network_of_one_task_is_a_chain() -> None:
    drawing = draw_network("age / age / age", ["age"], ["age"])
    assert len(drawing.blocks) == len(drawing.links) == 3
    assert not any(block.shared for block in drawing.blocks)


@pytest.mark.parametrize(
    "text", ["age cost / age", "age / age | cost", "", "age cost other / age | cost | other", "age age cost"]
)
def test_a_text_that_is_no_tree_of_the_members_is_not_drawn(text: str) -> None:
    assert draw_network(text, ["age", "cost"], []) is None


@given(st.integers(2, 6), st.integers(1, 4), st.randoms())
def test_no_block_covers_a_member_that_is_not_its_own(
    n: int, n_stages: int, random: ArtificialRandom
) -> None:
    names = [f"t{i}" for i in range(n)]
    cuts = {(a, b): random.randint(1, n_stages) for i, a in enumerate(names) for b in names[i + 1 :]}
    tree: Branching = close_cuts(cuts, names, n_stages)
    drawing = draw_network(str(tree), names, names[:1])
    rows = {label.name: label.y for label in drawing.labels}
    assert len(set(rows.values())) == n
    columns = sorted({block.x for block in drawing.blocks})
    for stage, x in enumerate(columns):
        blocks = [block for block in drawing.blocks if block.x == x]
        covered = {
            tuple(sorted(name for name, y in rows.items() if b.y <= y <= b.y + b.height)) for b in blocks
        }
        assert covered == set(tree.nodes(stage))
    assert all(block.y >= 0 and block.y + block.height <= drawing.height for block in drawing.blocks)
