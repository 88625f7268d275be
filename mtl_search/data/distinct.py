"""A column as its distinct values and which of them each row has."""

# N rows, V distinct values

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = ["distinct_values"]


def distinct_values(column: pa.ChunkedArray) -> tuple[pa.Array, NDArray[np.int64]]:
    """``(values_V, codes_N)``: row i has ``values_V[codes_N[i]]``, a null has code -1.

    Columns that are stored as dictionaries already are not decoded, so a value may occur in no row; a null
    that such a dictionary holds is a null of the rows that point to it.

    >>> values, codes = distinct_values(pa.chunked_array([["b", None, "a", "b"]]))
    >>> values.to_pylist(), codes.tolist()
    (['b', 'a'], [0, -1, 1, 0])
    """
    encoded = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
    whole = encoded.unify_dictionaries().combine_chunks()
    codes_N = np.asarray(pc.cast(whole.indices, pa.int64()).fill_null(-1).to_numpy())
    values = whole.dictionary
    if values.null_count:
        known_V = np.asarray(values.is_valid())
        codes_N = np.append(np.where(known_V, known_V.cumsum() - 1, -1), -1)[codes_N]
        values = values.drop_null()
    return values, codes_N
