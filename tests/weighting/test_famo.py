import pytest
import torch
from torchjd.scalarization import FAMO

from mtl_search.testing.toy_networks import LinearNetwork
from mtl_search.weighting import FamoConfig
from mtl_search.weighting.famo import FamoWeighting

ROWS = {"age": [1.0, 0.0], "cost": [0.0, 1.0], "death": [0.0, 0.0]}
MEMBERS = ("age", "cost", "death")


def logits(weighting: FamoWeighting) -> list[float]:
    (logits_M,) = weighting._famo.parameters()
    return logits_M.tolist()


def step(weighting: FamoWeighting, before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """The weights in a batch whose losses went from ``before`` to ``after``."""
    network = LinearNetwork(ROWS)
    weights = weighting.backward(network.losses(**before), network)
    weighting.after_step(lambda: network.losses(**after))
    return {name: float(weights[name]) for name in before}


def test_the_first_weights_are_inverse_to_the_losses_and_sum_to_one() -> None:
    """With equal shares z the weights are c z / L, c making them sum to 1: 1/2 : 1/4 : 1/4."""
    losses = {"age": 1.0, "cost": 2.0, "death": 2.0}
    weights = step(FamoConfig().build(MEMBERS), losses, losses)
    assert weights == pytest.approx({"age": 0.5, "cost": 0.25, "death": 0.25})


def test_with_all_labels_it_is_torchjds() -> None:
    generator = torch.Generator().manual_seed(0)
    weighting = FamoConfig(lr=0.1, weight_decay=0.01).build(MEMBERS)
    reference = FAMO(3, lr=0.1, weight_decay=0.01)
    for _ in range(5):
        before, after = torch.rand(2, 3, generator=generator) + 0.5
        leaf = before.clone().requires_grad_()
        reference(leaf).backward()
        reference.update(after)
        found = step(weighting, *(dict(zip(MEMBERS, v.tolist(), strict=True)) for v in (before, after)))
        assert list(found.values()) == pytest.approx(leaf.grad.tolist(), rel=1e-5)


def test_the_loss_that_falls_least_gains_weight() -> None:
    weighting = FamoConfig().build(MEMBERS)
    losses = dict.fromkeys(MEMBERS, 1.0)
    for _ in range(5):
        weights = step(weighting, losses, {"age": 0.5, "cost": 0.99, "death": 0.9})
    assert weights["age"] < weights["death"] < weights["cost"]


def test_an_absent_member_keeps_its_logit() -> None:
    weighting = FamoConfig(lr=0.1).build(MEMBERS)
    full = dict.fromkeys(MEMBERS, 1.0)
    for _ in range(3):
        step(weighting, full, {"age": 0.5, "cost": 0.9, "death": 0.7})
    before = logits(weighting)
    for _ in range(3):
        step(weighting, {"age": 1.0, "cost": 1.0}, {"age": 0.9, "cost": 0.5})
    after = logits(weighting)
    assert after[2] == before[2]
    assert after[0] != before[0]
    assert after[1] != before[1]


def test_those_present_are_updated_as_if_there_were_no_others() -> None:
    """Adam's first step has the length of the learning rate, so scales do not matter."""
    three, two = FamoConfig(weight_decay=0.0).build(MEMBERS), FamoConfig(weight_decay=0.0).build(MEMBERS[:2])
    for weighting in (three, two):
        step(weighting, {"age": 1.0, "cost": 1.0}, {"age": 0.5, "cost": 0.9})
    assert logits(three)[:2] == pytest.approx(logits(two), rel=1e-4)


def test_an_absent_member_keeps_its_share_by_its_last_loss() -> None:
    weighting = FamoConfig(lr=1e-9).build(MEMBERS)
    step(weighting, {"age": 1.0, "cost": 2.0, "death": 2.0}, {"age": 1.0, "cost": 2.0, "death": 2.0})
    weights = step(weighting, {"age": 1.0, "cost": 2.0}, {"age": 1.0, "cost": 2.0})
    assert weights == pytest.approx({"age": 0.5, "cost": 0.25}, rel=1e-4)


def test_it_leaves_no_gradient_for_another_optimiser() -> None:
    weighting = FamoConfig().build(MEMBERS)
    step(weighting, dict.fromkeys(MEMBERS, 1.0), dict.fromkeys(MEMBERS, 0.5))
    (logits_M,) = weighting._famo.parameters()
    assert logits_M.grad is None
