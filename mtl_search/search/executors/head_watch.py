"""A look at a cluster's head node now and then, without asking Ray.

Whoever asks Ray waits for a minute once the head is gone, and then Ray ends the process, without a word that
a user understands. So a thread knocks at the head's port, and the word is ours.
"""

import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mtl_search.errors import ResourceError

__all__ = ["gone", "watched_head"]

LOGGER = logging.getLogger(__name__)
EVERY = 2.0  # seconds
WAIT = 5.0  # seconds for the port to answer
PATIENCE = 15  # knocks in a row without an answer; a head that is restarted is back by then
WRONG = 2  # the exit code of what a user can mend


@contextmanager
def watched_head(address: str, gone: Callable[[ResourceError], object]) -> Iterator[None]:
    """Knock at ``address`` while the block lasts; ``gone`` is called, in a thread, if nobody is there."""
    over = threading.Event()
    thread = threading.Thread(target=_watch, args=(address, gone, over), name="head", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _watch(address: str, gone: Callable[[ResourceError], object], over: threading.Event) -> None:
    missed = 0
    while not over.wait(EVERY):
        missed = 0 if _answers(address) else missed + 1
        if missed == PATIENCE:
            hint = "what was recorded is kept: with a cluster that is there, a resume goes on"
            gone(ResourceError("Ray", f"the head node at {address}", "nobody there any more", hint))
            return


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), WAIT).close()
    except OSError:
        return False
    return True


def gone(error: ResourceError) -> None:
    """Say so and end the process: the main thread waits within Ray, which would end it later, and all that is
    recorded is on the disk."""
    LOGGER.critical("mtl-search: %s", error)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(WRONG)
