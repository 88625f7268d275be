"""The tokens of all rows, and how they become rows of one length."""

# N rows, L tokens of a row, T tokens of all rows, D distinct tokens, G numbers of a token

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtl_search.data.notes import Note

__all__ = ["MISSING", "RESERVED", "UNKNOWN", "Tokens"]

UNKNOWN = 1  # a token that the vocabulary has not
MISSING = 2  # the one token of a row without a text; 0 is no token
RESERVED = 3  # the first code of a vocabulary


class Tokens(NamedTuple):
    """The tokens of all rows, one after the other.

    ``parts_DG``: what the tokens that differ are made of, 0: nothing; token t is row ``distinct_T[t]``.
    """

    codes_T: NDArray[np.int32]
    lengths_N: NDArray[np.int64]
    distinct_T: NDArray[np.intp] | None = None
    parts_DG: NDArray[np.int16] | NDArray[np.int32] | None = None

    def padded(self, length: int) -> tuple[NDArray[np.int32], NDArray[np.int16] | NDArray[np.int32] | None]:
        """``(codes_NL, parts_NLG)``: each row cut or filled with 0; one without a token has `MISSING`."""
        lengths_N = self.lengths_N
        row_T = np.repeat(np.arange(len(lengths_N)), lengths_N)
        step_T = np.arange(len(row_T)) - np.repeat(np.cumsum(lengths_N) - lengths_N, lengths_N)
        kept_T = step_T < length
        places = row_T[kept_T], step_T[kept_T]
        codes_NL = np.zeros((len(lengths_N), length), np.int32)
        codes_NL[places] = self.codes_T[kept_T]
        codes_NL[lengths_N == 0, 0] = MISSING
        if self.parts_DG is None or self.distinct_T is None:
            return codes_NL, None
        parts_NLG = np.zeros((*codes_NL.shape, self.parts_DG.shape[1]), self.parts_DG.dtype)
        parts_NLG[places] = self.parts_DG[self.distinct_T[kept_T]]
        return codes_NL, parts_NLG

    def notes(self, name: str, length: int, unknown: str, told: float) -> tuple[Note, ...]:
        """What people should know of column ``name``: texts that are empty or cut, and words that are
        ``unknown`` if they are more than a share ``told``.
        """
        rows, column = len(self.lengths_N), f"column {name!r}"
        empty, cut = int((self.lengths_N == 0).sum()), int((self.lengths_N > length).sum())
        tokens, lost = len(self.codes_T), int((self.lengths_N - length).clip(min=0).sum())
        others = int((self.codes_T == UNKNOWN).sum())
        of_cut = (
            f" is cut after {length} tokens in {{:,}} of {{:,}} rows: {{:,}} of {{:,}} tokens are not read"
        )
        of_others = f": {{:,}} of {{:,}} words are not in the vocabulary and {unknown}"
        return (
            Note(column, " has no text in {:,} of {:,} rows", (empty, rows)),
            Note(column, of_cut, (cut, rows, lost, tokens)),
            Note(column, of_others, (others, tokens), above=told),
        )
