"""Character n-grams of words, hashed: what words that training never saw have in common with those it saw."""

# D distinct words, G n-grams of a word

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

__all__ = ["NGrams"]

MOST = 32  # of a word: memory is reserved for them at every place


@final
@dataclass(frozen=True, slots=True)
class NGrams:
    """The n-grams of ``shortest`` to ``longest`` characters, each as one of ``buckets`` numbers from 1 on.

    "Enriching word vectors with subword information" (Bojanowski et al. 2017): a word is put between ``<``
    and ``>``, so that beginnings and endings differ from what stands inside. Of a word that has more than
    ``most``, those that touch its ends count first: they tell more of its form. The hash is CRC-32 (theirs is
    FNV-1a), which Python brings along and which is the same on every machine.

    >>> NGrams(2, 3, buckets=100, most=9).of("bir")
    ['<b', '<bi', 'r>', 'ir>', 'bi', 'ir', 'bir']
    """

    shortest: int
    longest: int
    buckets: int
    most: int = MOST

    def needed(self, words: Sequence[str]) -> int:
        """How many the words have, at most."""
        return max((len(self.of(word)) for word in words), default=1)

    def of(self, word: str) -> list[str]:
        """The n-grams themselves."""
        marked, sizes = f"<{word}>", range(self.shortest, self.longest + 1)
        end = len(marked)
        fitting = [n for n in sizes if n < end]
        ends = [n for n in fitting if n > 1]  # the signs of the ends alone tell nothing
        outer = [marked[:n] for n in ends] + [marked[end - n :] for n in ends]
        inner = [marked[i : i + n] for n in fitting for i in range(1, end - n)]
        return (outer + inner)[: self.most] or [marked]

    def table(self, words: Sequence[str]) -> NDArray[np.int16]:
        """Their numbers, D x ``most``, 0 where a word has no more."""
        table_DG = np.zeros((len(words), self.most), np.int16)
        for row_G, word in zip(table_DG, words, strict=True):
            found = [zlib.crc32(gram.encode()) % self.buckets + 1 for gram in self.of(word)]
            row_G[: len(found)] = found
        return table_DG
