from typing import Any

import pytest
import torch
from pydantic import ValidationError

from mtl_search.data import InputShape
from mtl_search.data.random_inputs import random_inputs
from mtl_search.data.shapes import ImageShape, SeriesShape, TextShape
from mtl_search.model import MixedConfig, MlpConfig, TableConfig, rows_at_once
from mtl_search.model.copies import Copies
from mtl_search.model.encoders.numbers import PiecewiseLinear
from mtl_search.testing.encoder_suite import EncoderSuite
from mtl_search.testing.toy_networks import TOY_SHAPE, toy_losses, toy_network, toy_rows
from mtl_search.testing.trunk_suite import TrunkSuite

PHOTO = ImageShape("photo", 3, 9, 8, (100.0,) * 3, (60.0,) * 3)
SOUND = SeriesShape("sound", 2, 7, (120.0, 90.0), (60.0, 50.0), "uint8")
NOTE = TextShape("note", 9, 6)
ALL = TOY_SHAPE + InputShape(images=(PHOTO,), texts=(NOTE,), series=(SOUND,))
SMALL = MixedConfig(width=8, stages=2)


class TestMixed(EncoderSuite):
    @pytest.fixture(
        params=[
            ALL,
            InputShape(images=(PHOTO,), series=(SOUND,)),
            InputShape(texts=(NOTE, TextShape("b", 5, 3))),
        ],
        ids=["all", "without a table", "two of a kind"],
        autouse=True,
    )
    def _choose(self, request: pytest.FixtureRequest) -> None:
        self.inputs = request.param

    def encoder(self) -> MixedConfig:
        return MixedConfig(width=8, stages=2, table=TableConfig(numeric=PiecewiseLinear(bins=3, width=4)))

    def shape(self) -> InputShape:
        return self.inputs


class TestMlpOnMixed(TrunkSuite):
    def trunk(self) -> MlpConfig:
        return MlpConfig(stages=2, width=6)

    def encoder(self) -> MixedConfig:
        return SMALL

    def shape(self) -> InputShape:
        return ALL


def test_each_column_has_a_chunk_of_its_own() -> None:
    of_table = TableConfig().chunks(TOY_SHAPE)
    assert SMALL.chunks(ALL) == (*of_table, 8, 8, 8)
    inputs = random_inputs(ALL, 5, torch.Generator().manual_seed(0))
    encoder = SMALL.build(ALL).eval()
    before = encoder(inputs).split(SMALL.chunks(ALL), dim=1)
    for at, key in enumerate(("image:photo", "text:note", "series:sound"), start=len(of_table)):
        other = inputs | {key: inputs[key].flip(0) if key != "text:note" else inputs[key] % 8 + 1}
        after = encoder(other).split(SMALL.chunks(ALL), dim=1)
        same = [torch.equal(one, two) for one, two in zip(before, after, strict=True)]
        assert same == [place != at for place in range(len(same))]


def test_a_table_alone_is_read_as_the_encoder_of_tables_does() -> None:
    torch.manual_seed(0)
    mixed = SMALL.build(TOY_SHAPE)
    torch.manual_seed(0)
    inputs = random_inputs(TOY_SHAPE, 5, torch.Generator().manual_seed(0))
    assert torch.equal(mixed(inputs), TableConfig().build(TOY_SHAPE)(inputs))


@pytest.mark.parametrize("width", [3, 8, 100])
def test_vectors_are_as_wide_as_told(width: int) -> None:
    config = MixedConfig(width=width, stages=3)
    shape = InputShape(images=(ImageShape("photo", 1, 28, 28, (0.0,), (1.0,)),), series=(SOUND,))
    assert config.build(shape)(random_inputs(shape, 2, torch.Generator())).shape == (2, 2 * width)


def test_copies_go_through_the_trunk_alone() -> None:
    network = toy_network(["age"], "age", MlpConfig(stages=1, width=4), SMALL, shape=ALL, copies=3)
    rows = toy_rows(["age"], 4, shape=ALL)
    toy_losses(network, rows)["age"].backward()
    assert network.copies_of(rows.inputs)["age"].shape == (12, 1)
    scaling = network.scaling
    assert isinstance(scaling, Copies)
    assert scaling.factors_CF.grad is not None
    assert scaling.factors_CF.grad.any()


def test_fewer_rows_go_through_at_once_than_of_a_table() -> None:
    big = ALL + InputShape(images=(ImageShape("scan", 1, 64, 64, (0.0,), (1.0,)),))
    networks = [toy_network(["age"], "age", MlpConfig(stages=1), SMALL, shape=s) for s in (TOY_SHAPE, big)]
    assert [rows_at_once(network, 1000) for network in networks] == [1000, 1000 * 1024 // (8 * 64 * 64)]


@pytest.mark.parametrize("options", [{"stages": 0}, {"width": 0}, {"table": {"width": 3}}, {"kernel": 0}])
def test_wrong_options_are_refused(options: Any) -> None:
    with pytest.raises(ValidationError):
        MixedConfig.model_validate(options)
