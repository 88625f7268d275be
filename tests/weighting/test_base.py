from typing import Any

import pytest
from pydantic import ValidationError

from mtl_search.testing.toy_networks import LinearNetwork
from mtl_search.weighting import (
    EqualConfig,
    FixedConfig,
    Losses,
    SharedParameters,
    Weighting,
    WeightingOptions,
    Weights,
)
from mtl_search.weighting.base import check_tasks


class Nothing(Weighting):
    def backward(self, losses: Losses, network: SharedParameters) -> Weights:
        return dict.fromkeys(losses, 0.0)


def test_a_weighting_needs_only_backward() -> None:
    weighting = Nothing()
    weighting.to("meta")
    weighting.after_epoch()
    weighting.after_step(lambda: pytest.fail("the losses are computed for nothing"))
    assert list(weighting.parameters()) == []
    network = LinearNetwork({"age": [1.0], "cost": [1.0]})
    assert weighting.backward(network.losses(age=1.0), network) == {"age": 0.0}


@pytest.mark.parametrize("kind", [Weighting, WeightingOptions])
def test_what_is_abstract_cannot_be_made(kind: Any) -> None:
    with pytest.raises(TypeError, match="abstract"):
        kind()


def test_options_are_frozen_and_closed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        FixedConfig(weights={"age": 1.0}).weights = {}  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        EqualConfig(weights={"age": 1.0})  # type: ignore[call-arg]


@pytest.mark.parametrize("weights", [None, {"age": 1.0, "cost": 2.0}, {"cost": 2.0, "age": 1.0}])
def test_no_weights_or_one_for_each_member_will_do(weights: dict[str, float] | None) -> None:
    check_tasks(weights, ("age", "cost"))


@pytest.mark.parametrize("weights", [{}, {"age": 1.0}, {"age": 1.0, "cost": 2.0, "death": 1.0}])
def test_other_weights_are_refused_with_both_lists(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"one for each of age, cost, found {', '.join(weights)}$"):
        check_tasks(weights, ("age", "cost"))
