"""Which Ray: a local one unless another was named, and one message for whatever is wrong."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from ray._private import services

from mtl_search.errors import ResourceError
from mtl_search.search.executors import addresses, ray_backend
from mtl_search.search.executors.addresses import chosen_address, refusal
from mtl_search.search.executors.ray_backend import connect
from mtl_search.sweep.settings import Resources


@pytest.fixture(autouse=True)
def _no_address_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


@pytest.fixture
def port() -> Iterator[int]:
    """A port with gRPC behind it, as Ray's head node has."""
    server = grpc.server(ThreadPoolExecutor(1))
    number = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield number
    server.stop(None).wait()


@pytest.fixture
def closed() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number: int = server.getsockname()[1]
    return number


def test_without_a_word_it_is_a_ray_of_our_own() -> None:
    assert chosen_address(None) == chosen_address("") == "local"


def test_what_is_named_is_taken(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    assert chosen_address(f"127.0.0.1:{port}") == f"127.0.0.1:{port}"
    monkeypatch.setenv("RAY_ADDRESS", f"localhost:{port}")
    assert chosen_address(None) == chosen_address("auto") == f"localhost:{port}"
    assert chosen_address("local") == "local", "what is given comes before the environment"


@pytest.mark.parametrize(
    "address",
    ["nonsense", "ray://127.0.0.1:10001", "http://127.0.0.1:8265", "host:", ":6379", "host:99999", "a b:1"],
)
def test_nonsense_is_refused_at_once(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    with pytest.raises(ResourceError, match=r"--address: expected HOST:PORT"):
        chosen_address(address)
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(ResourceError, match=r"RAY_ADDRESS: expected HOST:PORT"):
        chosen_address(None)


def test_a_closed_port_is_found_out_at_once(closed: int) -> None:
    began = time.monotonic()
    with pytest.raises(ResourceError, match=f"nobody at 127.0.0.1:{closed}"):
        chosen_address(f"127.0.0.1:{closed}")
    assert time.monotonic() - began < 6.0


def test_a_cluster_of_this_machine_that_is_gone_is_found_out_at_once(
    monkeypatch: pytest.MonkeyPatch, closed: int, port: int
) -> None:
    """Ray reads its address from a file that a kill leaves behind."""
    noted: list[str | None] = [f"127.0.0.1:{port}", f"127.0.0.1:{closed}", None]
    monkeypatch.setattr(services, "find_gcs_addresses", frozenset)
    monkeypatch.setattr(services, "find_bootstrap_address", lambda folder: noted.pop(0))
    assert chosen_address("auto") == f"127.0.0.1:{port}"
    with pytest.raises(ResourceError, match=f"nobody at 127.0.0.1:{closed}"):
        chosen_address("auto")
    with pytest.raises(ResourceError, match="expected a Ray cluster on this machine, found none; ray start"):
        chosen_address("auto")


def test_a_port_that_something_else_has_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "WAIT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ResourceError, match=f"found something else at {address}"):
            chosen_address(address)
        monkeypatch.setenv("RAY_USE_TLS", "1")
        assert chosen_address(address) == address, "which is not looked at"


@pytest.mark.parametrize("address", ["ray://127.0.0.1:10001", "http://127.0.0.1:8265"])
def test_from_outside_submit_is_the_way(address: str) -> None:
    with pytest.raises(ResourceError, match="mtl-search submit FILE --address http://HOST:8265"):
        chosen_address(address)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            RuntimeError("Version mismatch: the cluster was started with Ray: 2.1"),
            "versions of Ray and Python",
        ),
        (RuntimeError("Unauthenticated: invalid auth token"), "RAY_AUTH_TOKEN"),
        (ConnectionError("ray.init() could not connect"), "could not connect"),
    ],
    ids=["another version", "no token", "no answer"],
)
def test_what_a_cluster_answers_is_one_message(
    monkeypatch: pytest.MonkeyPatch, port: int, error: Exception, said: str
) -> None:
    message = told(monkeypatch, error, f"127.0.0.1:{port}")
    assert message.startswith(f"--address: expected a Ray cluster that can be joined at 127.0.0.1:{port}")
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(13, "Permission denied", "/nowhere/.ray"),
        OSError("AF_UNIX path length cannot exceed 107 bytes: /a/very/long/path"),
        ValueError("no such session"),
        Exception("The current node timed out during startup."),
    ],
    ids=["home", "temporary path", "session", "time"],
)
def test_what_keeps_ray_from_starting_is_one_message(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    message = told(monkeypatch, error, None)
    assert message.startswith(f"Ray: expected one that starts on this machine, found {error}")
    assert "RAY_TMPDIR" in message
    assert "--inline" in message


def told(monkeypatch: pytest.MonkeyPatch, error: Exception, address: str | None) -> str:
    """What is said where Ray raises ``error``."""

    def fail(**options: object) -> None:
        raise error

    ray = ray_backend.ray  # type: ignore[attr-defined]
    monkeypatch.setattr(ray, "init", fail)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with pytest.raises(ResourceError) as caught, connect(Resources(), address=address):
        pass
    return str(caught.value)


def test_a_silent_error_has_a_name() -> None:
    assert "AssertionError" in str(refusal("local", AssertionError()))
