"""How trainings and the search went on: learning curves, weight trajectories, best so far."""

import pandas as pd

from mtl_search.analysis.frames import searched
from mtl_search.records import Phase

__all__ = ["learning_curves", "search_history", "weight_trajectories"]


def learning_curves(epochs: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """Train loss and valid metric by arm, task and epoch, over its trials that were trained to the end.

    Columns: ``arm``, ``task``, ``epoch``, ``n_trials``, then ``<value>_low``, ``_median``, ``_high``
    (quartiles) of ``train_loss`` and ``valid``. Trials end at different epochs, so ``n_trials`` falls.
    """
    joined = epochs.merge(searched(trials)[["trial_id", "arm"]], on="trial_id")
    return _quartiles(joined, ["arm", "task", "epoch"], ["train_loss", "valid"])


def weight_trajectories(epochs: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """The share of each task's weight by weighting, task and epoch.

    Weights of a trial and epoch are divided by their mean, so 1 is equal weighting whatever a method's scale.
    Columns: ``weighting``, ``task``, ``epoch``, ``n_trials``, ``weight_low``, ``weight_median``,
    ``weight_high`` (quartiles). Networks of one task have nothing to weigh and are left out.
    """
    kept = searched(trials)
    kept = kept[kept["members"].map(len) > 1]
    joined = epochs.merge(kept[["trial_id", "weighting"]], on="trial_id")
    mean = joined.groupby(["trial_id", "epoch"])["weight"].transform("mean")
    relative = joined.assign(weight=joined["weight"] / mean.where(mean != 0))
    return _quartiles(relative, ["weighting", "task", "epoch"], ["weight"])


def search_history(trials: pd.DataFrame) -> pd.DataFrame:
    """Each trial of the search in the order it ended, with the best mean gain of its arm until then.

    Columns: ``arm``, ``trial_id``, ``number`` (within the arm, from 1), ``device_seconds`` (of the arm until
    then), ``state``, ``mean_gain``, ``best``. Only trials trained to their end count as best; NaN before the
    first. Trials answered from the leaderboard are left out.
    """
    trained = trials[(trials["phase"] == Phase.SEARCH.value) & trials["duplicate_of"].isna()]
    ordered = trained.sort_values("finished", kind="stable")
    counted = ordered["mean_gain"].where(ordered["trial_id"].isin(searched(trials)["trial_id"]))
    by_arm = ordered["arm"]
    return pd.DataFrame(
        {
            "arm": by_arm,
            "trial_id": ordered["trial_id"],
            "number": ordered.groupby("arm").cumcount() + 1,
            "device_seconds": ordered.groupby("arm")["device_seconds"].cumsum(),
            "state": ordered["state"],
            "mean_gain": ordered["mean_gain"],
            "best": counted.groupby(by_arm).cummax().groupby(by_arm).ffill(),
        }
    ).reset_index(drop=True)


def _quartiles(frame: pd.DataFrame, by: list[str], values: list[str]) -> pd.DataFrame:
    """Median and quartiles of ``values`` in each group, NaN left out."""
    groups = frame.groupby(by)
    columns = {"n_trials": groups["trial_id"].nunique()}
    for value in values:
        for name, share in (("low", 0.25), ("median", 0.5), ("high", 0.75)):
            columns[f"{value}_{name}"] = groups[value].quantile(share)
    return pd.DataFrame(columns).reset_index()
