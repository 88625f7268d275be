"""Why a set is trained, in words."""

import itertools
from collections.abc import Iterable

from mtl_search.grouping.member_space import Members

__all__ = ["news_of"]


def news_of(members: Members, trained: Iterable[Members]) -> str:
    """What about a set was never trained: a pair of its members, if there is one, or the set itself.

    >>> news_of(("age", "cost"), [("age",), ("age", "stay")]), news_of(("age",), [("age",)])
    ('age and cost never together', 'trained once')
    """
    known = list(trained)
    if times := known.count(members):
        return "trained once" if times == 1 else f"trained {times} times"
    pairs = list(itertools.combinations(members, 2))
    met = {pair for each in known for pair in itertools.combinations(each, 2)}
    new = [pair for pair in pairs if pair not in met]
    if not new:
        return "all pairs of it known, never all at once" if len(pairs) > 1 else "never trained"
    if len(new) == len(pairs) > 1:
        return "no two of them together so far"
    also = f" and {len(new) - 1} more pairs of it" if len(new) > 1 else ""
    return f"{' and '.join(new[0])}{also} never together"
