"""Columns of a table by name, in time that does not grow with the square of their number."""

from collections.abc import Sequence

import pyarrow as pa

__all__ = ["columns_of"]


def columns_of(table: pa.Table, names: Sequence[str]) -> list[pa.ChunkedArray]:
    """The columns of these names, which must be there: a table looks through all names for each one."""
    positions = {name: position for position, name in enumerate(table.column_names)}
    return [table.column(positions[name]) for name in names]
