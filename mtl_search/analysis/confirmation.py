"""The confirmation read from the tables: each design's value on test, task by task and seed by seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl_search.records import DesignRecord, Phase, Split, TrialState

__all__ = ["Confirmed", "Runs", "confirmed_designs"]

# D designs, S seeds, T main tasks, G groups of test rows left out in turn

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Runs:
    """The confirmation's trials: default metrics on test by configuration, seed and task."""

    values: Mapping[tuple[str, int, str], float]
    resamples: Mapping[tuple[str, int, str, int], float]
    seconds: Mapping[tuple[str, int], float]
    groups: tuple[int, ...]

    @classmethod
    def read(
        cls,
        trials: pd.DataFrame,
        metrics: pd.DataFrame,
        resamples: pd.DataFrame,
    ) -> "Runs":
        """From the tables; trials that failed count as missing."""
        complete = trials["state"] == TrialState.COMPLETE.value
        again = trials[complete & (trials["phase"] == Phase.CONFIRMATION.value)]
        keys = again[["trial_id", "config_id", "seed"]]
        tested = metrics[metrics["is_default"] & (metrics["split"] == Split.TEST.value)]
        tested = tested.merge(keys, on="trial_id")
        left_out = resamples[resamples["split"] != Split.VALID.value].merge(keys, on="trial_id")
        return cls(
            _indexed(tested, ["config_id", "seed", "task"], "value"),
            _indexed(left_out, ["config_id", "seed", "task", "left_out"], "value"),
            _indexed(again, ["config_id", "seed"], "train_seconds"),
            tuple(sorted(left_out["left_out"].unique())),
        )


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A design whose networks were all trained again on ``seeds``, with its values on test.

    ``resampled_GST`` is NaN if nothing was resampled.
    """

    design: DesignRecord
    seeds: tuple[int, ...]
    values_ST: Array
    resampled_GST: Array
    seconds_S: Array

    def on(self, seeds: tuple[int, ...]) -> "Confirmed":
        """The same on some of its seeds."""
        at = [self.seeds.index(seed) for seed in seeds]
        return Confirmed(
            self.design, seeds, self.values_ST[at], self.resampled_GST[:, at], self.seconds_S[at]
        )


def confirmed_designs(designs: Sequence[DesignRecord], runs: Runs, tasks: tuple[str, ...]) -> list[Confirmed]:
    """The designs that have at least one seed on which every network was trained again.

    A network is found by its configuration, so networks that several designs share are trained once a seed.
    A seed counts for a design if all of its networks have it: means over other seeds for each network
    would say something of the seeds.
    """
    seeds = sorted({seed for _, seed in runs.seconds})
    found = [_confirmed(row, runs, tasks, seeds) for row in designs]
    return [design for design in found if design.seeds]


def _confirmed(design: DesignRecord, runs: Runs, tasks: tuple[str, ...], seeds: list[int]) -> Confirmed:
    networks = set(design.configs.values())
    serving = [design.configs.get(task, "") for task in tasks]  # of some: none
    kept = tuple(seed for seed in seeds if all((network, seed) in runs.seconds for network in networks))
    served = list(zip(serving, tasks, strict=True))
    values = [[runs.values.get((network, s, task), np.nan) for network, task in served] for s in kept]
    resampled = [
        [[runs.resamples.get((network, s, task, g), np.nan) for network, task in served] for s in kept]
        for g in runs.groups
    ]
    return Confirmed(
        design,
        kept,
        np.array(values, dtype=float).reshape(len(kept), len(tasks)),
        np.array(resampled, dtype=float).reshape(len(runs.groups), len(kept), len(tasks)),
        np.array([sum(runs.seconds[network, seed] for network in networks) for seed in kept], dtype=float),
    )


def _indexed(frame: pd.DataFrame, keys: list[str], value: str) -> dict[Any, float]:
    """The column ``value`` by the columns ``keys``; the first of several (a seed trained twice)."""
    rows = frame.drop_duplicates(keys)
    return dict(zip(rows[keys].itertuples(index=False, name=None), rows[value], strict=True))
