"""The best design after each part of a sweep: what its networks could be put together to, as they came in."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mtl_search.analysis.frames import default_gains, main_tasks, rows_of, searched, task_weights
from mtl_search.arm_names import ALONE_ARMS, POOLED, TREES
from mtl_search.design import Candidate, Composition, compose, composition, undominated

__all__ = ["best_designs", "in_order"]

_LOOKS = 20  # at how many moments: composing is exact, and costs more the more networks there are

_COLUMNS = ("arm", "number", "delta_m", "n_networks")


def in_order(trials: pd.DataFrame) -> pd.DataFrame:
    """All trials that were trained, in the order they ended, with that as column ``number``, from 1."""
    ordered = trials[trials["duplicate_of"].isna()].sort_values("finished", kind="stable")
    return ordered.assign(number=np.arange(1, len(ordered) + 1))


def best_designs(
    trials: pd.DataFrame, metrics: pd.DataFrame, tasks: pd.DataFrame, *, max_networks: int
) -> pd.DataFrame:
    """The best design of each arm, and of the networks of all arms (``pooled``), as the search went on.

    Columns: ``arm``, ``number`` (of trials of the sweep that had ended by then, see `in_order`), ``delta_m``
    (on valid, of single trainings: the best of many, and so too high), ``n_networks``. At most 20 moments an
    arm, none before every main task is served; those that were trained and have no gain are left out.
    Arms that train each task alone have as many networks as tasks.
    """
    ordered = in_order(trials)
    known = searched(ordered)
    gains = default_gains(metrics).reindex(known["trial_id"])
    weights = task_weights(tasks)
    trained = {name for members in known["members"] for name in members}
    without_gain = {name for name in trained if not (name in gains and gains[name].notna().any())}
    names = [name for name in main_tasks(tasks) if name not in without_gain]
    gains = gains.reindex(columns=names)
    share = sum(weights[name] for name in names) / len(names) if names else 1.0
    candidates = {
        key: Candidate(key, {name: gain * weights[name] / share for name, gain in own.items()}, size)
        for key, own, size in zip(
            known["trial_id"], rows_of(gains), known["n_params"].astype(int), strict=True
        )
    }
    rows: list[tuple[str, int, float, int]] = []
    for arm in [*known["arm"].unique(), POOLED]:
        if arm == TREES:
            continue
        own = known[known["arm"] != TREES] if arm == POOLED else known[known["arm"] == arm]
        limit = len(names) if arm in ALONE_ARMS else max_networks
        rows += [
            (arm, number, best.delta_m, len(best.keys))
            for number, best in _as_they_came(own, candidates, names, limit)
        ]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _as_they_came(
    trials: pd.DataFrame, candidates: Mapping[str, Candidate], names: Sequence[str], limit: int
) -> list[tuple[int, Composition]]:
    """The best design at each moment, of the networks that had ended; those that others dominate are
    forgotten, as no later design needs them."""
    if not names:
        return []
    keys, numbers = trials["trial_id"].tolist(), trials["number"].tolist()
    found: list[tuple[int, Composition]] = []
    kept: list[Candidate] = []
    before = 0
    for until in np.unique(np.linspace(1, len(keys), min(_LOOKS, len(keys))).astype(int)):
        fresh = undominated([*kept, *(candidates[key] for key in keys[before:until])], names)
        before, changed, kept = int(until), fresh != kept, fresh
        if not changed and found:
            found.append((numbers[until - 1], found[-1][1]))
        elif limit >= len(names):
            if all(any(math.isfinite(one.gains[name]) for one in kept) for name in names):
                found.append((numbers[until - 1], composition(kept, names)))
        elif designs := compose(kept, names, max_networks=limit):
            found.append((numbers[until - 1], designs[-1]))
    return found
