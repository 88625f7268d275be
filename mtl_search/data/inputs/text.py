"""Texts: strings or lists of tokens as codes of a vocabulary, with the character n-grams of each word."""

# N rows, L tokens of a row, T tokens of all rows, G n-grams or pieces of a token

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Self, final

import numpy as np
import pyarrow as pa
import torch
from pydantic import Field, PositiveInt, model_validator
from typing_extensions import override

from mtl_search.data.inputs.fitted import NOTHING, FittedInputs, InputOptions, columns_of
from mtl_search.data.inputs.texts.columns import MISSING, UNKNOWN, Tokens, flat_tokens, is_text, is_token_list
from mtl_search.data.inputs.texts.ngrams import NGrams
from mtl_search.data.inputs.texts.words import Words, split_words
from mtl_search.data.shapes import Inputs, InputShape, TextShape
from mtl_search.tasks.base import Layout

__all__ = ["TextInputs", "TextOptions"]

MOST_NGRAMS = 24  # of a word: memory is reserved for them at every place
TOLD = 0.05  # share of unknown words from which people are told


@final
class TextOptions(InputOptions):
    """A column of texts: strings, which are split into words and signs, or lists of tokens.

    ``length``: the most tokens of a row, the others are cut; ``words``: the size of the vocabulary, of words
    that train has ``at_least`` so many times; ``ngrams``: from and to how many characters, ``null`` for none,
    hashed to ``buckets`` numbers.
    """

    kind: Literal["text"] = "text"
    length: PositiveInt = 256
    words: PositiveInt = 20_000
    at_least: PositiveInt = 2
    ngrams: Annotated[tuple[PositiveInt, PositiveInt] | None, Field(strict=False)] = (2, 4)
    buckets: Annotated[int, Field(ge=1, lt=2**15)] = 20_000

    @model_validator(mode="after")
    def _ngrams_rise(self) -> Self:
        if self.ngrams is not None and self.ngrams[0] > self.ngrams[1]:
            raise ValueError(f"ngrams from a few characters to more, found {list(self.ngrams)}")
        return self


@final
@dataclass(frozen=True, slots=True)
class TextInputs(FittedInputs):
    """Columns of texts as the codes of up to ``lengths`` tokens, each column with a vocabulary of its own."""

    columns: tuple[str, ...]
    readers: tuple[Words, ...] = ()
    lengths: tuple[int, ...] = ()
    kind: Literal["text"] = "text"

    @staticmethod
    @override
    def reads(kind: pa.DataType) -> bool:
        return is_token_list(kind)

    @classmethod
    @override
    def takes(cls, kind: pa.DataType) -> bool:
        return is_text(kind) or is_token_list(kind)

    @classmethod
    @override
    def fit(
        cls, train: pa.Table, columns: tuple[str, ...], options: Mapping[str, InputOptions] = NOTHING
    ) -> "TextInputs":
        readers, lengths = [], []
        for name, column in zip(columns, columns_of(train, columns), strict=True):
            said = options.get(name, TextOptions())
            assert isinstance(said, TextOptions)
            tokens, lengths_N = flat_tokens(column, name, split_words)
            ngrams = None
            if said.ngrams is not None:
                ngrams = NGrams(*said.ngrams, said.buckets, MOST_NGRAMS)
                most = max((len(ngrams.of(token)) for token in tokens.dictionary.to_pylist()), default=1)
                ngrams = NGrams(*said.ngrams, said.buckets, most)
            readers.append(Words.fit(column, name, said.words, said.at_least, ngrams))
            lengths.append(max(1, min(said.length, int(lengths_N.max(initial=0)))))
        return cls(columns, tuple(readers), tuple(lengths))

    @property
    @override
    def shape(self) -> InputShape:
        fitted = zip(self.columns, self.readers, self.lengths, strict=True)
        return InputShape(texts=tuple(_shape(name, reader, length) for name, reader, length in fitted))

    @property
    @override
    def layouts(self) -> Mapping[str, Layout]:
        return {
            name: Layout(name, (length,)) for name, length in zip(self.columns, self.lengths, strict=True)
        }

    @override
    def encode(self, table: pa.Table) -> Inputs:
        return self.encode_with_notes(table)[0]

    @override
    def encode_with_notes(self, table: pa.Table) -> tuple[Inputs, tuple[str, ...]]:
        """``text:<column>``: int32 codes, N x L; ``text:<column>:ngrams``: int16 N x L x G, 0: none."""
        found: Inputs = {}
        notes: list[str] = []
        fitted = zip(columns_of(table, self.columns), self.columns, self.readers, self.lengths, strict=True)
        for column, name, reader, length in fitted:
            tokens = reader.read(column, name)
            key = _shape(name, reader, length).key
            found |= _padded(tokens, key, length)
            notes += _notes(tokens, name, length, reader)
        return found, tuple(notes)


def _shape(name: str, reader: Words, length: int) -> TextShape:
    parts = reader.ngrams
    return TextShape(
        name, reader.vocabulary, length, parts.most if parts else 0, parts.buckets if parts else 0
    )


def _padded(tokens: Tokens, key: str, length: int) -> Inputs:
    """Rows of one length; a row without a token has the missing one."""
    lengths_N = tokens.lengths_N
    row_T = np.repeat(np.arange(len(lengths_N)), lengths_N)
    step_T = np.arange(len(row_T)) - np.repeat(np.cumsum(lengths_N) - lengths_N, lengths_N)
    kept_T = step_T < length
    at = row_T[kept_T], step_T[kept_T]
    codes_NL = np.zeros((len(lengths_N), length), np.int32)
    codes_NL[at] = tokens.codes_T[kept_T]
    codes_NL[lengths_N == 0, 0] = MISSING
    found = {key: torch.from_numpy(codes_NL)}
    if tokens.parts_TG is not None:
        parts_NLG = np.zeros((*codes_NL.shape, tokens.parts_TG.shape[1]), tokens.parts_TG.dtype)
        parts_NLG[at] = tokens.parts_TG[kept_T]
        found[f"{key}:ngrams"] = torch.from_numpy(parts_NLG)
    return found


def _notes(tokens: Tokens, name: str, length: int, reader: Words) -> list[str]:
    rows, cut = len(tokens.lengths_N), int((tokens.lengths_N > length).sum())
    empty = int((tokens.lengths_N == 0).sum())
    unknown = float((tokens.codes_T == UNKNOWN).mean()) if len(tokens.codes_T) else 0.0
    notes = []
    if empty:
        notes.append(f"column {name!r} has no text in {empty} of {rows} rows")
    if cut:
        lost = 1 - np.minimum(tokens.lengths_N, length).sum() / tokens.lengths_N.sum()
        notes.append(
            f"column {name!r} is cut after {length} tokens in {cut} of {rows} rows: {lost:.1%} of all tokens"
        )
    if unknown > TOLD:
        how = "read by their character n-grams alone" if reader.ngrams else "read as one unknown word"
        notes.append(f"column {name!r}: {unknown:.0%} of its words are not in the vocabulary and {how}")
    return notes
