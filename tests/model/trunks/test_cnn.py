from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from mtl_search.data.shapes import ImageShape, InputShape
from mtl_search.errors import Mismatch
from mtl_search.features import MapSpec, VectorSpec
from mtl_search.model import CnnConfig, ImageConfig
from mtl_search.testing.trunk_suite import TrunkSuite


class TestCnn(TrunkSuite):
    @pytest.fixture(params=[1, 2], autouse=True)
    def _choose(self, request: pytest.FixtureRequest) -> None:
        self.blocks = request.param

    def trunk(self) -> CnnConfig:
        return CnnConfig(stages=3, width=6, blocks=self.blocks, smallest=2, groups=3, dropout=0.2)

    def encoder(self) -> ImageConfig:
        return ImageConfig(width=4)

    def shape(self) -> InputShape:
        return InputShape(images=(ImageShape("scan", 1, 7, 6, means=(120.0,), scales=(70.0,)),))


@pytest.mark.parametrize(
    ("side", "smallest", "places"),
    [
        (28, 4, [28, 14, 7, 4, 4]),
        (32, 4, [32, 16, 8, 4, 4]),
        (32, 16, [32, 16, 16, 16, 16]),
        (56, 4, [56, 28, 14, 7, 4]),
        (28, 29, [28, 28, 28, 28, 28]),
    ],
)
def test_stages_halve_the_map_down_to_the_smallest(side: int, smallest: int, places: list[int]) -> None:
    trunk = CnnConfig(stages=5, width=4, smallest=smallest)
    specs = trunk.specs(MapSpec(3, side, side))[1:]
    assert [spec.shape[1] for spec in specs] == places
    halved = [bool(place < before) for before, place in zip([side, *places[:-1]], places, strict=True)]
    widths = [4 * 2 ** sum(halved[: index + 1]) for index in range(5)]
    assert [spec.shape[0] for spec in specs] == widths


def test_a_block_adds_to_what_it_reads() -> None:
    stage = CnnConfig(stages=3, width=4).build_stage(1, MapSpec(4, 7, 7))
    (block,) = CnnConfig(stages=3, width=4, smallest=9).build_stage(1, MapSpec(4, 7, 7)).children()
    for parameter in block.rest[-1].parameters():
        nn.init.zeros_(parameter)
    x = torch.randn(5, 4, 7, 7)
    assert torch.equal(block(x), x)
    assert stage(x).shape == (5, 8, 4, 4)


def test_a_row_does_not_depend_on_its_batch() -> None:
    torch.manual_seed(0)
    stage = CnnConfig(stages=1, width=6).build_stage(0, MapSpec(2, 5, 4))  # in training, without dropout
    x = torch.randn(8, 2, 5, 4)
    torch.testing.assert_close(stage(x)[3:4], stage(x[3:4]))


def test_features_that_are_no_map_are_refused() -> None:
    with pytest.raises(
        Mismatch, match="expected a map for a cnn, as the encoder image makes, found a vector of 7"
    ):
        CnnConfig().stage_out(0, VectorSpec(7))


@pytest.mark.parametrize("options", [{"width": 0}, {"growth": 0.5}, {"smallest": 0}, {"dropout": 1.0}])
def test_wrong_options_are_refused(options: Any) -> None:
    with pytest.raises(ValidationError):
        CnnConfig(**options)
