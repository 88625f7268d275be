"""A Ray of our own that this machine alone can reach."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from ray._private import ray_constants

__all__ = ["loopback_only"]

NAME = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"


@contextmanager
def loopback_only() -> Iterator[None]:
    """A Ray that is started in the block has 127.0.0.1 as its address, for as long as the block lasts.

    By itself Ray takes the machine's address in its network, and its ports are open to that, if only for who
    has the token. On macOS and Windows it takes the loopback address, so that no firewall asks the user, and
    listens there alone; what makes it do so is a constant, and a variable of that name for its processes.
    """
    known, before = ray_constants.ENABLE_RAY_CLUSTER, os.environ.get(NAME)
    ray_constants.ENABLE_RAY_CLUSTER, os.environ[NAME] = False, "0"
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = known
        if before is None:
            del os.environ[NAME]
        else:
            os.environ[NAME] = before
