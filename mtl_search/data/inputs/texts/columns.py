"""Columns of texts as flat tokens: of strings, which are split, or of lists of tokens."""

# N rows

import unicodedata
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mtl_search.errors import DataError

__all__ = ["flat_tokens", "is_text", "is_token_list", "looks_like_prose", "read_strings"]

LOOKED_AT = 1000  # strings that tell whether they are sentences
SENTENCE = 3  # words, from which they are on average


def is_token_list(kind: pa.DataType) -> bool:
    """Whether a column of this type holds lists of strings."""
    types = pa.types
    if not (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)):
        return False
    return is_text(kind.value_type)


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds strings."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def looks_like_prose(column: pa.ChunkedArray) -> bool:
    """Whether strings, as one sees by the first of them, are of several words.

    >>> looks_like_prose(pa.chunked_array([["A17", "B 4", None]]))
    False
    >>> looks_like_prose(pa.chunked_array([["No pain at all.", "Some pain in the left arm."]]))
    True
    """
    if not is_text(column.type):
        return False
    some = pc.drop_null(column.slice(0, LOOKED_AT)).to_pylist()
    return bool(some) and sum(len(text.split()) for text in some) >= SENTENCE * len(some)


def flat_tokens(
    column: pa.ChunkedArray, name: str, split: Callable[[str], list[str]]
) -> tuple[pa.DictionaryArray, NDArray[np.int64]]:
    """``(tokens, lengths_N)``: all tokens as a dictionary of those that differ, and how many a row has."""
    if is_token_list(column.type):
        lists = column.combine_chunks()
        lengths_N = pc.fill_null(pc.list_value_length(lists), 0).to_numpy().astype(np.int64)
        tokens = pc.cast(pc.list_flatten(lists), pa.large_string())
    else:
        rows = [split(text) for text in read_strings(column, name)]
        lengths_N = np.fromiter(map(len, rows), np.int64, len(rows))
        tokens = pa.array([token for row in rows for token in row], pa.large_string())
    return pc.dictionary_encode(tokens), lengths_N


def read_strings(column: pa.ChunkedArray, name: str) -> list[str]:
    """The strings in composed form (NFC), a missing one empty; DataError for a column of another type."""
    if not (is_text(column.type) or pa.types.is_null(column.type)):
        expected = "strings or lists of strings as a text"
        raise DataError(f"column {name!r}", expected, f"values of type {column.type}")
    texts = pc.fill_null(pc.cast(column, pa.large_string()), "").to_pylist()
    return [unicodedata.normalize("NFC", text) for text in texts]
