"""A column as its distinct values and which of them each row has."""

# N rows, V distinct values

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = ["distinct_values"]


def distinct_values(column: pa.ChunkedArray) -> tuple[pa.Array, NDArray[np.int64]]:
    """``(values_V, codes_N)``: row i has ``values_V[codes_N[i]]``, a null has code -1.

    Columns that are stored as dictionaries already are not decoded, so a value may occur in no row.

    >>> values, codes = distinct_values(pa.chunked_array([["b", None, "a", "b"]]))
    >>> values.to_pylist(), codes.tolist()
    (['b', 'a'], [0, -1, 1, 0])
    """
    encoded = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
    whole = encoded.unify_dictionaries().combine_chunks()
    codes_N = pc.cast(whole.indices, pa.int64()).fill_null(-1).to_numpy()
    return whole.dictionary, np.asarray(codes_N)
