"""Soft sharing of trunks whose stages halve maps or steps: members' features fit, and no row sees another."""

import pytest
import torch

from mtl_search.data import InputShape
from mtl_search.data.random_inputs import random_inputs
from mtl_search.data.shapes import ImageShape, SeriesShape
from mtl_search.model import Encoder, Trunk
from mtl_search.model.encoders.image import ImageConfig
from mtl_search.model.encoders.series import SeriesConfig
from mtl_search.model.trunks.cnn import CnnConfig
from mtl_search.model.trunks.conv1d import Conv1dConfig
from mtl_search.model.trunks.transformer import TransformerConfig
from mtl_search.testing.toy_networks import toy_network
from tests.model.sharing.test_soft import KINDS

MEMBERS = ("age", "cost", "death")
PHOTO = InputShape(images=(ImageShape("photo", 1, 12, 10, means=(100.0,), scales=(50.0,)),))
SOUND = InputShape(series=(SeriesShape("sound", 2, length=11, means=(0.0,) * 2, scales=(1.0,) * 2),))
TRUNKS: dict[str, tuple[InputShape, Encoder, Trunk]] = {
    "cnn": (PHOTO, ImageConfig(width=4), CnnConfig(stages=3, width=4, smallest=2)),
    "conv1d": (SOUND, SeriesConfig(width=6), Conv1dConfig(stages=3, width=6)),
    "transformer": (
        SOUND,
        SeriesConfig(width=6),
        TransformerConfig(stages=3, width=6, heads=2, head_width=4),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TRUNKS)
def test_members_share_a_trunk_that_halves(name: str, kind: str) -> None:
    shape, encoder, trunk = TRUNKS[name]
    network = toy_network(MEMBERS, KINDS[kind], trunk, encoder, shape=shape).eval()
    inputs = random_inputs(shape, 4, torch.Generator().manual_seed(1))
    outputs = network(inputs)
    assert {task: one.shape for task, one in outputs.items()} == dict.fromkeys(MEMBERS, (4, 1))
    torch.stack([one.square().sum() for one in outputs.values()]).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
    alone = network({key: values[2:3] for key, values in inputs.items()})
    for task in MEMBERS:
        torch.testing.assert_close(alone[task], outputs[task][2:3], rtol=1e-4, atol=1e-5)
    assert {gate.member for gate in network.gates(inputs)} == set(MEMBERS)
