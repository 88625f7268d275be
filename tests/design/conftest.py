"""Random branchings, drawn as chains of partitions: by nothing that the package itself does with trees."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import strategies as st

from mtl_search.design import Branching

NAMES = ("age", "cost", "death", "dnr", "los", "x-1", "ärzte")


@st.composite
def branchings(draw: st.DrawFn, members: Sequence[str] | None = None, max_stages: int = 4) -> Branching:
    """Any branching of ``members``, or of 1 to 7 tasks, over 1 to ``max_stages`` stages."""
    if members is None:
        members = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    stages: list[tuple[tuple[str, ...], ...]] = [(tuple(members),)]
    for _ in range(draw(st.integers(0, max_stages - 1))):
        colours = {task: draw(st.integers(0, len(members))) for task in members}
        cells = {(i, colours[task]) for i, group in enumerate(stages[-1]) for task in group}
        stages.append(
            tuple(tuple(task for task in stages[-1][i] if colours[task] == colour) for i, colour in cells)
        )
    return Branching(tuple(stages))


@pytest.fixture(scope="session")
def trees() -> Callable[..., st.SearchStrategy[Branching]]:
    return branchings
