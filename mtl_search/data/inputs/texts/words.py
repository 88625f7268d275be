"""The vocabulary of words that train has."""

# D distinct tokens, T tokens of all rows

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np
import pyarrow as pa

from mtl_search.data.inputs.texts.columns import flat_tokens
from mtl_search.data.inputs.texts.ngrams import NGrams
from mtl_search.data.inputs.texts.tokens import RESERVED, UNKNOWN, Tokens

__all__ = ["Words", "split_words"]

UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # kana and Han: no space ends a word
WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+|[^\w\s]")


def split_words(text: str) -> list[str]:
    """Runs of letters and digits, every other sign by itself, and each character of Chinese and Japanese.

    >>> split_words("Burda da öylemi, 3'te?")
    ['Burda', 'da', 'öylemi', ',', '3', "'", 'te', '?']
    """
    return WORD.findall(text)


@final
@dataclass(frozen=True, slots=True)
class Words:
    """Words as codes, the frequent ones first; letters in lower case count as one with capitals.

    The n-grams of a word are those of how it is written: capitals tell names from other words.
    """

    words: tuple[str, ...]
    ngrams: NGrams | None
    reads: Literal["words"] = "words"

    @classmethod
    def fit(
        cls, parts: Iterable[pa.ChunkedArray], name: str, most: int, at_least: int, ngrams: NGrams | None
    ) -> tuple["Words", int]:
        """The ``most`` frequent words of those that occur ``at_least`` so often, and the longest row."""
        counts: Counter[str] = Counter()
        longest, room = 0, 1
        for column in parts:
            tokens, lengths_N = flat_tokens(column, name, split_words)
            distinct = tokens.dictionary.to_pylist()
            times_D = np.bincount(tokens.indices.drop_null().to_numpy(), minlength=len(distinct)).tolist()
            for token, times in zip(distinct, times_D, strict=True):
                counts[_normal(token)] += times
            longest = max(longest, int(lengths_N.max(initial=0)))
            room = max(room, 1 if ngrams is None else ngrams.needed(distinct))
        known = sorted((word for word, n in counts.items() if n >= at_least), key=lambda w: (-counts[w], w))
        fitted = None if ngrams is None else replace(ngrams, most=room)
        return cls(tuple(known[:most]), fitted), longest

    @property
    def vocabulary(self) -> int:
        """How many codes there are."""
        return RESERVED + len(self.words)

    @property
    def most(self) -> int:
        """How many n-grams a word has, at most."""
        return 0 if self.ngrams is None else self.ngrams.most

    @property
    def buckets(self) -> int:
        """What n-grams are numbered up to."""
        return 0 if self.ngrams is None else self.ngrams.buckets

    @property
    def unknown(self) -> str:
        """How words are read that the vocabulary has not."""
        return "read as one unknown word" if self.ngrams is None else "read by their character n-grams alone"

    def read(self, column: pa.ChunkedArray, name: str) -> Tokens:
        """The tokens of every row."""
        tokens, lengths_N = flat_tokens(column, name, split_words)
        code = {word: RESERVED + place for place, word in enumerate(self.words)}
        distinct = [*tokens.dictionary.to_pylist(), ""]  # the last: a missing token
        codes_D = np.array([code.get(_normal(token), UNKNOWN) for token in distinct], np.int32)
        index_T = np.asarray(tokens.indices.fill_null(len(distinct) - 1).to_numpy(), np.intp)
        parts_DG = None if self.ngrams is None else self.ngrams.table(distinct)
        return Tokens(codes_D[index_T], lengths_N, index_T, parts_DG)


def _normal(token: str) -> str:
    return unicodedata.normalize("NFC", token).lower()
