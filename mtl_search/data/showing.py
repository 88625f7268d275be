"""Which test rows people look at: chosen by a hash of their content, not by how well they are predicted."""

# N test rows

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
from torch import Tensor

from mtl_search.data.dataset import ShownRows
from mtl_search.data.hashing import Hashes
from mtl_search.data.streamed import AnyTable, batches_of

__all__ = ["rows_to_show"]

MOST = 6


def rows_to_show(
    test: AnyTable, columns: Iterable[str], hashes_N: Hashes, labelled: Mapping[str, Tensor]
) -> ShownRows:
    """The rows with the most labels, of these those of the least hashes; ``labelled`` by task."""
    labels_N = np.sum([labelled_N.numpy() for labelled_N in labelled.values()], axis=0)
    first = np.sort(np.lexsort((hashes_N, -labels_N))[:MOST])
    parts = batches_of(test.take(pa.array(first)), list(dict.fromkeys(columns)))
    return ShownRows(tuple(first.tolist()), pa.concat_tables(parts).combine_chunks())
