"""Labels of the parts of a row are as many as the input has parts that they lie over."""

# N rows, A axes

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from mtl_search.data.encoding import Encoding
from mtl_search.errors import DataError
from mtl_search.tasks import DenseTask
from mtl_search.tasks.columns import count_rows, listing

__all__ = ["check_extents"]


def check_extents(
    task: DenseTask, columns: Sequence[str], labels: pa.Table, inputs: pa.Table, encoding: Encoding
) -> None:
    """DataError unless they are in each of these rows, where both say how long they are.

    ``columns``: those of the task in ``labels``, a plain table of the same rows as ``inputs``.
    """
    labels_NA = task.extents([labels[column] for column in columns])
    inputs_NA = encoding.extents(inputs, task.over) if labels_NA is not None else None
    if labels_NA is None or inputs_NA is None:
        return
    if task.level == "token":  # nothing has no steps, while an image that is broken may have had pixels
        inputs_NA = inputs_NA.clip(min=0)
    said_N = (labels_NA >= 0).all(1) & (inputs_NA >= 0).all(1)
    others = np.flatnonzero(said_N & (labels_NA != inputs_NA).any(1))
    if not len(others):
        return
    found, wanted = (" x ".join(map(str, of[others[0]])) for of in (labels_NA, inputs_NA))
    expected = f"labels as long as {task.over!r} is in each row ({wanted})"
    found = f"{found} in {count_rows(len(others))}"
    if task.level == "token":  # rows have no number any more, but are known by what they hold
        found += f", the first {listing(labels[columns[0]][others[0]].as_py()) or 'empty'}"
    raise DataError(f"column {columns[0]!r}", expected, found)
