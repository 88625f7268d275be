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
    name: str = "",
    inline: bool,
    address: str | None = None,
    dashboard: bool = True,
) -> Iterator[Executor]:
    """The executor for as long as the block lasts. Ray is imported only if it is used.

    ``name`` is the sweep's, under which it is found in Ray's dashboard, which a Ray of our own has if
    ``dashboard`` says so. Raises ResourceError if there is less than a trial asks for.
    """
    if inline:
        yield Inline(resources)
        return
    from mtl_search.search.executors.ray_backend import connect

    with connect(resources, demands, address, name=name, dashboard=dashboard) as cluster:
        yield cluster
