"""Texts: strings or lists of tokens as codes of a vocabulary, with the character n-grams of each word."""

# N rows, L tokens of a row, G n-grams or pieces of a token

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray
from pydantic import Field, PositiveInt, model_validator
from typing_extensions import override

from mtl_search.data.inputs.fitted import NOTHING, FittedInputs, InputOptions, one_each
from mtl_search.data.inputs.texts.columns import is_text, is_token_list
from mtl_search.data.inputs.texts.ngrams import NGrams
from mtl_search.data.inputs.texts.pieces import Pieces
from mtl_search.data.inputs.texts.words import Words
from mtl_search.data.notes import Note
from mtl_search.data.shapes import LONGEST, Inputs, InputShape, TextShape
from mtl_search.data.streamed import AnyTable, columns_of, parts_of
from mtl_search.errors import DataError, Mismatch
from mtl_search.tasks.base import Layout

Reader: TypeAlias = Annotated[Words | Pieces, Field(discriminator="reads")]

__all__ = ["TextInputs", "TextOptions"]

OF_WORDS = ("words", "at_least", "ngrams", "buckets")
TOLD = 0.05  # share of unknown words from which people are told


@final
class TextOptions(InputOptions):
    """A column of texts: strings, which are split into words and signs, or lists of tokens.

    ``length``: the most tokens of a row, the others are cut; ``words``: the size of the vocabulary, of words
    that train has ``at_least`` so many times; ``ngrams``: from and to how many characters, ``null`` for none,
    hashed to ``buckets`` numbers. ``tokenizer``: a file that the package `tokenizers` reads, in place of all
    of this but the length.
    """

    kind: Literal["text"] = "text"
    length: PositiveInt = 256
    words: PositiveInt = 20_000
    at_least: PositiveInt = 2
    ngrams: Annotated[tuple[PositiveInt, PositiveInt] | None, Field(strict=False)] = (1, 5)
    buckets: Annotated[int, Field(ge=1, lt=2**15)] = 10_000
    tokenizer: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _ngrams_rise(self) -> Self:
        if self.ngrams is not None and self.ngrams[0] > self.ngrams[1]:
            raise ValueError(f"ngrams from a few characters to more, found {list(self.ngrams)}")
        given = {name for name in OF_WORDS if getattr(self, name) != type(self).model_fields[name].default}
        if self.tokenizer is not None and given:
            raise ValueError(
                f"a tokenizer has its own vocabulary, and goes without {', '.join(sorted(given))}"
            )
        return self

    @override
    def with_files(self, base: Path) -> Self:
        """The tokenizer itself in the place of its path."""
        if self.tokenizer is None:
            return self
        path = base / Path(self.tokenizer).expanduser()
        try:
            return self.model_copy(update={"tokenizer": path.read_text(encoding="utf-8")})
        except (OSError, UnicodeDecodeError) as error:
            found = "no file" if isinstance(error, FileNotFoundError) else "a file that cannot be read"
            raise DataError(f"inputs: tokenizer {self.tokenizer}", "a tokenizer.json", found) from None


@final
@dataclass(frozen=True, slots=True)
class TextInputs(FittedInputs):
    """Columns of texts as the codes of up to ``lengths`` tokens, each column with a vocabulary of its own."""

    columns: tuple[str, ...]
    readers: tuple[Reader, ...] = ()
    lengths: tuple[int, ...] = ()
    kind: Literal["text"] = "text"

    def __post_init__(self) -> None:
        one_each(self.columns, readers=self.readers, lengths=self.lengths)
        if others := [length for length in self.lengths if not 1 <= length <= LONGEST]:
            raise Mismatch(f"texts of 1 to {LONGEST} tokens", str(others[0]))

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
        cls, train: AnyTable, columns: tuple[str, ...], options: Mapping[str, InputOptions] = NOTHING
    ) -> "TextInputs":
        readers: list[Reader] = []
        lengths: list[int] = []
        reader: Reader
        for name, parts in zip(columns, parts_of(train, columns), strict=True):
            said = options.get(name, TextOptions())
            assert isinstance(said, TextOptions)
            if said.tokenizer is not None:
                reader, longest = Pieces.fit(parts, name, said.tokenizer)
            else:
                ngrams = None if said.ngrams is None else NGrams(*said.ngrams, said.buckets)
                reader, longest = Words.fit(parts, name, said.words, said.at_least, ngrams)
            readers.append(reader)
            lengths.append(max(1, min(said.length, longest)))
        return cls(columns, tuple(readers), tuple(lengths))

    @property
    @override
    def shape(self) -> InputShape:
        fitted = zip(self.columns, self.readers, self.lengths, strict=True)
        return InputShape(
            texts=tuple(
                TextShape(name, reader.vocabulary, length, reader.most, reader.buckets)
                for name, reader, length in fitted
            )
        )

    @property
    @override
    def layouts(self) -> Mapping[str, Layout]:
        return {
            name: Layout(name, (length,)) for name, length in zip(self.columns, self.lengths, strict=True)
        }

    @override
    def extents(self, table: pa.Table, column: str) -> NDArray[np.int64]:
        """The tokens of each row, before any is cut; a missing text has none."""
        reader, texts = self.readers[self.columns.index(column)], table[column]
        if is_token_list(texts.type):
            counts = pc.fill_null(pc.list_value_length(texts), 0)
            return np.asarray(counts.to_numpy(), np.int64)[:, None]
        return reader.read(texts, column).lengths_N[:, None]

    @override
    def encode_with_notes(self, table: pa.Table) -> tuple[Inputs, tuple[Note, ...]]:
        """``text:<column>``: int32 codes, N x L; ``text:<column>:ngrams``: N x L x G, 0: none."""
        found: Inputs = {}
        notes: list[Note] = []
        for column, shape, reader in zip(
            columns_of(table, self.columns), self.shape.texts, self.readers, strict=True
        ):
            tokens = reader.read(column, shape.column)
            codes_NL, parts_NLG = tokens.padded(shape.length)
            found[shape.key] = torch.from_numpy(codes_NL)
            if parts_NLG is not None:
                found[f"{shape.key}:ngrams"] = torch.from_numpy(parts_NLG)
            notes += tokens.notes(shape.column, shape.length, reader.unknown, TOLD)
        return found, tuple(notes)
