import math
import warnings

import pytest
import torch
from torchjd.aggregation import NashMTL

from mtl_search.weighting.nash_mtl import guarded_nash


def test_where_torchjd_has_a_solution_it_is_the_same() -> None:
    jacobian_TP = torch.tensor([[1.0, 2.0, 0.0], [-1.0, 1.0, 0.5]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = NashMTL(2)(jacobian_TP)
    torch.testing.assert_close(guarded_nash(2, 1.0, 1, 20)(jacobian_TP), expected)


def test_no_gradient_at_all_has_weights_of_zero_and_is_forgotten() -> None:
    nash, fresh = guarded_nash(2, 1.0, 1, 20), guarded_nash(2, 1.0, 1, 20)
    assert nash.weighting(torch.zeros(2, 3)).tolist() == [0.0, 0.0]
    jacobian_TP = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    torch.testing.assert_close(nash(jacobian_TP), fresh(jacobian_TP))


@pytest.mark.parametrize(
    "rows", [[[1.0, 0.0], [0.0, 0.0]], [[1.0, 1.0], [-1.0, -1.0]], [[1e6, 0.0], [0.0, 1e-6]]]
)
def test_where_the_solver_fails_weights_stay_finite_and_no_warning_is_shown(rows: list[list[float]]) -> None:
    weights_T = guarded_nash(2, 1.0, 1, 20).weighting(torch.tensor(rows))
    assert all(math.isfinite(weight) for weight in weights_T)
