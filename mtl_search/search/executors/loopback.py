"""A Ray of our own that this machine alone can reach, and that leaves room for others on it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from unittest import mock

from ray._private import parameter, ray_constants

__all__ = ["agent_on_any_port", "ray_of_our_own"]


@contextmanager
def ray_of_our_own() -> Iterator[None]:
    """What a Ray that is started in the block is to be like."""
    with loopback_only(), agent_on_any_port():
        yield


@contextmanager
def loopback_only() -> Iterator[None]:
    """A Ray that is started in the block has 127.0.0.1 as its address, and listens there alone.

    By itself Ray takes the machine's address in its network, or all addresses, and only its token keeps
    others out; ``_node_ip_address`` does not help, since it turns 127.0.0.1 into the machine's address again.
    On macOS and Windows, where no clusters are supported, it does what is wanted here. What says so is a
    constant, which its processes read from a variable. Neither is part of its interface (Ray 2.60): a Ray
    without them starts as it does by itself.
    """
    name = getattr(ray_constants, "ENABLE_RAY_CLUSTERS_ENV_VAR", None)
    if name is None:
        yield
        return
    known, before = ray_constants.ENABLE_RAY_CLUSTER, os.environ.get(name)
    ray_constants.ENABLE_RAY_CLUSTER, os.environ[name] = False, "0"
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = known
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@contextmanager
def agent_on_any_port() -> Iterator[None]:
    """A Ray that is started in the block has its dashboard's agent, which takes jobs, at a free port.

    By itself that is port 52365 in every Ray, and of several on one machine the first alone takes jobs.
    ``ray start`` has an option for it, and ``ray.init`` has none.
    """
    free = partial(parameter.RayParams, dashboard_agent_listen_port=None)
    with mock.patch.object(parameter, "RayParams", free):
        yield
