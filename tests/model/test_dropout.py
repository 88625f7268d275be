"""Dropout draws what PyTorch's does, from a generator of its own."""

import copy
import pickle

import pytest
import torch
from torch.nn import functional as F

from mtl_search.model import Dropout


@pytest.mark.parametrize("rate", [0.1, 0.5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_it_draws_what_torch_draws_from_the_same_state(rate: float, dtype: torch.dtype) -> None:
    x = torch.randn(33, 17).to(dtype).requires_grad_()
    torch.manual_seed(5)
    expected = [F.dropout(x, rate) for _ in range(3)]
    module = Dropout(rate, torch.Generator().manual_seed(5))
    found = [module(x) for _ in range(3)]
    assert all(torch.equal(a, b) for a, b in zip(expected, found, strict=True))
    assert module.generator is not None
    assert torch.equal(module.generator.get_state(), torch.get_rng_state())
    gradients = [torch.autograd.grad(out[-1].float().square().sum(), x)[0] for out in (expected, found)]
    assert torch.equal(*gradients)


def test_without_a_generator_it_draws_from_the_global_one() -> None:
    x = torch.ones(50)
    torch.manual_seed(1)
    first = Dropout(0.5)(x)
    torch.manual_seed(1)
    assert torch.equal(first, F.dropout(x, 0.5))


def test_evaluation_and_a_rate_of_zero_draw_nothing() -> None:
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(4)
    assert Dropout(0.5, generator).eval()(x) is x
    assert Dropout(0.0, generator)(x) is x
    assert torch.equal(generator.get_state(), torch.Generator().manual_seed(5).get_state())


def test_it_can_be_copied() -> None:
    module, x = Dropout(0.5, torch.Generator().manual_seed(5)), torch.ones(50)
    for again in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(again(x), Dropout(0.5, torch.Generator().manual_seed(5))(x))
