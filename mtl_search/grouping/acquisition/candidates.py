"""Which sets of tasks are weighed if there are too many to weigh all."""

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from mtl_search.grouping.member_space import Members, MemberSpace

__all__ = ["MANY", "climb", "neighbours", "pool"]

SCORED = 1024  # the most sets of a space that are all weighed
DRAWN, STEPPED = 256, 192  # sets of a larger one, at random and near the best design
TOPS, ROUNDS = 4, 3  # of a climb: sets that it goes on from, and how often
MANY = 31  # tasks, from which on a third as many sets are weighed, since each costs more


def pool(space: MemberSpace, near: Iterable[Members], rng: np.random.Generator) -> list[Members]:
    """All sets of a small space; of a large one a sample, and another of those one step from ``near``."""
    listed = space.listed()
    if listed is not None and len(listed) <= SCORED:
        return list(listed)
    share = 3 if len(space.tasks) >= MANY else 1
    drawn = [space.draw(rng) for _ in range(DRAWN // share)]
    stepped = list(dict.fromkeys(other for members in near for other in neighbours(members, space)))
    kept = rng.permutation(len(stepped))[: STEPPED // share]
    return list(dict.fromkeys([*drawn, *(stepped[i] for i in kept)]))


def neighbours(members: Members, space: MemberSpace) -> list[Members]:
    """The sets of the space with one member more, one less, or one exchanged."""
    outside = [task for task in space.tasks if task not in members]
    fewer = [tuple(m for m in members if m != left) for left in members]
    more = [tuple(sorted((*rest, new))) for rest in (members, *fewer) for new in outside]
    return [other for other in (*fewer, *more) if other in space]


def climb(
    space: MemberSpace,
    start: list[Members],
    score: Callable[[list[Members]], npt.NDArray[np.float64]],
) -> tuple[list[Members], npt.NDArray[np.float64]]:
    """The start and what a local search from its best sets meets, with their scores.

    In a small space the start holds every set already, and nothing is climbed.
    """
    found = dict(zip(start, score(start).tolist(), strict=True))
    whole = space.listed() is not None and space.count <= SCORED
    rounds = ROUNDS // 3 if len(space.tasks) >= MANY else ROUNDS
    for _ in range(0 if whole else rounds):
        tops = sorted(found, key=lambda members: -found[members])[:TOPS]
        steps = dict.fromkeys(other for top in tops for other in _flips(top, space) if other not in found)
        if not steps:
            break
        found.update(zip(steps, score(list(steps)).tolist(), strict=True))
    return list(found), np.array(list(found.values()))


def _flips(members: Members, space: MemberSpace) -> list[Members]:
    flipped = (tuple(sorted(set(members) ^ {task})) for task in space.tasks)
    return [other for other in flipped if other in space]
