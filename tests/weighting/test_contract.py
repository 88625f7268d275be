from collections.abc import Callable

import pytest
from pydantic import TypeAdapter

from mtl_search.testing.weighting_suite import WeightingSuite
from mtl_search.weighting import AnyConfig, WeightingConfig, WeightingOptions

OPTIONS: dict[str, Callable[[tuple[str, ...]], dict[str, object]]] = {
    "fixed": lambda members: {"weights": {name: 0.5 + i for i, name in enumerate(members)}},
    "pcd": lambda members: {"primary": members[-1]},
    "nash_mtl": lambda members: {"update_weights_every": 20, "optim_niter": 5},  # its solver is slow
}
NAMES = [config.model_fields["name"].default for config in AnyConfig.__args__]


def configured(name: str, members: tuple[str, ...]) -> WeightingOptions:
    """The weighting of this name, with what it needs."""
    options = OPTIONS[name](members) if name in OPTIONS else {}
    return TypeAdapter[WeightingOptions](WeightingConfig).validate_python({"name": name, **options})


@pytest.mark.parametrize("name", NAMES, scope="class")
class TestEveryWeighting(WeightingSuite):
    @pytest.fixture(autouse=True)
    def _choose(self, name: str) -> None:
        self.name = name

    def configure(self, members: tuple[str, ...]) -> WeightingOptions:
        return configured(self.name, members)
