from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from mtl_search.errors import Mismatch
from mtl_search.features import SequenceSpec, VectorSpec
from mtl_search.model import MlpConfig
from mtl_search.testing.trunk_suite import TrunkSuite


class TestMlp(TrunkSuite):
    @pytest.fixture(params=["relu", "gelu", "silu"], autouse=True)
    def _choose(self, request: pytest.FixtureRequest) -> None:
        self.activation = request.param

    def trunk(self) -> MlpConfig:
        return MlpConfig(stages=4, width=12, dropout=0.3, activation=self.activation)


def test_a_stage_is_linear_activation_dropout() -> None:
    trunk = MlpConfig(stages=2, width=5, dropout=0.25, activation="gelu")
    stage = trunk.build_stage(0, VectorSpec(8))
    linear, activation, dropout = stage.children()
    assert (linear.in_features, linear.out_features) == (8, 5)
    assert isinstance(activation, nn.GELU)
    assert dropout.rate == 0.25


def test_without_dropout_there_is_no_dropout_layer() -> None:
    assert len(list(MlpConfig(width=5).build_stage(1, VectorSpec(5)).children())) == 2


def test_dropout_is_active_in_training_alone() -> None:
    torch.manual_seed(0)
    stage = MlpConfig(width=64, dropout=0.5).build_stage(1, VectorSpec(64))
    x = torch.randn(4, 64)
    assert not torch.equal(stage(x), stage(x))
    stage.eval()
    assert torch.equal(stage(x), stage(x))


@pytest.mark.parametrize(
    "options",
    [
        {"stages": -1},
        {"width": 0},
        {"width": "64"},
        {"width": 1.5},
        {"dropout": 1.0},
        {"dropout": -0.1},
        {"dropout": float("nan")},
        {"activation": "tanh"},
        {"embedding_dim": 8},
        {"depth": 3},
    ],
)
def test_wrong_options_are_refused(options: Any) -> None:
    with pytest.raises(ValidationError):
        MlpConfig(**options)


def test_a_sequence_is_refused_in_words() -> None:
    with pytest.raises(Mismatch, match="a vector for an mlp, found a sequence of 5 steps of width 8"):
        MlpConfig().specs(SequenceSpec(width=8, length=5))
