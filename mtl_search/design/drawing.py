"""A tree of a branching drawn in text: stages from left to right, one row per member."""

from collections.abc import Mapping, Sequence

__all__ = ["draw_tree"]

_LINKS = {  # (there is more above, a child starts in this row, there is more below) -> line to the right
    (False, True, False): "───",
    (False, True, True): "─┬─",
    (True, True, True): " ├─",
    (True, True, False): " └─",
    (True, False, True): " │ ",
    (True, False, False): "   ",
}


def draw_tree(stages: Sequence[Sequence[tuple[str, ...]]], labels: Mapping[str, str]) -> str:
    """The tree with stage numbers above and one row per member; ``stages`` as in ``Branching.stages``."""
    rows = _in_tree_order(stages)
    heads = [(member,) for member in rows]
    at = {member: row for row, member in enumerate(rows)}
    lines = [[f"{stage:<4}" for stage in range(len(stages))]] + [[] for _ in rows]
    for nodes, children in zip(stages, [*stages[1:], heads], strict=True):
        starts = {min(at[member] for member in child) for child in children}
        for node in nodes:
            span = sorted(at[member] for member in node)
            last_start = max(start for start in starts if start in span)
            for row in span:
                link = _LINKS[row > span[0], row in starts, row < last_start]
                lines[row + 1].append(("●" if row == span[0] else " ") + link)
    drawn = ["".join(cells) for cells in lines]
    body = [f"{line} {labels[name]}" for line, name in zip(drawn[1:], rows, strict=True)]
    return "\n".join([drawn[0].rstrip(), *body])


def _in_tree_order(stages: Sequence[Sequence[tuple[str, ...]]]) -> list[str]:
    """The members, each node's in adjacent rows, else by name."""

    def path(member: str) -> list[str]:
        return [node[0] for nodes in stages for node in nodes if member in node]

    return sorted(stages[0][0], key=lambda member: (path(member), member))
