"""The embeddings of a text network that was trained before, for a trunk of its layers."""

# B rows of a batch, L tokens, G pieces of a token, W width

from typing import ClassVar, Literal, final

from pydantic import Field
from torch import Tensor, nn
from typing_extensions import override

from mtl_search.data.shapes import Inputs, InputShape, TextShape
from mtl_search.errors import Mismatch
from mtl_search.features import SequenceSpec, Steps
from mtl_search.model.encoders.encoder import Encoder
from mtl_search.model.encoders.text import only_text
from mtl_search.model.huggingface import configuration, embeddings_of, run

__all__ = ["HuggingFaceConfig"]

RESERVED = 3  # codes that are no piece: no token, an unknown one, a missing text


@final
class HuggingFaceConfig(Encoder):
    """Of the network in ``folder``; the text must be read by its tokenizer.

    ``frozen``: they stay what they are. A token of a list enters as the mean of its pieces.
    """

    cost_free: ClassVar[frozenset[str]] = frozenset({"dropout"})

    name: Literal["huggingface"] = "huggingface"
    folder: str = Field(min_length=1)
    dropout: float = Field(default=0.1, ge=0.0, lt=1.0)
    frozen: bool = False

    @override
    def features(self, shape: InputShape) -> SequenceSpec:
        text, config = only_text(shape), configuration(self.folder)
        pieces = (text.buckets or text.vocabulary) - (0 if text.buckets else RESERVED)
        if pieces > config.vocab_size or (text.buckets and text.vocabulary != text.buckets + RESERVED):
            expected = f"a text of the {config.vocab_size} pieces that {self.folder} has embeddings of"
            hint = f"inputs: {text.column}: {{kind: text, tokenizer: .../tokenizer.json}}"
            raise Mismatch(expected, f"one of {pieces}", hint)
        most = getattr(config, "max_position_embeddings", text.length) - _taken(config.model_type)
        if text.length > most:
            hint = f"inputs: {text.column}: {{kind: text, length: {most}, ...}}"
            raise Mismatch(f"a text of at most {most} tokens for {self.folder}", f"{text.length}", hint)
        return SequenceSpec(config.hidden_size, text.length)

    @override
    def build(self, shape: InputShape) -> nn.Module:
        self.features(shape)
        return _Embeddings(only_text(shape), self)


def _taken(model_type: str) -> int:
    """Positions that are not for tokens: RoBERTa and its kin count from that of padding on, which is 1."""
    return 2 if "roberta" in model_type or model_type == "camembert" else 0


@final
class _Embeddings(nn.Module):
    def __init__(self, text: TextShape, config: HuggingFaceConfig) -> None:
        super().__init__()
        self.key, self.has_parts = text.key, bool(text.ngrams)
        self.model = embeddings_of(config.folder, config.dropout).requires_grad_(not config.frozen)

    def forward(self, inputs: Inputs) -> Steps:
        codes_BL = inputs[self.key]
        words = self.model.get_input_embeddings()
        if self.has_parts:
            pieces_BLG = inputs[f"{self.key}:ngrams"].long()
            there_BLG1 = (pieces_BLG > 0)[..., None]
            sums_BLW = words((pieces_BLG - 1).clamp_min(0)).mul(there_BLG1).sum(2)
            values_BLW: Tensor = sums_BLW / there_BLG1.sum(2).clamp_min(1)
        else:
            values_BLW = words((codes_BL.long() - RESERVED).clamp_min(0))
        return run(self.model, values_BLW, codes_BL != 0)
