"""The contract suites of weightings and trunks find what they are there to find."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtl_search.features import FeatureSpec, VectorSpec
from mtl_search.model import MlpConfig, Trunk
from mtl_search.testing.trunk_suite import TrunkSuite
from mtl_search.testing.weighting_suite import MEMBERS, WeightingSuite
from mtl_search.weighting import Losses, SharedParameters, Weighting, WeightingOptions, Weights


class Faulty(Weighting):
    """Equal weights with one fault."""

    def __init__(self, fault: str) -> None:
        super().__init__()
        self.fault = fault

    def backward(self, losses: Losses, network: SharedParameters) -> Weights:
        total = torch.stack(list(losses.values())).sum()
        if self.fault == "no gradient":
            return dict.fromkeys(losses, 1.0)
        if self.fault == "mixes heads":
            total = total * total
            for name in MEMBERS:
                for parameter in network.task_parameters(name):
                    parameter.grad = torch.ones_like(parameter)
        if self.fault == "climbs":
            total = -total
        if self.fault == "draws from the global generator":
            torch.rand(1)
        if self.fault == "unseeded":
            total = total * (1 + secrets.randbelow(1000) / 1000)
        torch.autograd.backward(total)
        if self.fault == "overwrites":
            for parameter in network.shared_parameters():
                assert parameter.grad is not None
                parameter.grad = parameter.grad - parameter.grad.round()
        if self.fault == "changes the network":
            network.shared_parameters()[0].data.mul_(2.0)
        if self.fault == "not finite":
            network.shared_parameters()[0].grad.fill_(torch.nan)
        return {} if self.fault == "no weights" else dict.fromkeys(losses, 1.0)


class FaultyOptions(WeightingOptions):
    name: str = "faulty"
    fault: str

    def build(self, members: tuple[str, ...]) -> Faulty:
        return Faulty(self.fault)


class Suite(WeightingSuite):
    __test__ = False

    def __init__(self, fault: str) -> None:
        self.fault = fault

    def configure(self, members: tuple[str, ...]) -> WeightingOptions:
        return FaultyOptions(fault=self.fault)


@pytest.mark.parametrize(
    ("fault", "test"),
    [
        ("no gradient", lambda suite: suite.test_gradients_are_finite_and_there_are_some(MEMBERS)),
        ("not finite", lambda suite: suite.test_gradients_are_finite_and_there_are_some(MEMBERS)),
        ("mixes heads", lambda suite: suite.test_what_serves_one_task_follows_the_gradient_of_its_loss()),
        ("mixes heads", lambda suite: suite.test_a_member_without_labels_gets_no_gradient()),
        ("no weights", lambda suite: suite.test_the_weight_of_each_loss_is_a_finite_number(MEMBERS)),
        ("climbs", lambda suite: suite.test_losses_fall()),
        ("climbs", lambda suite: suite.test_losses_fall_where_batches_lack_labels()),
        ("climbs", lambda suite: suite.test_a_network_of_one_task_learns()),
        ("unseeded", lambda suite: suite.test_the_same_seed_gives_the_same_training()),
        (
            "draws from the global generator",
            lambda suite: suite.test_random_numbers_come_from_its_generator_alone(),
        ),
        ("overwrites", lambda suite: suite.test_gradients_are_added_to_those_that_are_there()),
        ("changes the network", lambda suite: suite.test_only_gradients_of_the_network_change()),
    ],
)
def test_the_weighting_suite_finds_the_fault(fault: str, test: Callable[..., Any]) -> None:
    test(Suite(""))
    with pytest.raises((AssertionError, KeyError)):
        test(Suite(fault))


class FaultyTrunk(Trunk):
    """An mlp with one fault."""

    name: str = "faulty"
    fault: str

    def stage_out(self, index: int, spec: FeatureSpec) -> FeatureSpec:
        return VectorSpec(7 if self.fault == "wrong width" and index == 2 else 6)

    def build_stage(self, index: int, spec: FeatureSpec) -> nn.Module:
        if self.fault == "cuts the gradient" and index == 1:
            return _Cut()
        if self.fault == "shares modules" and index == 1:
            return KEPT
        stage = self._mlp().build_stage(index, spec)
        return nn.Sequential(stage, _Noise()) if self.fault == "noise" else stage

    def _mlp(self) -> MlpConfig:
        return MlpConfig(stages=self.stages, width=6)


class _Cut(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x).detach()


class _Noise(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.randn_like(x)


KEPT = nn.Linear(6, 6)


class TrunkUnderTest(TrunkSuite):
    __test__ = False

    def __init__(self, fault: str) -> None:
        self.fault = fault

    def trunk(self) -> Trunk:
        return FaultyTrunk(fault=self.fault)


def _has_the_width(suite: TrunkSuite) -> None:
    suite.test_each_stage_makes_the_features_it_says(5)


def _reaches(suite: TrunkSuite) -> None:
    suite.test_the_gradient_of_a_task_reaches_encoder_and_every_stage_on_its_path()


@pytest.mark.parametrize(
    ("fault", "test"),
    [
        ("wrong width", _has_the_width),
        ("cuts the gradient", _reaches),
        ("shares modules", lambda suite: suite.test_every_part_is_new()),
        ("shares modules", lambda suite: suite.test_members_do_not_influence_each_other_after_their_cut()),
        ("noise", lambda suite: suite.test_nothing_is_drawn_but_from_the_generator()),
        ("noise", lambda suite: suite.test_evaluation_is_the_same_every_time_and_for_every_batch()),
    ],
)
def test_the_trunk_suite_finds_the_fault(fault: str, test: Callable[..., Any]) -> None:
    torch.manual_seed(0)
    test(TrunkUnderTest(""))
    with pytest.raises(AssertionError):
        test(TrunkUnderTest(fault))
