"""The table of inputs: what the images, texts and series of a sweep are."""

from collections.abc import Mapping

import pyarrow as pa

from mtl_search.leaderboard.column import TEXT, column, table_schema

__all__ = ["INPUTS", "input_rows"]

INPUTS = table_schema(
    "inputs",
    "an input that is an image, a text or a series",
    column("name", TEXT, "its column"),
    column("what", TEXT, "its kind, and how large each of them is"),
)


def input_rows(inputs: Mapping[str, str]) -> pa.Table:
    """The rows of inputs by name.

    >>> input_rows({"photo": "image, 32 x 32 grey"}).to_pylist()
    [{'name': 'photo', 'what': 'image, 32 x 32 grey'}]
    """
    return pa.table({"name": list(inputs), "what": list(inputs.values())}, schema=INPUTS)
