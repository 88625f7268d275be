"""The encoder of a text: a vector a token, of its word and of its character n-grams."""

# B rows of a batch, L tokens, G n-grams of a token, W width

from typing import ClassVar, Literal, final

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F
from typing_extensions import override

from mtl_search.data.shapes import Inputs, InputShape, TextShape
from mtl_search.features import SequenceSpec, Steps
from mtl_search.model.dropout import Dropout
from mtl_search.model.encoders.encoder import Encoder, cannot_read
from mtl_search.model.part import Size

__all__ = ["TextConfig", "TextEncoder", "only_text"]

WORDS_START, NGRAMS_START = 0.05, 0.1  # standard deviations of the values at the start


@final
class TextConfig(Encoder):
    """Vectors of ``width``; ``dropout`` is of their values, ``word_dropout`` of whole words.

    >>> TextConfig(width=8).features(InputShape(texts=(TextShape("body", vocabulary=90, length=12),)))
    SequenceSpec(width=8, length=12)
    """

    cost_free: ClassVar[frozenset[str]] = frozenset({"dropout", "word_dropout"})

    name: Literal["text"] = "text"
    width: Size = 64
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    word_dropout: float = Field(default=0.0, ge=0.0, lt=1.0)

    @override
    def features(self, shape: InputShape) -> SequenceSpec:
        return SequenceSpec(self.width, only_text(shape).length)

    @override
    def build(self, shape: InputShape) -> nn.Module:
        return TextEncoder(only_text(shape), self.width, self.dropout, self.word_dropout)


def only_text(shape: InputShape) -> TextShape:
    """The one column of text, which must be all there is; else a Mismatch that names what would do."""
    if len(shape.texts) != 1 or shape != InputShape(texts=shape.texts):
        raise cannot_read(shape, "text", "one text and nothing else")
    return shape.texts[0]


@final
class TextEncoder(nn.Module):
    """The vector of a token is the sum of those of its word and of its n-grams.

    So does "Enriching word vectors with subword information" (Bojanowski et al. 2017); in a sum n-grams learn
    faster than in a mean. Words start near zero: a rare one says at first what its n-grams say. One that
    train has not has the vector of unknown words and its n-grams. ``word_dropout`` leaves out the vectors of
    whole words, so that the n-grams are learned for frequent words too.
    """

    def __init__(self, shape: TextShape, width: int, dropout: float = 0.0, word_dropout: float = 0.0) -> None:
        super().__init__()
        self.key = shape.key
        self.words = nn.Embedding(shape.vocabulary, width, padding_idx=0)
        _start(self.words.weight, WORDS_START)
        self.ngrams = _Ngrams(shape.buckets, width) if shape.ngrams else None
        self.word_dropout = Dropout(word_dropout)
        self.dropout = Dropout(dropout)

    def forward(self, inputs: Inputs) -> Steps:
        """Zero where there is no token."""
        codes_BL = inputs[self.key]
        values_BLW = self.words(codes_BL)
        if self.word_dropout.rate:
            values_BLW = values_BLW * self.word_dropout(torch.ones_like(values_BLW[..., :1]))
        if self.ngrams is not None:
            values_BLW = values_BLW + self.ngrams(inputs[f"{self.key}:ngrams"])
        return Steps(self.dropout(values_BLW), codes_BL != 0)


@final
class _Ngrams(nn.Module):
    def __init__(self, buckets: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(buckets + 1, width))
        _start(self.weight, NGRAMS_START)

    def forward(self, ngrams_BLG: Tensor) -> Tensor:
        """The sums_BLW."""
        flat_TG = ngrams_BLG.flatten(0, 1).int()
        if torch.compiler.is_exporting():  # ONNX has no bags
            sums_TW = F.embedding(flat_TG, self.weight).sum(1)
        else:
            sums_TW = F.embedding_bag(flat_TG, self.weight, mode="sum", padding_idx=0)
        out: Tensor = sums_TW.unflatten(0, ngrams_BLG.shape[:2])
        return out


def _start(weight: Tensor, deviation: float) -> None:
    """Normal values, and zeros where there is nothing."""
    with torch.no_grad():
        weight.normal_(std=deviation)[0] = 0.0
