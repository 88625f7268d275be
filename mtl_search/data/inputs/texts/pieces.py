"""The pieces of a tokenizer.json, which the package `tokenizers` reads: those of a network trained before."""

# T tokens of all rows, G pieces of a token, D distinct tokens

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, final

import numpy as np
import pyarrow as pa

from mtl_search.data.inputs.texts.columns import flat_tokens, is_token_list, read_strings
from mtl_search.data.inputs.texts.tokens import RESERVED, UNKNOWN, Tokens
from mtl_search.errors import DataError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["Pieces"]

MOST_PIECES = 16  # of a token in a list: those after them are left out


@final
@dataclass(frozen=True, slots=True)
class Pieces:
    """A string is its pieces with the special ones around them; a token of a list stays one token.

    The code of a piece is its number in the tokenizer and ``RESERVED`` more. A token of a list has the code
    of its first piece, and up to ``most`` pieces beside it, each with its number and 1 more. ``most`` is 0
    for a column of strings.
    """

    tokenizer: str
    """The file itself."""
    vocabulary: int
    most: int
    reads: Literal["pieces"] = "pieces"

    @classmethod
    def fit(cls, parts: Iterable[pa.ChunkedArray], name: str, tokenizer: str) -> tuple["Pieces", int]:
        """The pieces, and the longest row; DataError for a file that is no tokenizer."""
        read = _read(tokenizer, name)
        most = longest = 0
        for column in parts:
            if is_token_list(column.type):
                tokens, lengths_N = flat_tokens(column, name, str.split)
                pieces = map(len, _pieces(read, tokens.dictionary.to_pylist()))
                most = max(1, most, min(MOST_PIECES, max(pieces, default=1)))
            else:
                lengths_N = np.array([len(ids) for ids in _whole(read, column, name)])
            longest = max(longest, int(lengths_N.max(initial=0)))
        return cls(tokenizer, RESERVED + read.get_vocab_size(), most), longest

    @property
    def buckets(self) -> int:
        """What pieces are numbered up to."""
        return self.vocabulary - RESERVED if self.most else 0

    @property
    def unknown(self) -> str:
        """How tokens are read that have no piece."""
        return "have no piece in the tokenizer"

    def read(self, column: pa.ChunkedArray, name: str) -> Tokens:
        """The tokens of every row."""
        tokenizer = _read(self.tokenizer, name)
        if not self.most:
            rows = _whole(tokenizer, column, name)
            lengths_N = np.fromiter(map(len, rows), np.int64, len(rows))
            flat_T = np.fromiter((one for row in rows for one in row), np.int32, int(lengths_N.sum()))
            return Tokens(flat_T + np.int32(RESERVED), lengths_N)
        tokens, lengths_N = flat_tokens(column, name, str.split)
        found = [*_pieces(tokenizer, tokens.dictionary.to_pylist()), []]  # the last: a missing token
        parts_DG = np.zeros((len(found), self.most), np.int16 if self.buckets < 2**15 else np.int32)
        for row_G, pieces in zip(parts_DG, found, strict=True):
            row_G[: len(pieces)] = np.array(pieces[: self.most], parts_DG.dtype) + 1
        codes_D = np.array([pieces[0] + RESERVED if pieces else UNKNOWN for pieces in found], np.int32)
        index_T = np.asarray(tokens.indices.fill_null(len(found) - 1).to_numpy(), np.intp)
        return Tokens(codes_D[index_T], lengths_N, index_T, parts_DG)


def _whole(tokenizer: "Tokenizer", column: pa.ChunkedArray, name: str) -> list[list[int]]:
    """Of each string, with the special pieces."""
    return [encoding.ids for encoding in tokenizer.encode_batch(read_strings(column, name))]


def _pieces(tokenizer: "Tokenizer", tokens: list[str]) -> list[list[int]]:
    """Of each token alone, without special pieces."""
    batch = tokenizer.encode_batch(
        [[token] for token in tokens], is_pretokenized=True, add_special_tokens=False
    )
    return [encoding.ids for encoding in batch]


def _read(tokenizer: str, name: str) -> "Tokenizer":
    place = f"inputs.{name}.tokenizer"
    try:
        from tokenizers import Tokenizer  # an extra: no one else needs it
    except ImportError:
        hint = "pip install 'mtl_search[huggingface]'"
        raise DataError(place, "the package tokenizers", "that it is not installed", hint) from None
    try:
        read = Tokenizer.from_str(tokenizer)
    except Exception as error:  # it raises nothing narrower
        raise DataError(place, "a tokenizer.json", str(error).split("\n")[0]) from None
    read.no_padding()
    read.no_truncation()
    return read
