"""A head node that is gone is noticed without Ray, and one that is back in time is not."""

import os
import socket
import threading

import pytest

from mtl_search.errors import ResourceError
from mtl_search.search.executors import head_watch
from mtl_search.search.executors.head_watch import gone, watched_head


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_watch, "EVERY", 0.01)


def test_one_that_is_gone_is_named() -> None:
    server, told, said = socket.create_server(("127.0.0.1", 0)), list[ResourceError](), threading.Event()

    def gone(error: ResourceError) -> None:
        told.append(error)
        said.set()

    address = f"127.0.0.1:{server.getsockname()[1]}"
    with server, watched_head(address, gone):
        assert not said.wait(0.1), "somebody answers"
        server.close()
        assert said.wait(10)
    assert str(told[0]).startswith(f"Ray: expected the head node at {address}, found nobody there any more")
    assert "a resume goes on" in str(told[0])


def test_one_that_is_back_in_time_is_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    knocks = iter([*[False] * (head_watch.PATIENCE - 1), True] * 3)
    done = threading.Event()

    def answers(address: str) -> bool:
        if (knock := next(knocks, None)) is None:
            done.set()
        return knock is None or knock

    monkeypatch.setattr(head_watch, "_answers", answers)
    with watched_head("127.0.0.1:1", lambda error: pytest.fail(str(error))):
        assert done.wait(10)


def test_the_process_ends_with_one_sentence(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    gone(ResourceError("Ray", "a head", "none"))
    assert codes == [2]
    assert caplog.messages == ["mtl-search: Ray: expected a head, found none"]
