from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from mtl_search.data import InputShape
from mtl_search.data.shapes import SeriesShape, TextShape
from mtl_search.errors import Mismatch
from mtl_search.features import SequenceSpec, Steps, VectorSpec
from mtl_search.model import Conv1dConfig, Encoder, SeriesConfig, TextConfig
from mtl_search.testing.trunk_suite import TrunkSuite

SERIES = SeriesShape("sound", 3, 9, (120.0, 90.0, 100.0), (60.0, 70.0, 80.0), "uint8")


class TestConv1d(TrunkSuite):
    @pytest.fixture(
        params=[
            (SeriesConfig(width=4), InputShape(series=(SERIES,)), True),
            (TextConfig(width=6), InputShape(texts=(TextShape("note", 9, 9),)), False),
        ],
        ids=["series, halved", "text, kept"],
        autouse=True,
    )
    def _choose(self, request: pytest.FixtureRequest) -> None:
        self.encodes, self.inputs, self.halve = request.param

    def trunk(self) -> Conv1dConfig:
        return Conv1dConfig(stages=3, width=6, halve=self.halve, dropout=0.2)

    def encoder(self) -> Encoder:
        return self.encodes

    def shape(self) -> InputShape:
        return self.inputs


def stages(halve: bool, length: int, **options: Any) -> nn.Sequential:
    trunk = Conv1dConfig(stages=2, width=4, halve=halve, **options)
    specs = trunk.specs(SequenceSpec(4, length))
    torch.manual_seed(0)
    return nn.Sequential(*(trunk.build_stage(i, read) for i, read in enumerate(specs[:-1]))).eval()


@pytest.mark.parametrize("halve", [True, False])
def test_no_padding_leaks(halve: bool) -> None:
    chain, length = stages(halve, 11, kernel=5), 5
    values = torch.randn(1, length, 4)
    alone = chain(Steps(values, torch.ones(1, length, dtype=torch.bool)))
    known = torch.arange(11)[None] < length
    for noise in (0.0, 100.0):
        padded = torch.cat([values, noise * torch.randn(1, 6, 4)], dim=1)
        out = chain(Steps(padded, known))
        assert int(out.known_BL.sum()) == alone.known_BL.shape[1]
        torch.testing.assert_close(out.values_BLW[out.known_BL], alone.values_BLW[alone.known_BL])


def test_halving_takes_the_larger_of_the_known_steps() -> None:
    halve, _ = Conv1dConfig(width=1).build_stage(1, SequenceSpec(1, 5)).children()
    values = torch.tensor([[-3.0, -1.0, -2.0, 9.0, 9.0], [1.0, 2.0, 4.0, 3.0, -5.0]])[..., None]
    known = torch.tensor([[True, True, True, False, False], [True] * 5])
    made = halve(Steps(values, known))
    assert made.known_BL.tolist() == [[True, True, False], [True, True, True]]
    assert made.values_BLW[..., 0].tolist() == [[-1.0, -2.0, 0.0], [2.0, 4.0, -5.0]]


def test_a_block_adds_to_what_it_reads() -> None:
    stage = Conv1dConfig(stages=2, width=4, halve=False).build_stage(0, SequenceSpec(4, 6))
    (block,) = stage.children()
    for parameter in block.convolutions[-1].parameters():
        nn.init.zeros_(parameter)
    values = torch.randn(5, 6, 4)
    assert torch.equal(block(Steps(values, torch.ones(5, 6, dtype=torch.bool))).values_BLW, values)


def test_stages_change_the_length_only_if_told_to() -> None:
    spec = SequenceSpec(3, 100)
    lengths = [of.length for of in Conv1dConfig(stages=8).specs(spec)]
    assert lengths == [100, 50, 25, 13, 7, 4, 2, 1, 1]
    assert {of.length for of in Conv1dConfig(stages=8, halve=False).specs(spec)} == {100}


def test_a_vector_is_refused_in_words() -> None:
    with pytest.raises(
        Mismatch, match="a sequence for a conv1d, found a vector of 8; encoders text and series"
    ):
        Conv1dConfig().specs(VectorSpec(8))


@pytest.mark.parametrize(
    "options", [{"kernel": 2}, {"kernel": 0}, {"blocks": 0}, {"dropout": 1.0}, {"halve": "no"}, {"depth": 2}]
)
def test_wrong_options_are_refused(options: Any) -> None:
    with pytest.raises(ValidationError):
        Conv1dConfig(**options)
