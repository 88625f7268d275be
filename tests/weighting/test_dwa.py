import math

import pytest
import torch
from torchjd.scalarization import DWA

from mtl_search.testing.toy_networks import LinearNetwork
from mtl_search.weighting import DwaConfig

ROWS = {"age": [1.0, 0.0], "cost": [0.0, 1.0]}
MEMBERS = ("age", "cost")


def train(
    epochs: list[list[dict[str, float]]], temperature: float = 2.0, members: tuple[str, str] = MEMBERS
) -> list[list[float]]:
    """The weights used in the last batch of each epoch; ``epochs`` hold the losses of their batches."""
    network, weighting = LinearNetwork(ROWS), DwaConfig(temperature=temperature).build(members)
    used = []
    for batches in epochs:
        for losses in batches:
            weights = weighting.backward(network.losses(**losses), network)
            gradient = network.gradient()
        used.append([float(weights[name]) for name in members])
        present = [float(name in losses) for name in members]
        assert gradient == pytest.approx([a * b for a, b in zip(present, used[-1], strict=True)])
        weighting.after_epoch()
    return used


def test_weights_worked_out_by_hand() -> None:
    """Mean losses 4 and 4, then 1 and 4: ratios 1/4 and 1, weights 2 softmax(ratios / 2)."""
    epochs = [
        [{"age": 3.0, "cost": 4.0}, {"age": 5.0, "cost": 4.0}],
        [{"age": 1.0, "cost": 5.0}, {"age": 1.0, "cost": 3.0}],
        [{"age": 1.0, "cost": 1.0}],
    ]
    share = 1 / (1 + math.exp((1.0 - 0.25) / 2.0))
    used = train(epochs)
    assert used[:2] == [[1.0, 1.0], [1.0, 1.0]]
    assert used[2] == pytest.approx([2 * share, 2 * (1 - share)])


def test_with_all_labels_it_is_torchjds() -> None:
    generator = torch.Generator().manual_seed(0)
    values = torch.rand(6, 3, 2, generator=generator) + 0.1
    epochs = [[dict(zip(MEMBERS, batch.tolist(), strict=True)) for batch in epoch] for epoch in values]
    reference, expected = DWA(temperature=0.7), []
    for epoch in values:
        for batch in epoch:
            leaf = batch.clone().requires_grad_()
            reference(leaf).backward()
        expected.append(leaf.grad.tolist())
        reference.step()
    for found, wanted in zip(train(epochs, temperature=0.7), expected, strict=True):
        assert found == pytest.approx(wanted, rel=1e-5)


def test_a_mean_is_over_the_batches_with_labels() -> None:
    first, last = [{"age": 4.0, "cost": 6.0}], [{"age": 1.0, "cost": 1.0}]
    full = [first, [{"age": 2.0, "cost": 3.0}, {"age": 2.0, "cost": 3.0}], last]
    assert train(full) == train([first, [{"age": 2.0}, {"cost": 3.0}], last])


def test_a_member_without_labels_in_an_epoch_counts_as_standing_still() -> None:
    epochs = [[{"age": 4.0, "cost": 6.0}], [{"age": 1.0}], [{"age": 1.0, "cost": 1.0}]]
    share = 1 / (1 + math.exp((1.0 - 0.25) / 2.0))
    assert train(epochs)[2] == pytest.approx([2 * share, 2 * (1 - share)])


def test_a_member_that_comes_late_counts_as_standing_still_at_first() -> None:
    epochs = [[{"age": 4.0}], [{"age": 1.0}], [{"age": 1.0, "cost": 9.0}], [{"age": 1.0, "cost": 9.0}]]
    used = train(epochs)
    share = 1 / (1 + math.exp((1.0 - 0.25) / 2.0))
    assert used[2] == pytest.approx([2 * share, 2 * (1 - share)])
    assert used[3] == pytest.approx([1.0, 1.0])


def test_an_epoch_without_batches_changes_nothing() -> None:
    weighting = DwaConfig().build(MEMBERS)
    weighting.after_epoch()
    network = LinearNetwork(ROWS)
    weights = weighting.backward(network.losses(age=1.0, cost=1.0), network)
    assert [float(weight) for weight in weights.values()] == [1.0, 1.0]
