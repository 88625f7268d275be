"""A network drawn as SVG: its stages from left to right, a block for each node, a row for each member."""

from collections.abc import Collection, Sequence

from mtl_search.design.branching import read_stages
from mtl_search.report.drawings import BLOCK, LEFT, ROW, TOP, Block, Drawing, Label, Link
from mtl_search.report.features import ENCODER, NOTHING, Features, pitch_of, with_features
from mtl_search.report.words import short

__all__ = ["draw_network"]


def draw_network(
    branching: str, members: Collection[str], served: Collection[str], features: Features = NOTHING
) -> Drawing | None:
    """The drawing of a branching; None if ``branching`` does not read as a tree of ``members``.

    With the ``features`` that stages make, if there are any, and the encoder as the first of them.

    The text is read leniently: a leaderboard of names that a sweep file would refuse still has a page.
    """
    stages = read_stages(branching)
    if any(sorted(name for node in nodes for name in node) != sorted(members) for nodes in stages):
        return None
    order = sorted(
        members, key=lambda name: ([node[0] for nodes in stages for node in nodes if name in node], name)
    )
    depth, pitch = len(stages), pitch_of(features)
    names = [f"stage {at}" for at in range(1, depth + 1)]
    if features:
        stages, names = ((tuple(order),), *stages), [ENCODER, *names]
    row = {name: TOP + ROW * (at + 0.5) for at, name in enumerate(order)}
    left = LEFT + ((pitch - BLOCK) // 2 if features else 0)
    xs = [left + pitch * stage for stage in range(len(stages))]
    end = xs[-1] + pitch
    blocks, links = [], []
    heads = tuple((name,) for name in order)
    for x, nodes, children in zip(xs, stages, [*stages[1:], heads], strict=True):
        for node in nodes:
            ys = [row[name] for name in node]
            blocks.append(Block(x, min(ys) - 9, max(ys) - min(ys) + 18, len(node) > 1))
            for child in children:
                if child[0] in node:
                    to = _middle([row[name] for name in child])
                    links.append(Link(x + BLOCK, to, end if children is heads else x + pitch, to))
    labels = tuple(Label(end + 10, row[name], name, short(name, 18), name in served) for name in order)
    height = round(TOP + ROW * len(order) + 6)
    columns = tuple((x + BLOCK // 2, name) for x, name in zip(xs, names, strict=True))
    spoken = f"a network of {depth} stages: {branching}"
    drawing = Drawing(height, columns, tuple(blocks), tuple(links), labels, spoken)
    return with_features(drawing, features)


def _middle(ys: Sequence[float]) -> float:
    return (min(ys) + max(ys)) / 2
