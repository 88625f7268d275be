"""A network drawn as SVG: its stages from left to right, a block for each node, a row for each member."""

from collections.abc import Collection, Sequence

from mtl_search.design.branching import read_stages
from mtl_search.report.drawings import BLOCK, LEFT, ROW, STAGE, TOP, Block, Drawing, Label, Link
from mtl_search.report.words import short

__all__ = ["draw_network"]


def draw_network(branching: str, members: Collection[str], served: Collection[str]) -> Drawing | None:
    """The drawing of a branching; None if ``branching`` does not read as a tree of ``members``.

    The text is read leniently: a leaderboard of names that a sweep file would refuse still has a page.
    """
    stages = read_stages(branching)
    if any(sorted(name for node in nodes for name in node) != sorted(members) for nodes in stages):
        return None
    order = sorted(
        members, key=lambda name: ([node[0] for nodes in stages for node in nodes if name in node], name)
    )
    row = {name: TOP + ROW * (at + 0.5) for at, name in enumerate(order)}
    xs = [LEFT + STAGE * stage for stage in range(len(stages))]
    end = xs[-1] + STAGE
    blocks, links = [], []
    heads = tuple((name,) for name in order)
    for x, nodes, children in zip(xs, stages, [*stages[1:], heads], strict=True):
        for node in nodes:
            ys = [row[name] for name in node]
            blocks.append(Block(x, min(ys) - 9, max(ys) - min(ys) + 18, len(node) > 1))
            for child in children:
                if child[0] in node:
                    to = _middle([row[name] for name in child])
                    links.append(Link(x + BLOCK, to, end if children is heads else x + STAGE, to))
    labels = tuple(Label(end + 10, row[name], name, short(name, 18), name in served) for name in order)
    height = round(TOP + ROW * len(order) + 6)
    columns = tuple((x + BLOCK // 2, f"stage {at}") for at, x in enumerate(xs, start=1))
    spoken = f"a network of {len(stages)} stages: {branching}"
    return Drawing(height, columns, tuple(blocks), tuple(links), labels, spoken)


def _middle(ys: Sequence[float]) -> float:
    return (min(ys) + max(ys)) / 2
