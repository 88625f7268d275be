"""Periodic embeddings: a value by hand, how they start, and the outputs of the authors' package."""

import math

import pytest
import torch

from mtl_search.model.encoders.numbers.periodic import PeriodicEmbedding


def test_a_value_by_hand() -> None:
    """cos and sin of 2 pi x / 8 at 1, weighed 2 and 1, less 3; then of the other column, less 1."""
    module = PeriodicEmbedding(2, 1, 1.0, 1).requires_grad_(False)
    module.frequency_F1K.fill_(1 / 8)
    module.weight.copy_(torch.tensor([2.0, 1.0])[:, None])
    module.bias_F1D.copy_(torch.tensor([-3.0, -1.0])[:, None, None])
    half = math.sqrt(0.5)
    torch.testing.assert_close(module(torch.tensor([[1.0, 1.0]])), torch.tensor([[0.0, 3 * half - 1]]))


def test_frequencies_start_within_three_standard_deviations() -> None:
    torch.manual_seed(0)
    frequencies = PeriodicEmbedding(100, 50, 0.2, 1).frequency_F1K
    assert frequencies.abs().max() <= 0.6
    assert float(frequencies.detach().std()) == pytest.approx(0.2, rel=0.05)


def test_outputs_are_those_of_the_authors() -> None:
    theirs = pytest.importorskip("rtdl_num_embeddings")
    oracle = theirs.PeriodicEmbeddings(3, 4, n_frequencies=5, frequency_init_scale=0.7, lite=False)
    module = PeriodicEmbedding(3, 5, 0.1, 4)
    numbers = torch.randn(20, 3)
    with torch.no_grad():
        module.frequency_F1K.copy_(oracle.periodic.weight.unsqueeze(1))
        module.weight.copy_(oracle.linear.weight)
        module.bias_F1D.copy_(oracle.linear.bias.unsqueeze(1))
        torch.testing.assert_close(module(numbers), oracle(numbers).flatten(1), rtol=1e-6, atol=1e-6)
