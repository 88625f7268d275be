"""What tests of faults share."""

import pytest


@pytest.fixture
def unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks workers whether they can import what a trial needs, which takes one more.

    They are asked in ``test_nodes.py`` and in ``tests/search/preparing``.
    """
    from mtl_search.search.executors import ray_backend

    monkeypatch.setattr(ray_backend, "check_imports", lambda names: None)
