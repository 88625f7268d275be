import math
from typing import Any, NoReturn

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchjd.aggregation import (
    IMTLG,
    MGDA,
    PCD,
    Aggregator,
    AlignedMTL,
    ConFIG,
    DualProj,
    GradDrop,
    PCGrad,
    TrimmedMean,
    UPGrad,
)

from mtl_search.testing.toy_networks import LinearNetwork
from mtl_search.weighting.aggregator import (
    AggregatorWeighting,
    RememberingWeighting,
    aggregate,
)

ROWS = {"age": [1.0, 2.0], "cost": [-2.0, 1.0], "death": [1.0, 1.0]}
MEMBERS = tuple(ROWS)
LOSSES = dict.fromkeys(MEMBERS, 1.0)


class Rising(Aggregator):
    """The sum of the rows times the number of calls: an aggregator without weights, with a memory."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, matrix: Tensor) -> Tensor:
        self.calls += 1
        return self.calls * matrix.sum(dim=0)


matrices = st.lists(
    st.lists(st.floats(-3, 3).map(lambda x: round(x, 2)), min_size=5, max_size=5), min_size=3, max_size=3
)


@settings(max_examples=30, deadline=None)
@given(matrices, st.sampled_from([AlignedMTL, DualProj, IMTLG, MGDA, PCGrad, PCD, UPGrad]))
def test_the_weights_of_combined_rows_give_the_gradient(rows: list[list[float]], kind: Any) -> None:
    jacobian_TP = torch.tensor(rows)
    torch.manual_seed(0)
    gradient_P, weights_T = aggregate(kind(), jacobian_TP)
    torch.testing.assert_close(weights_T @ jacobian_TP, gradient_P)
    torch.manual_seed(0)
    torch.testing.assert_close(kind()(jacobian_TP), gradient_P)


@pytest.mark.parametrize("aggregator", [ConFIG(), Rising()])
def test_a_gradient_among_the_combinations_of_rows_is_explained_whole(aggregator: Rising | ConFIG) -> None:
    jacobian_TP = torch.tensor([[1.0, 2.0, 0.0], [-2.0, 1.0, 0.5]])
    gradient_P, weights_T = aggregate(aggregator, jacobian_TP)
    torch.testing.assert_close(weights_T @ jacobian_TP, gradient_P)


@pytest.mark.parametrize("aggregator", [GradDrop(), TrimmedMean(1)])
def test_a_gradient_beside_them_is_explained_as_far_as_rows_can(aggregator: GradDrop | TrimmedMean) -> None:
    torch.manual_seed(0)
    jacobian_TP = torch.randn(3, 6)
    gradient_P, weights_T = aggregate(aggregator, jacobian_TP)
    rest_P = gradient_P - weights_T @ jacobian_TP
    assert rest_P.norm() > 0.1
    torch.testing.assert_close(jacobian_TP @ rest_P, torch.zeros(3), atol=1e-5, rtol=0)


def test_of_dependent_rows_the_smallest_weights_are_reported() -> None:
    _, weights_T = aggregate(Rising(), torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
    assert weights_T.tolist() == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_reaches_no_solver(bad: float) -> None:
    gradient_P, weights_T = aggregate(UPGrad(), torch.tensor([[bad, 1.0], [1.0, 1.0]]))
    assert not gradient_P.isfinite().all()
    assert weights_T.isnan().all()


def test_only_the_rows_of_members_present_are_aggregated_and_aggregators_are_kept() -> None:
    built = []

    def build(present: tuple[str, ...], device: torch.device) -> Rising:
        built.append((present, Rising()))
        return built[-1][1]

    network, weighting = LinearNetwork(ROWS), AggregatorWeighting(build)
    for present in (MEMBERS, ("age", "death"), MEMBERS):
        weighting.backward(network.losses(**dict.fromkeys(present, 1.0)), network)
        gradient = network.gradient()
    assert [present for present, _ in built] == [MEMBERS, ("age", "death")]
    assert [aggregator.calls for _, aggregator in built] == [2, 1]
    assert gradient == [0.0, 8.0]


def test_what_a_task_does_not_share_gets_its_gradient_unweighted() -> None:
    network = LinearNetwork(ROWS)
    weighting = AggregatorWeighting(lambda present, device: MGDA())
    weighting.backward(network.losses(**LOSSES), network)
    assert [own.grad.item() for own in network.own.values()] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("rows", [ROWS, {"age": [1.0, 2.0]}])
def test_one_member_alone_needs_no_aggregator(rows: dict[str, list[float]]) -> None:
    def build(present: tuple[str, ...], device: torch.device) -> NoReturn:
        raise AssertionError("built")

    network = LinearNetwork(rows)
    weights = AggregatorWeighting(build).backward(network.losses(age=1.0), network)
    assert weights == {"age": 1.0}
    assert network.gradient() == [1.0, 2.0]


def test_memory_learns_from_batches_with_all_members_alone() -> None:
    aggregator, network = Rising(), LinearNetwork(ROWS)
    weighting = RememberingWeighting(MEMBERS, lambda members, device: aggregator)
    found = []
    for present in (("age", "death"), MEMBERS, ("age", "death"), ("cost",), MEMBERS):
        weights = weighting.backward(network.losses(**dict.fromkeys(present, 1.0)), network)
        found.append((aggregator.calls, network.gradient(), float(weights[present[0]])))
    assert [calls for calls, _, _ in found] == [0, 1, 1, 1, 2]
    assert found[0][1:] == ([2.0, 3.0], 1.0)  # before there are weights they are 1
    used = found[1][2]
    assert found[2][2] == used  # afterwards those last used
    assert found[2][1] != found[0][1]
    assert found[4][1] == [0.0, 8.0]


def test_rows_come_in_the_order_told() -> None:
    seen = []

    class Watch(Rising):
        def forward(self, matrix: Tensor) -> Tensor:
            seen.append(matrix.tolist())
            return super().forward(matrix)

    network = LinearNetwork(ROWS)
    weighting = RememberingWeighting(("death", "age", "cost"), lambda members, device: Watch())
    weights = weighting.backward(network.losses(**LOSSES), network)
    assert seen == [[ROWS["death"], ROWS["age"], ROWS["cost"]]]
    assert set(weights) == set(MEMBERS)


def test_memory_of_a_network_of_one_is_never_asked() -> None:
    network = LinearNetwork({"age": [1.0, 2.0]})
    weighting = RememberingWeighting(("age",), lambda members, device: Rising())
    assert weighting.backward(network.losses(age=1.0), network) == {"age": 1.0}
    assert network.gradient() == [1.0, 2.0]
