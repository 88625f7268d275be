"""What more networks, parameters or operations buy: the designs that nothing beats at their cost."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

__all__ = ["COSTS", "pareto_front"]

COSTS = ("n_networks", "n_params", "flops")


def pareto_front(frame: pd.DataFrame, best: str, least: Sequence[str]) -> pd.Series:
    """Which rows are on the front of large ``best`` and small ``least``, as booleans.

    A row is off the front if another is at least as good in everything and better in something; equal
    rows are on it together. Rows with NaN in any of the columns are off.
    """
    points = np.column_stack([-frame[best].to_numpy(float), *(frame[name].to_numpy(float) for name in least)])
    defined = np.isfinite(points).all(axis=1)
    on_front = [
        bool(defined[i])
        and not ((points[defined] <= point).all(axis=1) & (points[defined] < point).any(axis=1)).any()
        for i, point in enumerate(points)
    ]
    return pd.Series(on_front, index=frame.index, dtype=bool)
