from typing import Any

import pytest
from pydantic import ValidationError

from mtl_search.testing.toy_networks import LinearNetwork
from mtl_search.weighting import GradNormConfig
from mtl_search.weighting.gradnorm import GradNormWeighting

ROWS = {"a": [3.0, 4.0], "b": [0.0, 1.0]}  # norms 5 and 1
MEMBERS = ("a", "b")
LR = 0.025


def step(weighting: GradNormWeighting, **losses: float) -> list[float]:
    """The weights in a batch with these losses, seen in the gradient too."""
    network = LinearNetwork(ROWS)
    weights = weighting.backward(network.losses(**losses), network)
    used = {name: float(weights[name]) for name in losses}
    expected = [sum(weight * ROWS[name][i] for name, weight in used.items()) for i in range(2)]
    assert network.gradient() == pytest.approx(expected)
    for name, weight in used.items():
        assert network.own[name].grad.item() == pytest.approx(weight)
    return list(used.values())


def test_the_larger_gradient_loses_weight() -> None:
    """Weights 1: G = (5, 1), targets (3, 3); Adam's first step has the length lr against the slope's sign."""
    weighting = GradNormConfig().build(MEMBERS)
    assert step(weighting, a=2.0, b=2.0) == [1.0, 1.0]
    assert step(weighting, a=2.0, b=2.0) == pytest.approx([1 - LR, 1 + LR])


def test_slopes_worked_out_by_hand() -> None:
    """Second batch, losses left 1/2 and 1: rates 2/3 and 4/3. G = (4.875, 1.025), mean 2.95.

    With alpha 1 the targets are 1.967 and 3.933: slopes +5 and -1 as in the first batch, so Adam steps lr
    again: 0.95 and 1.05. With alpha 0 the targets are 2.95, and the signs the same.
    """
    for alpha in (0.0, 1.0):
        weighting = GradNormConfig(alpha=alpha).build(MEMBERS)
        step(weighting, a=2.0, b=2.0)
        step(weighting, a=1.0, b=2.0)
        assert step(weighting, a=1.0, b=2.0) == pytest.approx([1 - 2 * LR, 1 + 2 * LR], rel=1e-5)


def test_a_task_that_learns_slowly_gains_weight_though_its_gradient_is_larger() -> None:
    """Losses left 1 and 0.1: rates 1.818 and 0.182, cubed 6.01 and 0.006.

    G = (4.875, 1.025), mean 2.95, targets 17.7 and 0.018: slopes turn to -5 and +1. Of the first slope Adam's
    mean is then (0.9 * 0.1 * 5 - 0.1 * 5) / 0.19, its scale 5: lr * 0.01 / 0.19 back, and so for the second.
    """
    weighting = GradNormConfig(alpha=3.0).build(MEMBERS)
    step(weighting, a=2.0, b=2.0)
    step(weighting, a=2.0, b=0.2)
    back = LR * 0.01 / 0.19
    assert step(weighting, a=2.0, b=0.2) == pytest.approx([1 - LR + back, 1 + LR - back], rel=1e-4)


def test_weights_keep_their_sum_and_stay_positive() -> None:
    weighting = GradNormConfig(lr=0.5).build(MEMBERS)
    for _ in range(30):
        weights = step(weighting, a=2.0, b=2.0)
        assert sum(weights) == pytest.approx(2.0)
        assert min(weights) > 0


def test_gradients_come_to_one_size() -> None:
    weighting = GradNormConfig(alpha=0.0, lr=0.01).build(MEMBERS)
    for _ in range(400):
        a, b = step(weighting, a=1.0, b=1.0)
    assert 5 * a == pytest.approx(b, rel=0.1)


def test_an_absent_member_keeps_weight_first_loss_and_moments() -> None:
    with_gap, without = (GradNormConfig(alpha=1.0).build(MEMBERS) for _ in range(2))
    for weighting in (with_gap, without):
        step(weighting, a=2.0, b=2.0)
    for _ in range(3):
        assert step(with_gap, b=1.0) == pytest.approx([1 + LR])
    for weighting in (with_gap, without):
        step(weighting, a=1.0, b=2.0)
    assert step(with_gap, a=1.0, b=1.0) == step(without, a=1.0, b=1.0)


def test_the_first_loss_is_that_of_the_first_batch_with_labels() -> None:
    weighting = GradNormConfig(alpha=1.0).build(MEMBERS)
    step(weighting, a=2.0)
    step(weighting, a=2.0, b=8.0)
    assert {name: float(loss) for name, loss in weighting._first.items()} == {"a": 2.0, "b": 8.0}


def test_losses_of_zero_leave_weights_finite() -> None:
    weighting = GradNormConfig().build(MEMBERS)
    for _ in range(3):
        weights = step(weighting, a=0.0, b=0.0)
    assert sum(weights) == pytest.approx(2.0)


def test_a_network_of_one_has_the_weight_one() -> None:
    weighting = GradNormConfig().build(("a",))
    network = LinearNetwork({"a": [3.0, 4.0]})
    for _ in range(3):
        weights = weighting.backward(network.losses(a=1.0), network)
        assert float(weights["a"]) == 1.0
        assert network.gradient() == [3.0, 4.0]


def test_it_leaves_no_gradient_for_another_optimiser() -> None:
    weighting = GradNormConfig().build(MEMBERS)
    step(weighting, a=2.0, b=2.0)
    assert all(weight.grad is None for weight in weighting.parameters())


@pytest.mark.parametrize("options", [{"alpha": -1.0}, {"lr": 0.0}, {"beta": 1.0}])
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GradNormConfig(**options)
