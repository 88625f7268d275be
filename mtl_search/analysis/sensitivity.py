"""How much an arm's result hangs on its learning rate (Xin et al. 2022)."""

import numpy as np
import pandas as pd

from mtl_search.analysis.frames import searched

__all__ = ["LEARNING_RATE", "learning_rate_profile", "learning_rate_spread"]

LEARNING_RATE = "optimizer.lr"
_BINS_PER_DECADE = 2


def learning_rate_profile(trials: pd.DataFrame, *, parameter: str = LEARNING_RATE) -> pd.DataFrame:
    """The best and the median mean gain of each arm in each half decade of the learning rate.

    Columns: ``arm``, ``lr_low``, ``lr_high``, ``n_trials``, ``best``, ``median``. Xin et al. 2022 show that a
    sparse grid of learning rates makes one method look better than another; this shows where each arm has
    looked, and what it found there. Bins without a trial have no row; arms that do not sample it neither.
    """
    kept = searched(trials)
    rates = kept["params"].map(lambda params: float(params.get(parameter, "nan")))
    frame = pd.DataFrame({"arm": kept["arm"], "gain": kept["mean_gain"], "rate": rates}).dropna()
    frame["bin"] = np.floor(np.log10(frame["rate"]) * _BINS_PER_DECADE + 1e-9).astype(int)
    groups = frame.groupby(["arm", "bin"])["gain"].agg(["size", "max", "median"]).reset_index()
    return pd.DataFrame(
        {
            "arm": groups["arm"],
            "lr_low": 10.0 ** (groups["bin"] / _BINS_PER_DECADE),
            "lr_high": 10.0 ** ((groups["bin"] + 1) / _BINS_PER_DECADE),
            "n_trials": groups["size"],
            "best": groups["max"],
            "median": groups["median"],
        }
    )


def learning_rate_spread(profile: pd.DataFrame, *, at_least: int = 2) -> pd.DataFrame:
    """How far the best of an arm's half decades lie apart, in percentage points.

    Columns: ``arm``, ``spread`` (largest best less smallest, over bins with ``at_least`` trials), ``n_bins``.
    A large spread: the arm needs its learning rate tuned, and loses most where it is not. NaN with fewer than
    two such bins.
    """
    kept = profile[profile["n_trials"] >= at_least]
    groups = kept.groupby("arm")["best"].agg(["max", "min", "size"])
    spread = (groups["max"] - groups["min"]).where(groups["size"] > 1)
    arms = sorted(profile["arm"].unique())
    found = pd.DataFrame({"spread": spread, "n_bins": groups["size"]}).reindex(arms)
    found["n_bins"] = found["n_bins"].fillna(0).astype(int)
    return found.rename_axis("arm").reset_index()
