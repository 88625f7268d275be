"""The encoder of a text: a vector a token, of its word and of its character n-grams."""

# B rows of a batch, L tokens, G n-grams of a token, W width

from typing import ClassVar, Literal, final

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from typing_extensions import override

from mtl_search.data.shapes import Inputs, InputShape, TextShape
from mtl_search.features import SequenceSpec, Steps
from mtl_search.model.dropout import Dropout
from mtl_search.model.encoders.encoder import Encoder, cannot_read

__all__ = ["TextConfig", "TextEncoder", "only_text"]


@final
class TextConfig(Encoder):
    """Vectors of ``width``; ``dropout`` is of their values, ``word_dropout`` of whole words.

    >>> TextConfig(width=8).features(InputShape(texts=(TextShape("body", vocabulary=90, length=12),)))
    SequenceSpec(width=8, length=12)
    """

    cost_free: ClassVar[frozenset[str]] = frozenset({"dropout", "word_dropout"})

    name: Literal["text"] = "text"
    width: PositiveInt = 64
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
    """The vector of a token is that of its word plus the mean of those of its n-grams.

    "Enriching word vectors with subword information" (Bojanowski et al. 2017) has the mean of both; as a sum,
    what is particular about a frequent word does not depend on how long it is. A word that train has not has
    the vector of unknown words and its n-grams. ``word_dropout`` leaves out vectors of words as a whole, so
    that the n-grams are learned for frequent words too.
    """

    def __init__(self, shape: TextShape, width: int, dropout: float = 0.0, word_dropout: float = 0.0) -> None:
        super().__init__()
        self.key = shape.key
        self.words = nn.Embedding(shape.vocabulary, width, padding_idx=0)
        self.ngrams = (
            nn.EmbeddingBag(shape.buckets + 1, width, mode="mean", padding_idx=0) if shape.ngrams else None
        )
        self.word_dropout = Dropout(word_dropout)
        self.dropout = Dropout(dropout)

    def forward(self, inputs: Inputs) -> Steps:
        """Zero where there is no token."""
        codes_BL = inputs[self.key]
        values_BLW = self.words(codes_BL)
        if self.word_dropout.rate:
            values_BLW = values_BLW * self.word_dropout(torch.ones_like(values_BLW[..., :1]))
        if self.ngrams is not None:
            ngrams_BLG = inputs[f"{self.key}:ngrams"]
            of_ngrams: Tensor = self.ngrams(ngrams_BLG.flatten(0, 1).long())
            values_BLW = values_BLW + of_ngrams.view_as(values_BLW)
        return Steps(self.dropout(values_BLW), codes_BL != 0)
