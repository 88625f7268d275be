"""The table of ``tricks.py``: what each trick brings, from the lines of its file."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from mtl_search.records import MetricKind, gains, mean_gain

__all__ = ["Row", "table"]

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Runs:
    """The trainings of a basis with a trick at the learning rate that was chosen, by seed."""

    rate: float
    by_seed: Mapping[int, Row]

    def mean(self, name: str) -> float:
        """Of a column over seeds."""
        return fmean(float(row[name]) for row in self.by_seed.values())

    def gains(self, references: Mapping[str, float], metrics: Mapping[str, MetricKind]) -> dict[int, float]:
        """The mean gain over the tasks, by seed."""
        values = {seed: row["values"] for seed, row in self.by_seed.items()}
        return {seed: mean_gain(gains(of, references, metrics)) for seed, of in values.items()}


def table(
    metrics: Mapping[str, MetricKind], rows: Iterable[Row], bases: Iterable[str], tricks: Sequence[str]
) -> Iterator[str]:
    """Lines to read, by basis and trick; gains are over the first of these that there is.

    A seed counts if it has every learning rate of the data set, so that a run may stop anywhere.
    """
    found = list(rows)
    runs = {key: best for key in ((b, t) for b in bases for t in tricks) if (best := _chosen(found, *key))}
    if not runs:
        return
    first, *_ = runs.values()
    plain = {task: fmean(row["values"][task] for row in first.by_seed.values()) for task in metrics}
    figures = f"{'gain':>7} {'added':>7} {'+/-':>5} {'seeds':>5} {'rate':>7} {'epoch':>6} {'seconds':>8}"
    yield f"{'basis':8} {'trick':40} {figures}"
    for (basis, trick), of in runs.items():
        gain = of.gains(plain, metrics)
        start = runs[basis, tricks[0]].gains(plain, metrics) if (basis, tricks[0]) in runs else {}
        added = [gain[seed] - start[seed] for seed in gain if seed in start]
        more = fmean(added) if added else math.nan
        error = stdev(added) / math.sqrt(len(added)) if len(added) > 1 else math.nan
        figures = f"{fmean(gain.values()):7.2f} {more:7.2f} {error:5.2f} {len(gain):5} {of.rate:7.0e}"
        yield f"{basis:8} {trick:40} {figures} {of.mean('epoch'):6.1f} {of.mean('seconds'):8.1f}"


def _chosen(rows: Sequence[Row], basis: str, trick: str) -> Runs | None:
    by_rate: dict[float, dict[int, Row]] = defaultdict(dict)
    for row in rows:
        if (row["basis"], row["trick"]) == (basis, trick):
            by_rate[row["rate"]][row["seed"]] = row
    n_rates = len({row["rate"] for row in rows})
    if len(by_rate) < n_rates or not (seeds := set.intersection(*map(set, by_rate.values()))):
        return None
    runs = [Runs(rate, {seed: of[seed] for seed in sorted(seeds)}) for rate, of in sorted(by_rate.items())]
    return max(runs, key=lambda of: of.mean("chosen_by"))
