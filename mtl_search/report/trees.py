"""A network drawn as SVG: its stages from left to right, a block for each node, a row for each member."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mtl_search.design.branching import read_stages
from mtl_search.report.words import short

__all__ = ["Block", "Drawing", "Label", "Link", "draw_network"]

ROW, STAGE, BLOCK, LEFT, TOP, NAMES = 28, 62, 38, 4, 26, 158  # pixels


@dataclass(frozen=True, slots=True)
class Block:
    """A node; ``shared``: by several members."""

    x: int
    y: float
    height: float
    shared: bool


@dataclass(frozen=True, slots=True)
class Link:
    """From a node to one of its children, or to a head."""

    x: int
    y: float
    to_x: int
    to_y: float

    @property
    def path(self) -> str:
        """As an SVG path that leaves and arrives level."""
        middle = (self.x + self.to_x) / 2
        return (
            f"M{self.x} {self.y:g}C{middle:g} {self.y:g} {middle:g} {self.to_y:g} {self.to_x} {self.to_y:g}"
        )


@dataclass(frozen=True, slots=True)
class Label:
    """A member at its head; ``served``: the design uses its output, else it only helps."""

    x: int
    y: float
    name: str
    short: str
    served: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """All that the template places; ``stages`` are the x positions of their numbers."""

    width: int
    height: int
    stages: tuple[int, ...]
    blocks: tuple[Block, ...]
    links: tuple[Link, ...]
    labels: tuple[Label, ...]
    text: str


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
    centres = tuple(x + BLOCK // 2 for x in xs)
    spoken = f"a network of {len(stages)} stages: {branching}"
    return Drawing(end + NAMES, height, centres, tuple(blocks), tuple(links), labels, spoken)


def _middle(ys: Sequence[float]) -> float:
    return (min(ys) + max(ys)) / 2
