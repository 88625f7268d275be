"""Opening an executor: Ray, or this process."""

from collections.abc import Iterator
from contextlib import contextmanager

from mtl_search.search.executors.base import NOTHING, Demands, Executor
from mtl_search.search.executors.inline import Inline
from mtl_search.sweep.settings import Resources

__all__ = ["open_executor"]


@contextmanager
def open_executor(
    resources: Resources,
    demands: Demands = NOTHING,
    *,
    inline: bool,
    address: str | None = None,
) -> Iterator[Executor]:
    """The executor for as long as the block lasts. Ray is imported only if it is used.

    Raises ResourceError if there is less than a trial asks for.
    """
    if inline:
        yield Inline(resources)
        return
    from mtl_search.search.executors.ray_backend import connect

    with connect(resources, demands, address) as cluster:
        yield cluster
