from collections import Counter
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode

from mtl_search.testing.toy_networks import LinearNetwork
from mtl_search.weighting import EqualConfig, FixedConfig, MeanConfig

ROWS = {"age": [1.0, 2.0], "cost": [0.0, 10.0]}
MEMBERS = ("age", "cost")


def test_equal_is_the_sum() -> None:
    network = LinearNetwork(ROWS)
    weights = EqualConfig().build(MEMBERS).backward(network.losses(age=3.0, cost=4.0), network)
    assert network.gradient() == [1.0, 12.0]
    assert weights == {"age": 1.0, "cost": 1.0}
    assert network.own["age"].grad.item() == 1.0


@pytest.mark.parametrize(
    ("losses", "gradient"), [({"age": 3.0, "cost": 4.0}, [0.5, 6.0]), ({"age": 3.0}, [0.5, 1.0])]
)
def test_mean_divides_by_the_number_of_members_present_or_not(
    losses: dict[str, float], gradient: list[float]
) -> None:
    network = LinearNetwork(ROWS)
    weights = MeanConfig().build(MEMBERS).backward(network.losses(**losses), network)
    assert network.gradient() == gradient
    assert weights == {"age": 0.5, "cost": 0.5}


def test_fixed_weighs_the_whole_of_a_task() -> None:
    network = LinearNetwork(ROWS)
    weighting = FixedConfig(weights={"cost": 0.5, "age": 3.0}).build(MEMBERS)
    weights = weighting.backward(network.losses(age=3.0, cost=4.0), network)
    assert network.gradient() == [3.0, 11.0]
    assert network.own["cost"].grad.item() == 0.5
    assert weights == {"age": 3.0, "cost": 0.5}


def test_an_absent_member_leaves_the_weights_of_the_others() -> None:
    network = LinearNetwork(ROWS)
    weighting = FixedConfig(weights={"cost": 0.5, "age": 3.0}).build(MEMBERS)
    weighting.backward(network.losses(cost=4.0), network)
    assert network.gradient() == [0.0, 5.0]
    assert network.own["age"].grad is None


@pytest.mark.parametrize("others", [[], ["death"], ["cost", "death"]])
def test_fixed_weights_must_name_the_members(others: list[str]) -> None:
    with pytest.raises(ValueError, match="expected one for each of age, cost, found age"):
        FixedConfig(weights=dict.fromkeys(["age", *others], 1.0)).build(MEMBERS)


@pytest.mark.parametrize(
    "weights", [{}, [1.0], *({"age": value} for value in (0.0, -1.0, float("inf"), float("nan"), "1"))]
)
def test_weights_that_are_no_positive_numbers_are_refused(weights: Any) -> None:
    with pytest.raises(ValidationError):
        FixedConfig(weights=weights)


class Operations(TorchDispatchMode):
    """Counts what is computed."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen: Counter[str] = Counter()

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: tuple[Any, ...],
        args: Any = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        self.seen[str(func)] += 1
        return func(*args, **(kwargs or {}))


def test_equal_computes_no_more_than_the_plain_sum() -> None:
    network, counts = LinearNetwork(ROWS), []
    weighting = EqualConfig().build(MEMBERS)
    ours, plain = lambda x: weighting.backward(x, network), lambda x: sum(x.values()).backward()
    for backward in (ours, plain):
        losses = network.losses(age=1.0, cost=2.0)
        with Operations() as operations:
            backward(losses)
        counts.append(operations.seen.total())
    assert counts[0] <= counts[1]


def test_the_weights_move_to_the_device_of_the_losses() -> None:
    weighting = EqualConfig().build(MEMBERS)
    weighting.to("meta")
    loss = torch.ones((), device="meta", requires_grad=True)
    weighting.backward({"age": loss}, LinearNetwork(ROWS))
    assert loss.grad.device.type == "meta"
