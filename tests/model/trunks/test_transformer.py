from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from mtl_search.data import InputShape
from mtl_search.data.shapes import TextShape
from mtl_search.errors import Mismatch
from mtl_search.features import MapSpec, SequenceSpec, Steps
from mtl_search.model import TextConfig, TransformerConfig
from mtl_search.testing.trunk_suite import TrunkSuite

TEXT = InputShape(texts=(TextShape("body", vocabulary=30, length=6, ngrams=3, buckets=20),))
SPEC = SequenceSpec(width=8, length=6)


class TestTransformer(TrunkSuite):
    @pytest.fixture(params=["rotary", "learned"], autouse=True)
    def _choose(self, request: pytest.FixtureRequest) -> None:
        self.positions = request.param

    def trunk(self) -> TransformerConfig:
        return TransformerConfig(
            stages=3, width=10, layers=2, heads=2, head_width=4, dropout=0.2, positions=self.positions
        )

    def encoder(self) -> TextConfig:
        return TextConfig(width=8)

    def shape(self) -> InputShape:
        return TEXT


def steps(rows: int = 3) -> Steps:
    torch.manual_seed(0)
    known = torch.arange(SPEC.length) < torch.tensor([6, 4, 1])[:rows, None]
    return Steps(torch.randn(rows, SPEC.length, SPEC.width), known)


def stage(**options: Any) -> Any:
    torch.manual_seed(1)
    return TransformerConfig(stages=1, width=8, heads=2, head_width=4, **options).build_stage(0, SPEC).eval()


@pytest.mark.parametrize("positions", ["rotary", "learned", "none"])
def test_what_stands_at_unknown_steps_reaches_no_known_one(positions: str) -> None:
    module, features = stage(positions=positions), steps()
    other = features.values_BLW.masked_fill(~features.known_BL[..., None], 1e4)
    first, second = module(features), module(Steps(other, features.known_BL))
    assert torch.equal(first.known_BL, features.known_BL)
    assert torch.equal(first.values_BLW[first.known_BL], second.values_BLW[second.known_BL])


@pytest.mark.parametrize("positions", ["rotary", "learned"])
def test_the_order_of_steps_counts(positions: str) -> None:
    """Without positions a step is the same whatever order the others have."""
    order = torch.tensor([0, 2, 1, 3, 4, 5])
    features = steps(1)
    turned = Steps(features.values_BLW[:, order], features.known_BL)
    for kind, same in ((positions, False), ("none", True)):
        module = stage(positions=kind)
        before, after = module(features).values_BLW[:, 5], module(turned).values_BLW[:, 5]
        assert torch.allclose(before, after, atol=1e-5) == same


def test_rotary_positions_know_distances_alone() -> None:
    attention = stage(positions="rotary").layers[0].attention
    features = steps(1).values_BLW[:, :3]
    known = torch.zeros(2, 1, 6, dtype=torch.bool)
    moved = torch.zeros(2, 1, 6, 8)
    for at in (0, 1):
        moved[at, :, 2 * at : 2 * at + 3], known[at, :, 2 * at : 2 * at + 3] = features, True
    first, second = (attention(moved[at], known[at])[:, 2 * at : 2 * at + 3] for at in (0, 1))
    torch.testing.assert_close(first, second)


def test_the_layer_is_that_of_pytorch() -> None:
    """Without positions, on the same weights: pre-norm, GELU."""
    ours = stage(positions="none").layers[0]
    theirs = nn.TransformerEncoderLayer(8, 2, 16, 0.0, "gelu", batch_first=True, norm_first=True)
    pairs = {
        "self_attn.in_proj_weight": "attention.into.weight",
        "self_attn.in_proj_bias": "attention.into.bias",
        "self_attn.out_proj.weight": "attention.out.weight",
        "self_attn.out_proj.bias": "attention.out.bias",
        "linear1.weight": "each_step.0.weight",
        "linear1.bias": "each_step.0.bias",
        "linear2.weight": "each_step.3.weight",
        "linear2.bias": "each_step.3.bias",
        "norm1.weight": "norms.0.weight",
        "norm1.bias": "norms.0.bias",
        "norm2.weight": "norms.1.weight",
        "norm2.bias": "norms.1.bias",
    }
    state = ours.state_dict()
    theirs.load_state_dict({name: state[of_ours] for name, of_ours in pairs.items()})
    features = steps()
    expected = theirs(features.values_BLW, src_key_padding_mask=~features.known_BL)
    found = ours(*features)
    torch.testing.assert_close(found[features.known_BL], expected[features.known_BL])


def test_a_map_is_refused_with_what_would_do() -> None:
    with pytest.raises(Mismatch, match=r"a sequence for a transformer, found a map .* cnn reads it"):
        TransformerConfig().specs(MapSpec(1, 8, 8))


@pytest.mark.parametrize(
    "options", [{"head_width": 5}, {"heads": 0}, {"positions": "sine"}, {"dropout": 1.0}]
)
def test_wrong_options_are_refused(options: Any) -> None:
    with pytest.raises(ValidationError):
        TransformerConfig(**options)
