"""The table ``summary``: every confirmed design against the references, with intervals and verdicts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mtl_search.analysis.comparisons import compare, standing_for
from mtl_search.analysis.confirmation import Confirmed, Runs, confirmed_designs
from mtl_search.analysis.fairness import arm_costs, caveats, missing_trainings, why_left_out
from mtl_search.analysis.frames import main_tasks, metric_kinds, task_weights
from mtl_search.analysis.provisional import provisional
from mtl_search.analysis.scale import Gains, Scale
from mtl_search.analysis.significance import Estimate, estimate, holm, level_of, verdict
from mtl_search.analysis.verdict_words import helpers
from mtl_search.arm_names import SINGLE_TASK

__all__ = ["summarise"]

_AS_COMPOSED = ("design_id", "arm", "arms", "chosen", "n_networks", "text", "n_params", "flops")


def summarise(
    trials: pd.DataFrame,
    metrics: pd.DataFrame,
    resamples: pd.DataFrame,
    designs: pd.DataFrame,
    tasks: pd.DataFrame,
    before: pd.DataFrame | None = None,
    *,
    notes: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """The rows of ``summary``, best delta_m first; the tables are those of ``Leaderboard.frame``, ``notes``
    are further caveats, which no table shows.

    ``before``: the summary that this one replaces, if there is one. To recommend another design than it did
    is a further reading of test, even if all networks of that design were confirmed already.

    Everything is measured on the seeds that a design and the confirmed ``single_task`` one have in common,
    and gains are over the mean test value of the latter on these: a training that was lost costs a seed, it
    moves no mean to other ones. The intervals of ``delta_m`` and of the gains of tasks are t intervals over
    seeds, of the differences from that design, as its own training scatters too; the reference's own are
    those of its gains. See `comparisons` for what is compared and how it is corrected; of a design's tasks, p
    is the paired t test of the gain against ``single_task``, corrected by Holm over its tasks. All of them
    count the sampling of test units where ``resamples`` has it (see `estimate`). What no seed shows is that
    all designs were trained on one and the same train set: verdicts are conditional on it. Without a
    confirmed ``single_task`` there is no gain: delta_m and what follows are NaN.
    """
    names, kinds, weights = main_tasks(tasks), metric_kinds(tasks), task_weights(tasks)
    runs = Runs.read(trials, metrics, resamples, kinds)
    confirmed = confirmed_designs(designs, runs, names)
    references = dict(zip(tasks["task"], tasks["reference"], strict=True))
    counted = [kinds[name].has_gains_over(references[name]) for name in names]
    reading = _reading(trials, designs, before)
    scale = Scale(
        tuple(kinds[name] for name in names),
        tuple(weights[name] for name in names),
        tuple(counted),
        standing_for(SINGLE_TASK, confirmed),
        level_of(reading),
    )
    rows = [_row(design, names, scale) for design in confirmed]
    compare(rows, confirmed, scale)
    left_out = [name for name, counts in zip(names, counted, strict=True) if not counts]
    on_test = [name for name in _undefined(rows) if name not in left_out]
    causes = why_left_out(trials, metrics, kinds, left_out)
    found = caveats(trials, confirmed, causes, on_test, reading) + missing_trainings(trials) + [*notes]
    if not runs.groups:
        found.append("test was not resampled, as where it is one group: intervals count the seeds alone")
    costs, reasons = arm_costs(trials), provisional(trials, metrics, tasks)
    for row, design in zip(rows, confirmed, strict=True):
        del row["shares_nothing"]
        row |= _cost(design, costs)
        row |= {"reading": reading, "alpha": scale.alpha, "provisional": reasons, "caveats": found}
    return sorted(rows, key=lambda row: (np.isnan(row["delta_m"]), -row["delta_m"]))


def _reading(trials: pd.DataFrame, designs: pd.DataFrame, before: pd.DataFrame | None) -> int:
    """How often test was read; in tables of before that was counted, once."""
    known = trials["reading"].dropna() if "reading" in trials else pd.Series(dtype=float)
    reading = int(known.max()) if len(known) else 1
    now = set(designs.loc[designs["chosen"], "design_id"])
    for one in [] if before is None else before[before["chosen"]].to_dict("records"):
        reading = max(reading, int(one["reading"]) + (one["design_id"] not in now))
    return reading


def _interval(gain: Estimate, paired: Estimate | None) -> tuple[float, float]:
    """Of a gain: as wide as that of the paired differences, where there are some."""
    if paired is None:
        return gain.low, gain.high
    return gain.mean - (paired.mean - paired.low), gain.mean + (paired.high - paired.mean)


def _row(design: Confirmed, names: Sequence[str], scale: Scale) -> dict[str, Any]:
    """What is said of one design without a comparison of delta_m."""
    seeds = scale.common(design)
    single = scale.single
    paired = scale.difference(design, single) if single is not None and single is not design else None
    gains = scale.gains(design, seeds)
    whole = scale.of_mean(gains)
    low, high = _interval(whole, scale.of_mean(paired) if paired else None)
    configs = design.design["configs"]
    return {
        **{name: design.design[name] for name in _AS_COMPOSED},
        "n_seeds": len(seeds),
        "seeds": list(seeds),
        "delta_m": whole.mean,
        "delta_m_sd": whole.sd,
        "delta_m_low": low,
        "delta_m_high": high,
        "delta_m_valid": design.design["delta_m"],
        "tasks": _task_rows(design.on(seeds), names, gains, paired, scale),
        "shares_nothing": len(set(configs.values())) == len(names) == len(configs)
        and not helpers(design.design),
    }


def _task_rows(
    design: Confirmed, names: Sequence[str], gains: Gains, paired: Gains | None, scale: Scale
) -> list[dict[str, Any]]:
    """Each main task: value, gain, and the paired comparison with ``single_task``."""
    rows, tests = [], []
    for t, name in enumerate(names):
        value, gain = estimate(design.values_ST[:, t]), scale.of_task(gains, t)
        test = scale.of_task(paired, t) if paired else estimate([])
        tests.append(test)
        low, high = _interval(gain, test if paired else None)
        rows.append(
            {
                "task": name,
                "value": value.mean,
                "value_sd": value.sd,
                "gain": gain.mean,
                "gain_sd": gain.sd,
                "gain_low": low,
                "gain_high": high,
                "p": test.p,
            }
        )
    for row, test, p in zip(rows, tests, holm([test.p for test in tests]), strict=True):
        row |= {"p_holm": p, "verdict": verdict(test.mean, p, scale.alpha).value if paired else None}
    return rows


def _undefined(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The tasks that have a gain on test in no design."""
    found: dict[str, bool] = {}
    for row in rows:
        for task in row["tasks"]:
            found[task["task"]] = found.get(task["task"], False) or bool(np.isfinite(task["gain"]))
    return [task for task, defined in found.items() if not defined]


def _cost(design: Confirmed, costs: Mapping[str, tuple[int, float]]) -> dict[str, Any]:
    """What training it took, and what its arm used in the search: of ``pooled``, what all arms did."""
    trials, seconds = costs.get(design.design["arm"], (0, 0.0))
    if design.design["arm"] == "pooled":
        trials = sum(one for one, _ in costs.values())
        seconds = sum(one for _, one in costs.values())
    return {
        "train_seconds": float(design.seconds_S.mean()),
        "arm_trials": trials,
        "arm_device_seconds": seconds,
    }
