"""A network trained before, here a tiny one with random values, as encoder and as trunk cut at its layers."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter
from torch import nn

from mtl_search.data import InputShape
from mtl_search.data.random_inputs import random_inputs
from mtl_search.data.shapes import TextShape
from mtl_search.errors import Mismatch
from mtl_search.features import SequenceSpec, VectorSpec
from mtl_search.model import HuggingFaceConfig, HuggingFaceTrunkConfig
from mtl_search.testing.encoder_suite import EncoderSuite
from mtl_search.testing.toy_networks import toy_losses, toy_network, toy_rows
from mtl_search.testing.trunk_suite import TrunkSuite
from mtl_search.weighting import WeightingConfig, WeightingOptions

transformers = pytest.importorskip("transformers", reason="the extra huggingface is not installed")
pytest.importorskip("peft", reason="the extra huggingface is not installed")

PIECES, LAYERS, WIDTH = 10, 3, 8
STRINGS = InputShape(texts=(TextShape("x", PIECES + 3, length=5),))
LISTS = InputShape(texts=(TextShape("x", PIECES + 3, length=5, ngrams=2, buckets=PIECES),))
SPEC = SequenceSpec(WIDTH, 5)
SIZES = {"vocab_size": PIECES, "max_position_embeddings": 16}
BERT = {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": 2, "intermediate_size": 12}
KINDS = {
    "Bert": BERT,
    "DistilBert": {"dim": WIDTH, "n_layers": LAYERS, "n_heads": 2, "hidden_dim": 12},
    "ModernBert": {**BERT, **dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id"), 0)}
    | {"cls_token_id": 0, "sep_token_id": 0},
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The folder of a network of this kind."""

    def save(kind: str) -> str:
        folder = tmp_path_factory.getbasetemp() / kind
        if not folder.exists():
            torch.manual_seed(0)
            config = getattr(transformers, f"{kind}Config")(**KINDS[kind], **SIZES)
            getattr(transformers, f"{kind}Model")(config).save_pretrained(folder)
        return str(folder)

    return save


class TestEncoder(EncoderSuite):
    @pytest.fixture(params=[STRINGS, LISTS], ids=["strings", "lists"], autouse=True)
    def _choose(self, request: pytest.FixtureRequest, saved: Callable[[str], str]) -> None:
        self.chosen, self.folder = request.param, saved("Bert")

    def encoder(self) -> HuggingFaceConfig:
        return HuggingFaceConfig(folder=self.folder, dropout=0.0)

    def shape(self) -> InputShape:
        return self.chosen


class TestTrunk(TrunkSuite):
    @pytest.fixture(autouse=True)
    def _choose(self, saved: Callable[[str], str]) -> None:
        self.folder = saved("Bert")

    def trunk(self) -> HuggingFaceTrunkConfig:
        return HuggingFaceTrunkConfig(folder=self.folder, stages=2)

    def encoder(self) -> HuggingFaceConfig:
        return HuggingFaceConfig(folder=self.folder)

    def shape(self) -> InputShape:
        return STRINGS


@pytest.mark.parametrize("kind", KINDS)
def test_all_stages_together_are_the_network(kind: str, saved: Callable[[str], str]) -> None:
    folder = saved(kind)
    encoder, trunk = HuggingFaceConfig(folder=folder), HuggingFaceTrunkConfig(folder=folder, stages=2)
    spec = encoder.features(STRINGS)
    stages = [trunk.build_stage(index, spec) for index in range(2)]
    features = nn.Sequential(encoder.build(STRINGS), *stages).eval()(inputs := of_pieces())
    whole = transformers.AutoModel.from_pretrained(folder).eval()
    known = inputs["text:x"] != 0
    expected = whole(input_ids=(inputs["text:x"] - 3).clamp_min(0), attention_mask=known.long())
    assert torch.equal(features.known_BL, known)
    torch.testing.assert_close(features.values_BLW[known], expected.last_hidden_state[known])


