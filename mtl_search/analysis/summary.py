"""The table ``summary``: every confirmed design against the references, with intervals and verdicts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mtl_search.analysis.confirmation import Array, Confirmed, Runs, confirmed_designs
from mtl_search.analysis.fairness import arm_costs, caveats
from mtl_search.analysis.frames import main_tasks, metric_kinds
from mtl_search.analysis.significance import (
    Estimate,
    Verdict,
    estimate,
    holm,
    jackknife_variance,
    overall,
    verdict,
)
from mtl_search.records import MetricKind

__all__ = ["REFERENCES", "summarise"]

# S seeds, T main tasks, G groups of test rows left out in turn

REFERENCES = ("single_task", "shared_tuned")


def summarise(
    trials: pd.DataFrame,
    metrics: pd.DataFrame,
    resamples: pd.DataFrame,
    designs: pd.DataFrame,
    tasks: pd.DataFrame,
) -> list[dict[str, Any]]:
    """The rows of ``summary``, best delta_m first; the tables are those of ``Leaderboard.frame``.

    Gains are over the mean test value of the confirmed ``single_task`` design. The intervals of ``delta_m``
    and of the gains of tasks are t intervals over seeds, of the differences from that design on the same
    seeds, as its own training scatters too; the reference's own intervals are those of its gains. Against
    each reference arm, ``vs_*`` is the paired t test of delta_m over the seeds both were trained on,
    corrected by Holm over all different designs that are compared with that reference. Of a design's tasks, p
    is the paired t test of the gain against ``single_task``, corrected by Holm over its tasks. All of them
    count the sampling of test rows where ``resamples`` has it (see `estimate`). Without a confirmed
    ``single_task`` there is no gain: delta_m and what follows are NaN.
    """
    names, kinds = main_tasks(tasks), metric_kinds(tasks)
    runs = Runs.read(trials, metrics, resamples, kinds)
    confirmed = confirmed_designs(designs, runs, names)
    scale = _Scale([kinds[name] for name in names], _reference(confirmed, "single_task"))
    references = dict(zip(tasks["task"], tasks["reference"], strict=True))
    left_out = [name for name in names if not kinds[name].has_gains_over(references[name])]
    costs, notes = arm_costs(trials), caveats(trials, confirmed, left_out)
    rows = [_row(design, names, scale) | _cost(design, costs) | {"caveats": notes} for design in confirmed]
    for name in REFERENCES:
        _compare(rows, confirmed, _reference(confirmed, name), name, scale)
    for row in rows:
        said = [row[f"vs_{name}_verdict"] for name in REFERENCES if row[f"vs_{name}_verdict"] is not None]
        row["verdict"] = overall([Verdict(word) for word in said]).value
    return sorted(rows, key=lambda row: (np.isnan(row["delta_m"]), -row["delta_m"]))


class _Scale:
    """Values on test as gains in percent over the confirmed single-task design."""

    def __init__(self, kinds: Sequence[MetricKind], single: Confirmed | None) -> None:
        self.kinds, self.single = kinds, single

    def gains_ST(self, design: Confirmed) -> Array:
        """Gain by seed and task."""
        return self._gains(design.values_ST, self.single.values_ST if self.single else None)

    def resampled_GT(self, design: Confirmed) -> Array:
        """Gain by group left out and task, mean over seeds; the reference leaves out the same rows."""
        gains = [
            self._gains(rows_ST, self.single.resampled_GST[g] if self.single else None)
            for g, rows_ST in enumerate(design.resampled_GST)
        ]
        return np.array([gain.mean(axis=0) for gain in gains]).reshape(len(gains), len(self.kinds))

    def _gains(self, values_ST: Array, single_ST: Array | None) -> Array:
        references = np.full(len(self.kinds), np.nan) if single_ST is None else single_ST.mean(axis=0)
        return np.array(
            [
                [kind.gain(v, r) for kind, v, r in zip(self.kinds, row, references, strict=True)]
                for row in values_ST
            ]
        )


def _mean_defined(gains: Array) -> Array:
    """delta_m: the mean of the gains that are defined, over the last axis; NaN where none is."""
    counts = np.isfinite(gains).sum(axis=-1)
    sums = np.nansum(gains, axis=-1)
    means: Array = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return means


def _mean_resampled(gains_GT: Array) -> Array:
    """delta_m by group left out; NaN where a task that others define is undefined without that group."""
    known_GT = gains_GT[:, np.isfinite(gains_GT).any(axis=0)]
    if not known_GT.size:
        return np.full(len(gains_GT), np.nan)
    means: Array = known_GT.mean(axis=1)
    return means


def _estimate(values_S: Array, replicates_G: Array) -> Estimate:
    finite = replicates_G[np.isfinite(replicates_G)]
    return estimate(values_S, jackknife_variance(finite), len(finite))


def _interval(gain: Estimate, paired: Estimate | None) -> tuple[float, float]:
    """Of a gain: as wide as that of the paired differences, where there are some."""
    if paired is None:
        return gain.low, gain.high
    return gain.mean - (paired.mean - paired.low), gain.mean + (paired.high - paired.mean)


def _row(design: Confirmed, names: Sequence[str], scale: _Scale) -> dict[str, Any]:
    """What is said of one design without a comparison of delta_m."""
    single = scale.single
    paired = _paired(design, single, scale) if single is not None and single is not design else None
    gains_ST, resampled_GT = scale.gains_ST(design), scale.resampled_GT(design)
    whole = _estimate(_mean_defined(gains_ST), _mean_resampled(resampled_GT))
    low, high = _interval(whole, _of_means(paired) if paired else None)
    return {
        **{name: design.design[name] for name in ("arm", "n_networks", "rank", "text", "n_params", "flops")},
        "n_seeds": len(design.seeds),
        "seeds": list(design.seeds),
        "delta_m": whole.mean,
        "delta_m_sd": whole.sd,
        "delta_m_low": low,
        "delta_m_high": high,
        "delta_m_valid": design.design["delta_m"],
        "tasks": _task_rows(design, names, gains_ST, resampled_GT, paired),
    }


def _task_rows(
    design: Confirmed,
    names: Sequence[str],
    gains_ST: Array,
    resampled_GT: Array,
    paired: tuple[Array, Array] | None,
) -> list[dict[str, Any]]:
    """Each main task: value, gain, and the paired comparison with ``single_task``."""
    rows, tests = [], []
    for t, name in enumerate(names):
        value, gain = estimate(design.values_ST[:, t]), _estimate(gains_ST[:, t], resampled_GT[:, t])
        test = _estimate(paired[0][:, t], paired[1][:, t]) if paired else estimate([])
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
        row |= {"p_holm": p, "verdict": verdict(test.mean, p).value if paired else None}
    return rows


def _paired(design: Confirmed, reference: Confirmed, scale: _Scale) -> tuple[Array, Array]:
    """Differences of gains on the seeds that both have: by seed and task, and by group left out and task."""
    common = tuple(seed for seed in design.seeds if seed in reference.seeds)
    one, other = design.on(common), reference.on(common)
    if not common:
        return np.empty((0, len(scale.kinds))), np.empty((0, len(scale.kinds)))
    return (
        scale.gains_ST(one) - scale.gains_ST(other),
        scale.resampled_GT(one) - scale.resampled_GT(other),
    )


def _of_means(paired: tuple[Array, Array]) -> Estimate:
    """The difference of two delta_m, from the differences by task."""
    differences_ST, resampled_GT = paired
    return _estimate(_mean_defined(differences_ST), _mean_resampled(resampled_GT))


def _compare(
    rows: Sequence[dict[str, Any]],
    confirmed: Sequence[Confirmed],
    reference: Confirmed | None,
    name: str,
    scale: _Scale,
) -> None:
    """Add the columns ``vs_<name>_*``. Designs of the same networks are one test of Holm's family."""
    tests: dict[bytes, Estimate] = {}
    for design in confirmed:
        if reference is not None and _content(design) != _content(reference):
            tests[_content(design)] = _of_means(_paired(design, reference, scale))
    corrected = dict(zip(tests, holm([test.p for test in tests.values()]), strict=True))
    for row, design in zip(rows, confirmed, strict=True):
        compared = reference is not None and design is not reference
        same = estimate(np.zeros(len(design.seeds) if compared else 0))
        test, p = tests.get(_content(design), same), corrected.get(_content(design), same.p)
        row |= {
            f"vs_{name}_difference": test.mean,
            f"vs_{name}_low": test.low,
            f"vs_{name}_high": test.high,
            f"vs_{name}_p": test.p,
            f"vs_{name}_p_holm": p,
            f"vs_{name}_verdict": verdict(test.mean, p).value if compared else None,
        }


def _content(design: Confirmed) -> bytes:
    """The same for designs whose tasks are served by the same networks."""
    return np.array(design.seeds).tobytes() + design.values_ST.tobytes()


def _reference(confirmed: Sequence[Confirmed], arm: str) -> Confirmed | None:
    """The design that stands for a reference arm: its best, of the fewest networks."""
    of_arm = [design for design in confirmed if design.design["arm"] == arm]
    return min(of_arm, key=lambda d: (d.design["n_networks"], d.design["rank"]), default=None)


def _cost(design: Confirmed, costs: Mapping[str, tuple[int, float]]) -> dict[str, Any]:
    trials, seconds = costs.get(design.design["arm"], (0, 0.0))
    return {
        "train_seconds": float(design.seconds_S.mean()),
        "arm_trials": trials,
        "arm_device_seconds": seconds,
    }
