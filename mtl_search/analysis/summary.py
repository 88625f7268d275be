"""The table ``summary``: every confirmed design against the references, with intervals and verdicts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

import pandas as pd

from mtl_search.analysis.comparisons import Compared, compare, standing_for
from mtl_search.analysis.confirmation import Confirmed, Runs, confirmed_designs
from mtl_search.analysis.ensembles import Ensembles, with_ensemble
from mtl_search.analysis.fairness import arm_costs, caveats, missing_trainings, why_left_out
from mtl_search.analysis.frames import main_tasks, metric_kinds, task_weights
from mtl_search.analysis.provisional import provisional
from mtl_search.analysis.scale import Gains, Scale
from mtl_search.analysis.significance import Estimate, estimate, holm, level_of, verdict
from mtl_search.arm_names import POOLED, SINGLE_TASK, TREES
from mtl_search.records import DesignRecord, SummaryRecord, TaskResult

__all__ = ["summarise"]

_AS_COMPOSED = ("design_id", "arm", "arms", "chosen", "n_networks", "text", "n_params", "flops")


def summarise(
    trials: pd.DataFrame,
    metrics: pd.DataFrame,
    resamples: pd.DataFrame,
    designs: Sequence[DesignRecord],
    tasks: pd.DataFrame,
    before: Sequence[SummaryRecord] = (),
    *,
    ensembles: pd.DataFrame | None = None,
    notes: Sequence[str] = (),
) -> list[SummaryRecord]:
    """The confirmed ones of ``designs``, best delta_m first; the tables are those of ``Leaderboard.frame``,
    ``notes`` are further caveats, which no table shows.

    ``before``: the summary that this one replaces, if there is one. To recommend another design than it did
    is a further reading of test, even if all networks of that design were confirmed already.

    Everything is measured on the seeds that a design and the confirmed ``single_task`` one have in common,
    and gains are over the mean test value of the latter on these: a training that was lost costs a seed, it
    moves no mean to other ones. The intervals of ``delta_m`` and of the gains of tasks are t intervals over
    seeds, of the differences from that design, as its own training scatters too; the reference's own are
    those of its gains. See `comparisons` for what is compared and how it is corrected; of a design's tasks, p
    is the paired t test of the gain against ``single_task``, corrected by Holm over its tasks. All of them
    count the sampling of test units if ``resamples`` has it (see `estimate`). What no seed shows is that
    all designs were trained on one and the same train set: verdicts are conditional on it. Without a
    confirmed ``single_task`` there is no gain: delta_m and what follows are NaN.

    What a design gains as an ensemble of its seeds is put beside that from table ``ensembles``, and decides
    nothing (see `mtl_search.analysis.ensembles`).
    """
    names, kinds, weights = main_tasks(tasks), metric_kinds(tasks), task_weights(tasks)
    runs = Runs.read(trials, metrics, resamples)
    confirmed = confirmed_designs(designs, runs, names)
    references = dict(zip(tasks["task"], tasks["reference"], strict=True))
    counted = [kinds[name].has_gains_over(references[name]) for name in names]
    reading = _reading(trials, designs, before)
    of_names = (tuple(kinds[name] for name in names), tuple(weights[name] for name in names), tuple(counted))
    scale = Scale(*of_names, standing_for(SINGLE_TASK, confirmed), level_of(reading))
    trees = standing_for(TREES, confirmed)
    results = [_task_results(design, names, scale, trees) for design in confirmed]
    left_out = [name for name, counts in zip(names, counted, strict=True) if not counts]
    causes = why_left_out(trials, metrics, kinds, left_out)
    on_test = [name for name in _undefined(results) if name not in left_out]
    found = caveats(trials, confirmed, causes, on_test, reading) + missing_trainings(trials) + [*notes]
    if not runs.groups:
        found.append("test was not resampled (it may be one group): intervals count the seeds alone")
    costs, reasons = arm_costs(trials), tuple(provisional(trials, metrics, tasks))
    records = [
        _record(design, results[at], compared, scale, costs, reading, reasons, tuple(found))
        for at, (design, compared) in enumerate(zip(confirmed, compare(confirmed, scale), strict=True))
    ]
    if ensembles is not None:
        together = Ensembles.read(ensembles)
        pairs = zip(records, confirmed, strict=True)
        records = [with_ensemble(record, design, scale, together, names) for record, design in pairs]
    return sorted(records, key=lambda one: (math.isnan(one.delta_m), -one.delta_m))


def _reading(trials: pd.DataFrame, designs: Sequence[DesignRecord], before: Sequence[SummaryRecord]) -> int:
    """How often test was read."""
    known = trials["reading"].dropna() if "reading" in trials else pd.Series(dtype=float)
    reading = int(known.max()) if len(known) else 1
    now = {design.design_id for design in designs if design.chosen}
    return max([reading, *(one.reading + (one.design_id not in now) for one in before if one.chosen)])


def _interval(gain: Estimate, paired: Estimate | None) -> tuple[float, float]:
    """Of a gain: as wide as that of the paired differences, if there are some."""
    if paired is None:
        return gain.low, gain.high
    return gain.mean - (paired.mean - paired.low), gain.mean + (paired.high - paired.mean)


def _paired(design: Confirmed, scale: Scale) -> Gains | None:
    """The differences from ``single_task``, of other designs than that."""
    single = scale.single
    return None if single is None or single is design else scale.difference(design, single)


def _record(
    design: Confirmed,
    tasks: tuple[TaskResult, ...],
    compared: Compared,
    scale: Scale,
    costs: Mapping[str, tuple[int, float]],
    reading: int,
    reasons: tuple[str, ...],
    found: tuple[str, ...],
) -> SummaryRecord:
    """All that is said of one design."""
    seeds, paired = scale.common(design), _paired(design, scale)
    whole = scale.of_mean(scale.gains(design, seeds))
    low, high = _interval(whole, scale.of_mean(paired) if paired else None)
    composed = design.design
    arm_trials, arm_seconds = _arm_cost(composed.arm, costs)
    return SummaryRecord(
        **{name: getattr(composed, name) for name in _AS_COMPOSED},
        **{field.name: getattr(compared, field.name) for field in fields(compared)},
        n_seeds=len(seeds),
        seeds=seeds,
        reading=reading,
        alpha=scale.alpha,
        delta_m=whole.mean,
        delta_m_sd=whole.sd,
        delta_m_low=low,
        delta_m_high=high,
        delta_m_valid=composed.delta_m,
        provisional=reasons,
        tasks=tasks,
        train_seconds=float(design.seconds_S.mean()),
        arm_trials=arm_trials,
        arm_device_seconds=arm_seconds,
        caveats=found,
    )


def _task_results(
    design: Confirmed, names: Sequence[str], scale: Scale, trees: Confirmed | None
) -> tuple[TaskResult, ...]:
    """Each main task: value, gain, and the paired comparison with ``single_task``; of the recommended design
    also with ``trees``."""
    seeds, paired = scale.common(design), _paired(design, scale)
    gains, values_ST = scale.gains(design, seeds), design.on(seeds).values_ST
    tests = [scale.of_task(paired, t) if paired else estimate([]) for t in range(len(names))]
    results = []
    for t, (name, test, p) in enumerate(zip(names, tests, holm([test.p for test in tests]), strict=True)):
        value, gain = estimate(values_ST[:, t]), scale.of_task(gains, t)
        said = verdict(test.mean, p, scale.alpha).value if paired else None
        ends = _interval(gain, test if paired else None)
        results.append(
            TaskResult(
                name,
                value.mean,
                value.sd,
                gain.mean,
                gain.sd,
                *ends,
                p=test.p,
                p_holm=p,
                verdict=said,
            )
        )
    if trees is not None and design.design.chosen:
        return _with_trees(results, design, trees, scale)
    return tuple(results)


def _with_trees(
    results: Sequence[TaskResult], design: Confirmed, trees: Confirmed, scale: Scale
) -> tuple[TaskResult, ...]:
    """The results of a design, compared with those of boosted ``trees``; p is corrected over its tasks."""
    difference = scale.difference(design, trees)
    tests = [scale.of_task(difference, t) for t in range(len(results))]
    return tuple(
        replace(
            result,
            vs_trees=test.mean,
            vs_trees_low=test.low,
            vs_trees_high=test.high,
            vs_trees_p_holm=p,
            vs_trees_verdict=verdict(test.mean, p, scale.alpha).value,
        )
        for result, test, p in zip(results, tests, holm([test.p for test in tests]), strict=True)
    )


def _undefined(results: Sequence[Sequence[TaskResult]]) -> list[str]:
    """The tasks that have a gain on test in no design."""
    defined = {one.task for tasks in results for one in tasks if math.isfinite(one.gain)}
    return [one.task for one in results[0] if one.task not in defined] if results else []


def _arm_cost(arm: str, costs: Mapping[str, tuple[int, float]]) -> tuple[int, float]:
    """What an arm used in the search: of ``pooled``, what all arms of networks did."""
    if arm == POOLED:
        of_networks = [cost for name, cost in costs.items() if name != TREES]
        return sum(trials for trials, _ in of_networks), sum(seconds for _, seconds in of_networks)
    return costs.get(arm, (0, 0.0))
