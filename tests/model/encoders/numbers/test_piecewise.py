"""Piecewise-linear embeddings: edges from quantiles, values by hand, and those of the authors' package."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mtl_search.data.inputs.numeric import STEPS
from mtl_search.model.encoders.numbers.piecewise import PiecewiseLinearEmbedding, edges_of

GRID = tuple(np.linspace(-2, 2, STEPS + 1).tolist())


def bent(edges: list[list[float]], width: int = 1) -> PiecewiseLinearEmbedding:
    """An embedding with nothing but the piecewise part, each of its weights 1, 2, 3, ..."""
    module = PiecewiseLinearEmbedding(edges, width).requires_grad_(False)
    module.linear_F1D.zero_()
    module.bias_F1D.zero_()
    module.weight_FTD.copy_(torch.arange(1.0, module.weight_FTD.shape[1] + 1)[None, :, None])
    return module


def test_values_by_hand() -> None:
    """Bins 0-2 and 2-3 with heights 1 and 2; the other column has one bin of height 1, from -1 to 1."""
    module = bent([[0.0, 2.0, 3.0], [-1.0, 1.0]])
    numbers = torch.tensor([[0.0, -1.0], [1.0, 0.0], [2.0, 1.0], [2.5, 0.5], [3.0, -0.5]])
    assert module(numbers).tolist() == [[0.0, 0.0], [0.5, 0.5], [1.0, 1.0], [2.0, 0.75], [3.0, 0.25]]


def test_beyond_the_ends_of_train_only_the_line_goes_on() -> None:
    module = bent([[0.0, 1e-6, 1.0]])
    assert module(torch.tensor([[-3.0], [3.0]])).tolist() == [[0.0], [3.0]]
    module.linear_F1D.fill_(1.0)
    assert module(torch.tensor([[-3.0], [3.0]])).tolist() == [[-3.0], [6.0]]


def test_it_starts_as_a_line() -> None:
    module = PiecewiseLinearEmbedding([edges_of(GRID, 48)] * 2, 5)
    x, y = torch.randn(2, 1, 2)
    torch.testing.assert_close(module(x) + module(y), module(x + y) + module(torch.zeros(1, 2)))
    values = torch.cat([p.detach().flatten() for p in (module.linear_F1D, module.bias_F1D)])
    assert values.abs().max() <= 5**-0.5
    assert values.unique().numel() == values.numel()


@pytest.mark.parametrize("bins", [2, 8, 48, STEPS])
def test_bins_have_equal_shares(bins: int) -> None:
    edges = edges_of(GRID, bins)
    assert len(edges) == bins + 1
    np.testing.assert_allclose(np.diff(edges), 4 / bins, rtol=1e-6)


@given(st.lists(st.integers(-20, 20), min_size=3, max_size=STEPS + 1), st.integers(2, STEPS))
def test_ties_are_one_edge_and_the_ends_stay(values: list[int], bins: int) -> None:
    points = tuple(float(value) for value in sorted(values))
    edges = edges_of(points, bins)
    assert edges == sorted(set(edges))
    assert (edges[0], edges[-1]) == (points[0], points[-1])
    assert set(edges) <= set(points)
    assert len(edges) <= bins + 1
    if bins >= len(points) - 1:
        assert set(edges) == set(points)


def columns() -> Tensor:
    """Smooth, tied, of few values, and with a common value."""
    random = np.random.default_rng(0)
    smooth, common = random.normal(size=500), np.where(random.random(500) < 0.6, 0.0, random.normal(size=500))
    made = [smooth, smooth.round(1), random.integers(0, 4, 500), common]
    return torch.tensor(np.stack(made, axis=1), dtype=torch.float32)


@pytest.mark.parametrize("bins", [2, 8, 12, 48])
def test_edges_and_outputs_are_those_of_the_authors(bins: int) -> None:
    theirs = pytest.importorskip("rtdl_num_embeddings")
    numbers = columns()
    steps = np.arange(STEPS + 1) / STEPS
    points = [tuple(np.quantile(column, steps).tolist()) for column in numbers.T.double().numpy()]
    exact = theirs.compute_bins(numbers.double(), n_bins=bins)
    for of_column, expected in zip(points, exact, strict=True):
        np.testing.assert_allclose(edges_of(of_column, bins), expected, atol=2e-5)  # their shares are float32
    wanted = [edges.float() for edges in exact]
    oracle = theirs.PiecewiseLinearEmbeddings(wanted, 3, activation=False, version="B")
    module = PiecewiseLinearEmbedding([edges.tolist() for edges in wanted], 3)
    with torch.no_grad():
        module.linear_F1D.copy_(oracle.linear0.weight.unsqueeze(1))
        module.bias_F1D.copy_(oracle.linear0.bias.unsqueeze(1))
        for column, edges in enumerate(wanted):  # theirs has the last bin of each column at the end
            oracle.linear.weight[column].normal_()
            n = len(edges) - 1
            module.weight_FTD[column, : n - 1] = oracle.linear.weight[column, : n - 1]
            module.weight_FTD[column, n - 1] = oracle.linear.weight[column, -1]
        torch.testing.assert_close(module(numbers), oracle(numbers).flatten(1), rtol=1e-6, atol=2e-6)
