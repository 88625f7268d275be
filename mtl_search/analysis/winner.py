"""Which of several designs to train."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

__all__ = ["winner"]

Row = TypeVar("Row", bound=Mapping[str, Any])


def winner(rows: Sequence[Row], by: str = "delta_m") -> Row | None:
    """The row that is best by ``by``, of the fewest networks among equals; None where none has a value.

    ``by`` is delta_m on valid (``delta_m`` of the table of designs, ``delta_m_valid`` of the summary): a
    design chosen on valid alone is measured honestly by test.
    """
    known = [row for row in rows if math.isfinite(row[by])]
    return max(known, key=lambda row: (round(row[by], 6), -row["n_networks"], -row["rank"]), default=None)
