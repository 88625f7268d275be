"""Every weighting on every way of soft sharing: gradients reach what they should, and nothing else."""

from collections.abc import Iterable

import pytest
import torch
from torch import Tensor

from mtl_search.model import MlpConfig
from mtl_search.testing.toy_networks import toy_losses, toy_network, toy_rows
from tests.model.sharing.test_soft import KINDS
from tests.weighting.test_contract import NAMES, configured

MEMBERS = ("age", "cost", "death")


def flat(gradients: Iterable[Tensor | None]) -> Tensor:
    return torch.cat([gradient.flatten() for gradient in gradients if gradient is not None])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_what_serves_one_task_follows_its_loss(name: str, kind: str) -> None:
    network = toy_network(MEMBERS, KINDS[kind], MlpConfig(stages=2, width=4, activation="silu")).eval()
    rows, options = toy_rows(MEMBERS, rows=16), configured(name, MEMBERS)
    own = {
        task: flat(torch.autograd.grad(loss, network.task_parameters(task), retain_graph=True))
        for task, loss in toy_losses(network, rows).items()
    }
    weighting = options.build(MEMBERS)
    weighting.generator = torch.Generator().manual_seed(0)
    weighting.backward(toy_losses(network, rows), network)
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.shared_parameters())
    assert any(p.grad is not None and p.grad.any() for p in network.last_shared_parameters())
    for task in MEMBERS:
        found = flat(parameter.grad for parameter in network.task_parameters(task))
        torch.testing.assert_close(found, (found @ own[task]) / (own[task] @ own[task]) * own[task])
