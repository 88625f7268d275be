from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from mtl_search.features import VectorSpec
from mtl_search.model import ResNetConfig
from mtl_search.testing.trunk_suite import TrunkSuite


class TestResNet(TrunkSuite):
    @pytest.fixture(params=[1, 2], autouse=True)
    def _choose(self, request: pytest.FixtureRequest) -> None:
        self.blocks = request.param

    def trunk(self) -> ResNetConfig:
        return ResNetConfig(stages=3, width=10, blocks=self.blocks, expansion=1.5, dropout=0.2)


def test_a_block_adds_to_what_it_reads() -> None:
    stage = ResNetConfig(stages=2, width=4).build_stage(0, VectorSpec(3))[1:]
    for parameter in stage[0].layers[-1].parameters():
        nn.init.zeros_(parameter)
    x = torch.randn(5, 4)
    assert torch.equal(stage(x), x)


def test_only_the_last_stage_ends_with_a_normalisation() -> None:
    trunk = ResNetConfig(stages=3, width=4, blocks=2)
    lengths = [len(list(trunk.build_stage(index, VectorSpec(4)).children())) for index in range(3)]
    assert lengths == [3, 2, 4]
    assert isinstance(trunk.build_stage(2, VectorSpec(4))[-2], nn.LayerNorm)


def test_a_block_is_as_wide_inside_as_told() -> None:
    stage = ResNetConfig(width=10, expansion=2.5).build_stage(1, VectorSpec(10))
    assert stage[0].layers[1].out_features == 25


def test_a_row_does_not_depend_on_its_batch() -> None:
    torch.manual_seed(0)
    stage = ResNetConfig(stages=1, width=6).build_stage(0, VectorSpec(6))  # in training, without dropout
    x = torch.randn(8, 6)
    torch.testing.assert_close(stage(x)[3:4], stage(x[3:4]))


@pytest.mark.parametrize(
    "options", [{"blocks": 0}, {"expansion": 0.0}, {"expansion": float("inf")}, {"depth": 1}]
)
def test_wrong_options_are_refused(options: Any) -> None:
    with pytest.raises(ValidationError):
        ResNetConfig(**options)
