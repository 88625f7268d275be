"""Stores to try, none of which waits long: fsspec's memory, and a server of S3 by Arrow's client and s3fs."""

import logging
import urllib.request
from collections.abc import Callable, Iterator
from itertools import count

import fsspec
import pytest
from moto.server import ThreadedMotoServer

from mtl_search.stores import claim, publishing

KINDS = ("memory", "s3", "s3a")  # the last is s3fs, which Arrow does not know
VARIABLES = {"AWS_ACCESS_KEY_ID": "name", "AWS_SECRET_ACCESS_KEY": "word", "AWS_DEFAULT_REGION": "us-east-1"}
_numbers = count()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a server of S3 that has one bucket, ``bucket``."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    address = "http://{}:{}".format(*moto.get_host_and_port())
    urllib.request.urlopen(urllib.request.Request(f"{address}/bucket", method="PUT")).close()
    yield address
    moto.stop()


@pytest.fixture
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Makes a URI of a kind, below which nothing is."""

    def make(kind: str) -> str:
        name = f"place-{next(_numbers)}"
        if kind == "memory":
            return f"memory://{name}/results"
        for variable, value in VARIABLES.items():
            monkeypatch.setenv(variable, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("server"))
        return f"{kind}://bucket/{name}/results"

    return make


@pytest.fixture(params=KINDS)
def anywhere(request: pytest.FixtureRequest, place: Callable[[str], str]) -> str:
    """A URI of each kind."""
    return place(request.param)


@pytest.fixture
def memory(place: Callable[[str], str]) -> Iterator[str]:
    """One in memory, which is quick."""
    yield place("memory")
    fsspec.filesystem("memory").store.clear()


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "PAUSES", ())
    monkeypatch.setattr(claim, "RENEWED", 0.05)
    monkeypatch.setattr(claim, "LEASE", 5.0)