def of_pieces() -> dict[str, torch.Tensor]:
    """Without tokens that are unknown or missing, which the network has no piece for."""
    inputs = random_inputs(STRINGS, 7, torch.Generator().manual_seed(0))
    codes = inputs["text:x"]
    return {"text:x": torch.where(codes == 0, 0, codes.clamp_min(4))}


def learned(module: nn.Module) -> set[str]:
    return {name for name, parameter in module.named_parameters() if parameter.requires_grad}


def test_lower_stages_are_frozen_and_lora_learns_beside_values_that_stay(
    saved: Callable[[str], str],
) -> None:
    trunk = HuggingFaceTrunkConfig(folder=saved("Bert"), stages=3, frozen=1, tune="lora", rank=2)
    spec = SPEC
    frozen, *others = (trunk.build_stage(index, spec) for index in range(3))
    assert not learned(frozen)
    for stage in others:
        assert learned(stage)
        assert all("lora_" in name for name in learned(stage))
    full = HuggingFaceTrunkConfig(folder=trunk.folder, stages=3).build_stage(1, spec)
    assert learned(full) == {name for name, _ in full.named_parameters()}
    assert not learned(HuggingFaceConfig(folder=trunk.folder, frozen=True).build(STRINGS))


@pytest.mark.parametrize("weighting", ["equal", "pcgrad", "gradnorm"])
def test_a_frozen_network_with_lora_learns(weighting: str, saved: Callable[[str], str]) -> None:
    """Weightings that look at the gradients of shared parameters leave frozen ones alone."""
    folder, members = saved("Bert"), ("age", "cost")
    encoder = HuggingFaceConfig(folder=folder, frozen=True)
    trunk = HuggingFaceTrunkConfig(folder=folder, stages=3, frozen=1, tune="lora", rank=2)
    tree = "age cost / age cost / age | cost"
    network, rows = (
        toy_network(members, tree, trunk, encoder, shape=STRINGS),
        toy_rows(members, shape=STRINGS),
    )
    options: WeightingOptions = TypeAdapter(Any).validate_python(
        TypeAdapter(WeightingConfig).validate_python({"name": weighting})
    )
    before = {name: value.clone() for name, value in network.state_dict().items()}
    balance, optimizer = options.build(members), torch.optim.SGD(network.parameters(), 0.1)
    for _ in range(2):  # what LoRA multiplies starts at zero
        optimizer.zero_grad()
        balance.backward(toy_losses(network, rows), network)
        optimizer.step()
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert changed <= {name for name in before if "lora_" in name or name.startswith("heads.")}
    assert any("lora_A" in name for name in changed)


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (
            lambda f: HuggingFaceConfig(folder=f).features(InputShape(texts=(TextShape("x", 14, 5),))),
            "10 pieces",
        ),
        (
            lambda f: HuggingFaceConfig(folder=f).features(InputShape(texts=(TextShape("x", 13, 17),))),
            "at most 16 tokens",
        ),
        (
            lambda f: HuggingFaceTrunkConfig(folder=f, stages=4).specs(SPEC),
            "at most 3 stages",
        ),
        (lambda f: HuggingFaceTrunkConfig(folder=f).specs(VectorSpec(WIDTH)), "encoder huggingface"),
        (lambda f: HuggingFaceTrunkConfig(folder=f + "x").specs(SPEC), "a folder with"),
    ],
)
def test_what_does_not_fit_is_refused(part: Any, told: str, saved: Callable[[str], str]) -> None:
    with pytest.raises(Mismatch, match=told):
        part(saved("Bert"))


def test_networks_of_another_form_are_refused(tmp_path: Path) -> None:
    config = transformers.GPT2Config(n_layer=2, n_embd=8, n_head=2, vocab_size=PIECES, n_positions=16)
    transformers.GPT2Model(config).save_pretrained(tmp_path)
    with pytest.raises(Mismatch, match=r"a network like BERT, .* found a GPT2Model"):
        HuggingFaceTrunkConfig(folder=str(tmp_path), stages=2).build_stage(0, SequenceSpec(8, 5))
    shutil.rmtree(tmp_path)
