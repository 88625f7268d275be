"""Kinds of planted data on which experts must win, or must not; run by ``planted.py``."""

# N rows, F inputs

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.experts import designs_of
from benchmarks.planted_data import LinearStages, Planted, Sample, labelled_dataset, trial_block
from benchmarks.planted_sweep import Row, sweep
from mtl_search.arm_names import SHARED_EQUAL, SINGLE_TASK
from mtl_search.model import Trunk

__all__ = ["EXPERTS", "NARROW", "ONE", "WIDE", "alike", "planted_groups", "relu", "routed"]

ONE, NARROW, WIDE = 1, 2, 10  # units: a stage of 10 has more parameters than three of 2 with their gates
EXPERTS: Mapping[str, Mapping[str, object]] = {
    "mmoe": {"name": "mmoe", "experts": 2},
    "ple": {"name": "ple", "shared_experts": 1, "task_experts": 1},
}
GAP = 0.5  # on each side of what tells groups apart, so that no row's group is in doubt
TRIALS = 20
GROUPS = Sample(train=400, inputs=10, noise=0.3, missing=0.0)
NOISY = replace(GROUPS, noise=1.0)  # so that it counts from how many labels a direction is learned


def planted_groups(seed: int = 0, *, opposite: bool, sample: Sample | None = None) -> Planted:
    """Two tasks, ``a1 b1``, and two groups of rows, which a direction of the inputs tells apart.

    ``opposite``: in one group ``a1`` is one direction and ``b1`` another, in the other group it is the other
    way round. Linear stages, however wide, cannot tell which of them counts in a row; a gate is a function of
    the row. If not ``opposite``, both tasks are noisy labels of one direction in all rows: one stage for both
    learns it from all labels, and experts have only more to learn.

    >>> planted_groups(opposite=True).networks
    (('a1', 'b1'),)
    """
    sample = sample or (GROUPS if opposite else NOISY)
    rng = np.random.default_rng((seed, 5, int(opposite)))
    latents_NF = rng.normal(size=(sample.train + 2 * sample.held_out, sample.inputs))
    in_first_N = latents_NF[:, 0] > 0
    latents_NF[:, 0] += np.where(in_first_N, GAP, -GAP)
    one_N, other_N = latents_NF[:, 1], latents_NF[:, 2]
    signals = {"a1": one_N, "b1": one_N}
    if opposite:
        signals = {"a1": np.where(in_first_N, one_N, other_N), "b1": np.where(in_first_N, other_N, one_N)}
    basis_FF, _ = np.linalg.qr(rng.normal(size=(sample.inputs, sample.inputs)))
    tasks = dict.fromkeys(signals, "regression")
    return Planted(
        dataset=labelled_dataset(rng, latents_NF @ basis_FF.T, signals, tasks, sample),
        tasks=tasks,
        trial=trial_block(linear(NARROW if opposite else ONE), epochs=20, lr=(0.05, 0.3)),
        networks=(tuple(tasks),),
    )


def linear(width: int) -> Trunk:
    """One linear stage."""
    return LinearStages(stages=1, widths=(width,))


def routed(seed: int) -> Iterator[Row]:
    """Groups that need opposite features, linear stages: no shared bottom can route rows."""
    yield _compare(planted_groups(seed, opposite=True), seed, shared=linear(WIDE), expert=linear(NARROW))


def relu(seed: int) -> Iterator[Row]:
    """The same with rectified units, with which a shared bottom of as many parameters routes rows as well."""
    shared, expert = ({"name": "mlp", "stages": 1, "width": width} for width in (WIDE, NARROW))
    yield _compare(planted_groups(seed, opposite=True), seed, shared=shared, expert=expert)


def alike(seed: int) -> Iterator[Row]:
    """One direction for all: that experts are better would be a false finding."""
    yield _compare(planted_groups(seed, opposite=False), seed, shared=linear(ONE), expert=linear(ONE))


def _compare(planted: Planted, seed: int, *, shared: object, expert: object) -> Row:
    """What a sweep recommends that has arms of experts beside its shared references, and by how much."""
    budget = {"trials": TRIALS, "reference_trials": TRIALS // 2, "finalists": 2, "seeds": 5}
    tables = sweep(
        planted,
        "bayes",
        seed,
        budget=budget,
        networks=1,
        trial={"members": "all", "trunk": shared},
        arms={name: {"sharing": sharing, "trunk": expert} for name, sharing in EXPERTS.items()},
    )
    (said,) = tables["summary"].query("chosen").to_dict("records")
    errors, sizes = _by_arm(tables)
    return {
        "variant": "experts beside a shared bottom",
        "experts recommended": str(said["text"]).startswith(tuple(f"{arm}-" for arm in EXPERTS)),
        "better": said["verdict"] == "better",
        "worse": said["verdict"] == "worse",
        "delta_m": said["delta_m"],
        **{f"error of {arm}": errors[arm] / errors[SHARED_EQUAL] for arm in (SINGLE_TASK, *EXPERTS)},
        **{f"size of {arm}": sizes[arm] for arm in (SHARED_EQUAL, *EXPERTS)},
        "chosen": said["text"],
        "verdict": said["verdict"],
    }


def _by_arm(tables: Mapping[str, pd.DataFrame]) -> tuple[dict[str, float], dict[str, int]]:
    """Of each arm's confirmed design the mean error on test, and its parameters."""
    errors = tables["summary_tasks"].groupby("design_id")["value"].mean()
    designs = designs_of(tables["summary"])
    found = {arm: float(errors[design["design_id"]]) for arm, design in designs.items()}
    return found, {arm: int(design["n_params"]) for arm, design in designs.items()}
