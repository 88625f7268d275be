from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from mtl_search.data import InputShape
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
    stage: Any = trunk.build_stage(0, InputShape(3, (7,)))
    linear, activation, dropout = stage
    assert (linear.in_features, linear.out_features) == (3 + 5, 5)  # a column of 7 levels is embedded in 5
    assert isinstance(activation, nn.GELU)
    assert dropout.p == 0.25


def test_without_dropout_there_is_no_dropout_layer() -> None:
    stage: Any = MlpConfig(width=5).build_stage(1, InputShape(3))
    assert len(stage) == 2


def test_dropout_is_active_in_training_alone() -> None:
    torch.manual_seed(0)
    stage = MlpConfig(width=64, dropout=0.5).build_stage(1, InputShape(3))
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
        {"embedding_dim": 0},
        {"embedding_dim": "small"},
        {"depth": 3},
    ],
)
def test_wrong_options_are_refused(options: Any) -> None:
    with pytest.raises(ValidationError):
        MlpConfig(**options)
