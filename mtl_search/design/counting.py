"""How many branchings, networks and designs there are."""

from math import comb

__all__ = ["count_branchings", "count_designs", "count_networks"]


def count_branchings(n_members: int, n_stages: int) -> int:
    """The number of branchings, exactly: 1 for one stage, a Bell number for two.

    These are the chains of partitions that start with all members together; their exponential generating
    function is ``exp(f) - 1`` of the one ``f`` with a stage less.

    >>> [count_branchings(n, 2) for n in range(1, 7)], [count_branchings(n, 3) for n in range(1, 6)]
    ([1, 2, 5, 15, 52, 203], [1, 3, 12, 60, 358])
    """
    if n_members < 1 or n_stages < 1:
        raise ValueError(f"branchings: expected a member and a stage, found {n_members} and {n_stages}")
    counts = [1] * (n_members + 1)  # by number of members
    for _ in range(n_stages - 1):
        more = [1]
        for n in range(1, n_members + 1):
            # the first member's node at the next stage has `size` members
            sizes = range(1, n + 1)
            more.append(sum(comb(n - 1, size - 1) * counts[size] * more[n - size] for size in sizes))
        counts = more
    return counts[n_members]


def count_networks(n_tasks: int, min_members: int, max_members: int, n_stages: int) -> int:
    """The number of networks that differ in members or branching, with members out of ``n_tasks``."""
    sizes = range(max(min_members, 1), min(max_members, n_tasks) + 1)
    return sum(comb(n_tasks, size) * count_branchings(size, n_stages) for size in sizes)


def count_designs(
    n_tasks: int, min_members: int, max_members: int, n_stages: int, max_networks: int, n_auxiliary: int = 0
) -> int:
    """The number of sets of at most ``max_networks`` networks with every main task in one of them.

    ``n_tasks`` includes the ``n_auxiliary`` tasks, which need not be in any.

    >>> count_designs(2, 1, 2, n_stages=1, max_networks=2)  # {ab}, {a, b}, {a, ab}, {b, ab}
    4
    """
    n_main = n_tasks - n_auxiliary
    # inclusion and exclusion over the main tasks that no network has
    return sum(
        (-1) ** left_out
        * comb(n_main, left_out)
        * comb(count_networks(n_tasks - left_out, min_members, max_members, n_stages), size)
        for left_out in range(n_main + 1)
        for size in range(1, max_networks + 1)
    )
