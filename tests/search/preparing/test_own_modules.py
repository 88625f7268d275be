"""Which trunks of the user's own a sweep names."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from mtl_search.errors import ResourceError
from mtl_search.search.executors import imports
from mtl_search.search.executors.imports import check_imports, missing_from
from mtl_search.search.preparing.own_modules import own_parts
from mtl_search.sweep import SweepSpec

OWN = "benchmarks.planted_data:LinearStages"


@pytest.mark.parametrize(
    ("trunk", "arms", "found"),
    [
        ({"name": "mlp", "stages": 2}, None, ()),
        ({"name": OWN, "stages": 2, "widths": (4, 4)}, None, (OWN,)),
        (
            {"name": "mlp", "stages": 2},
            {"mine": {"trunk": {"name": OWN, "stages": 2, "widths": (4, 4)}}},
            (OWN,),
        ),
    ],
    ids=["none", "in trial", "in an arm"],
)
def test_they_are_found_wherever_they_stand(
    tiny_sweep: Callable[..., dict[str, Any]],
    trunk: dict[str, Any],
    arms: dict[str, Any] | None,
    found: tuple[str, ...],
) -> None:
    value = tiny_sweep(arms=arms)
    value["trial"]["trunk"] = trunk
    assert own_parts(SweepSpec.from_value(value)) == found


def test_what_is_missing_is_named() -> None:
    assert missing_from([OWN]) == ""
    assert missing_from([OWN, "own_trunk:Own"]) == (
        "own_trunk:Own: ModuleNotFoundError: No module named 'own_trunk'"
    )


def test_nothing_is_asked_where_nothing_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "ray", None)
    check_imports(())


def test_a_node_that_holds_no_trial_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [{"Alive": True, "Resources": {"memory": 1e9}}, {"Alive": False, "Resources": {"CPU": 2.0}}]
    monkeypatch.setattr(imports, "ray", SimpleNamespace(nodes=lambda: nodes))
    check_imports(["own_trunk:Own"])


@pytest.mark.ray
@pytest.mark.usefixtures("ray_address")
def test_workers_are_asked() -> None:
    check_imports([OWN])
    with pytest.raises(ResourceError, match=r"No module named 'own_trunk'.*PYTHONPATH"):
        check_imports([OWN, "own_trunk:Own"])


@pytest.mark.ray
@pytest.mark.usefixtures("ray_address")
def test_a_slow_import_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = "tests.fixtures.slow_import:Slow"
    monkeypatch.setattr(imports, "WAIT", 0.2)
    with pytest.raises(ResourceError, match=r"slow_import:Slow not imported within 0\.2 seconds"):
        check_imports([slow])
    monkeypatch.undo()
    check_imports([slow])
