"""Ray's dashboard: where it is, or one line that says why there is none, and the sweep goes on."""

import sys
from types import SimpleNamespace

import pytest

from mtl_search.search.executors import ray_backend
from mtl_search.search.executors.dashboard import Dashboard
from mtl_search.search.executors.ray_backend import connect
from mtl_search.sweep.settings import Resources


@pytest.mark.parametrize(("mode", "token"), [(None, True), ("token", True), ("disabled", False)])
def test_where_it_is(monkeypatch: pytest.MonkeyPatch, mode: str | None, token: bool) -> None:
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    if mode is not None:
        monkeypatch.setenv("RAY_AUTH_MODE", mode)
    assert Dashboard.at("127.0.0.1:8265") == Dashboard("http://127.0.0.1:8265", token)


def test_packages_that_it_lacks_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ray.dashboard.optional_deps", raising=False)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    assert Dashboard.at("").missing == "aiohttp is not installed (pip install 'ray[default]')"


@pytest.mark.parametrize(
    ("address", "wanted", "asked", "shown"),
    [
        (None, True, None, "it did not start"),
        (None, False, False, None),
        ("auto", True, None, None),  # it is the cluster's, which has none
    ],
    ids=["local", "not wanted", "a cluster without"],
)
def test_one_that_does_not_start_is_no_reason_to_stop(
    monkeypatch: pytest.MonkeyPatch, address: str | None, wanted: bool, asked: bool | None, shown: str | None
) -> None:
    options: dict[str, object] = {}

    def init(**given: object) -> SimpleNamespace:
        options.update(given)
        return SimpleNamespace(dashboard_url=None)  # as after an error that Ray has logged

    ray = ray_backend.ray  # type: ignore[attr-defined]
    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    monkeypatch.setattr(ray, "nodes", lambda: [{"Alive": True, "Resources": {"CPU": 2.0}}])
    with connect(Resources(), address=address, name="tiny", dashboard=wanted) as cluster:
        assert (cluster.dashboard and cluster.dashboard.missing.partition(" (")[0]) == shown
    assert options["include_dashboard"] is asked
    assert options["job_config"].metadata == {"job_name": "tiny", "sweep": "tiny"}  # type: ignore[attr-defined]
