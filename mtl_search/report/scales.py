"""Scales of figures: ticks that can be read whole, and edges that one outlier does not decide."""

import math
from collections.abc import Sequence
from typing import Any

from mtl_search.report.words import amount

__all__ = ["log_ticks", "lower_edge"]

_MOST_TICKS = 7


def log_ticks(values: Sequence[float]) -> dict[str, Any]:
    r"""A logarithmic axis of ``values`` with ticks at round numbers, each written out.

    >>> log_ticks([1_200, 8_000])["ticktext"]
    ['1\u202fk', '2\u202fk', '5\u202fk', '10\u202fk']
    """
    known = [value for value in values if value > 0 and math.isfinite(value)]
    if not known:
        return {}
    low, high = math.floor(math.log10(min(known))), math.ceil(math.log10(max(known)))
    for steps in ((1, 2, 5), (1, 3), (1,)):
        ticks = [step * 10.0**decade for decade in range(low, high + 1) for step in steps]
        least = max([tick for tick in ticks if tick <= min(known)], default=ticks[0])
        most = min([tick for tick in ticks if tick >= max(known)], default=ticks[-1])
        ticks = [tick for tick in ticks if least <= tick <= most]
        if len(ticks) <= _MOST_TICKS:
            break
    margin = 0.05 * (math.log10(ticks[-1] / ticks[0]) or 1)
    return {
        "type": "log",
        "tickvals": ticks,
        "ticktext": [amount(tick) for tick in ticks],
        "range": [math.log10(ticks[0]) - margin, math.log10(ticks[-1]) + margin],
    }


def lower_edge(values: Sequence[float]) -> float:
    """The lowest of ``values`` that is shown: without a few far below, whose distance from the others would
    take more than half of the height.

    >>> lower_edge([-64.0, -60.0, -9.0, -3.0, -2.0, 0.0, 0.2, 0.5]), lower_edge([-1.0, 0.0, 1.0])
    (-9.0, -1.0)
    """
    known = sorted(value for value in values if math.isfinite(value))
    for n in range(max(1, len(known) // 4), 0, -1):
        if len(known) > 3 and known[n] - known[n - 1] > 0.5 * (known[-1] - known[0]):
            return known[n]
    return known[0] if known else 0.0
