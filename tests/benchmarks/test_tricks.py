"""RealMLP's tricks against values worked out by hand, and the table that compares them."""

import pytest
import torch
from torch.nn import functional as F

from benchmarks.realmlp import Activation, Coslog, NtkLinear, RealMlp, Scaling, flat_cosine
from benchmarks.tricks import smoothed
from benchmarks.tricks_table import table
from mtl_search.records import MetricKind
from mtl_search.testing.trunk_suite import TrunkSuite
from tests.fixtures.data import tiny_dataset


class TestRealMlp(TrunkSuite):
    @pytest.fixture(params=[False, True], autouse=True)
    def _choose(self, request: pytest.FixtureRequest) -> None:
        self.on = request.param

    def trunk(self) -> RealMlp:
        rate = 6.0 if self.on else 0.0
        return RealMlp(stages=3, width=7, dropout=0.2, ntk=self.on, scaling=rate, parametric=rate)


def test_scaling_starts_as_the_identity_and_is_faster_than_its_parameter() -> None:
    scaling = Scaling(2, rate=6.0)
    x = torch.tensor([[1.0, -2.0]])
    assert torch.equal(scaling(x), x)
    torch.nn.init.constant_(scaling.factors_F, 0.5)  # 1 + 6 * 0.5 = 4
    assert scaling(x).tolist() == [[4.0, -8.0]]


def test_an_activation_starts_as_its_function_and_ends_as_the_identity() -> None:
    activation = Activation(1, "relu", rate=0.1)
    x = torch.tensor([[-2.0], [3.0]])
    assert torch.equal(activation(x), F.relu(x))
    assert activation.strengths_W is not None
    torch.nn.init.constant_(activation.strengths_W, -5.0)  # a = 1 - 0.1 * 5 = 1/2
    assert activation(x).tolist() == [[-1.0], [3.0]]
    torch.nn.init.constant_(activation.strengths_W, -10.0)
    assert activation(x).tolist() == x.tolist()


def test_an_ntk_layer_divides_by_the_root_of_what_it_reads() -> None:
    layer = NtkLinear(4, 1)
    torch.nn.init.ones_(layer.weight_WF)
    torch.nn.init.constant_(layer.bias_W, 10.0)
    assert layer(torch.ones(1, 4)).item() == pytest.approx(4 / 2 + 1)


def test_coslog_rises_and_falls_in_the_middle_of_its_steps() -> None:
    # log2(1 + t) at t = 1/6, 1/2 and 5/6 is .2224, .5850 and .8745: sin^2 of pi times it
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=2.0)
    schedule = Coslog(cycles=1).build(optimizer, 3)
    found = []
    for _ in range(3):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert found == pytest.approx([2 * 0.4137, 2 * 0.9305, 2 * 0.1476], abs=1e-3)


@pytest.mark.parametrize(("done", "share"), [(0.0, 1.0), (0.49, 1.0), (0.75, 0.5), (1.0, 0.0)])
def test_what_falls_is_flat_first(done: float, share: float) -> None:
    assert flat_cosine(done) == pytest.approx(share)


def test_smoothing_changes_what_is_learned_of_classes_alone() -> None:
    dataset = tiny_dataset(60)
    soft = smoothed(dataset, 0.1)
    for name, task in dataset.tasks.items():
        before, after = dataset.train.targets[name], soft.train.targets[name]
        if task.kind == "binary":
            torch.testing.assert_close(after, 0.05 + 0.9 * before)
        else:
            assert torch.equal(before, after)
    assert soft.valid is dataset.valid


def test_a_trick_is_compared_with_its_basis_at_the_best_rate() -> None:
    def row(trick: str, rate: float, seed: int, chosen_by: float, value: float) -> dict[str, object]:
        key = {"basis": "plain", "trick": trick, "rate": rate, "seed": seed}
        return {**key, "chosen_by": chosen_by, "epoch": 3, "seconds": 1.0, "values": {"death": value}}

    rows = [row("none", rate, s, rate, 0.5 * rate + 0.01 * s) for rate in (1.0, 2.0) for s in (-1, 1)]
    rows += [row("mish", rate, s, -rate, 1.1 + 0.01 * s) for rate in (1.0, 2.0) for s in (-1, 1)]
    rows += [row("mish", 1.0, 5, 9.0, 9.9)]  # a seed without the other rate
    metrics = {"death": MetricKind("auroc", higher_is_better=True)}
    *_, none, mish = table(metrics, rows, ["plain", "ple"], ["none", "mish", "silu"])
    assert none.split() == ["plain", "none", "0.00", "0.00", "0.00", "2", "2e+00", "3.0", "1.0"]
    assert mish.split() == ["plain", "mish", "10.00", "10.00", "0.00", "2", "1e+00", "3.0", "1.0"]
