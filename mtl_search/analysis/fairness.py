"""Whether a comparison was fair: what each arm used, and which rules were switched off."""

from collections.abc import Sequence

import pandas as pd

from mtl_search.analysis.confirmation import Confirmed
from mtl_search.records import Phase

__all__ = ["FEWEST_SEEDS", "arm_costs", "caveats"]

FEWEST_SEEDS = 3
_REFERENCES = {"single_task": "tuned single-task networks", "shared_tuned": "tuned fixed weights"}
_TOLERANCE = 1.2  # the largest budget over the smallest that still counts as equal


def arm_costs(trials: pd.DataFrame) -> dict[str, tuple[int, float]]:
    """What each arm used in the search: trained trials, and device seconds.

    Trials answered from the leaderboard cost nothing and are not counted; failed and pruned ones are. Nor is
    the replication, which all arms go through by one rule.
    """
    trained = trials[(trials["phase"] == Phase.SEARCH.value) & trials["duplicate_of"].isna()]
    grouped = trained.groupby("arm")["device_seconds"].agg(["size", "sum"])
    return {str(arm): (int(row["size"]), float(row["sum"])) for arm, row in grouped.iterrows()}


def caveats(trials: pd.DataFrame, confirmed: Sequence[Confirmed], left_out: Sequence[str] = ()) -> list[str]:
    """The rules of a fair comparison (Kurin 2022, Xin 2022) that were switched off, in words for people.

    ``left_out``: main tasks without a gain.
    """
    found = []
    there = {design.design["arm"] for design in confirmed}
    for arm, plain in _REFERENCES.items():
        if arm not in there:
            found.append(f"no comparison with {plain}: the arm {arm} was not confirmed")
    seeds = min((len(design.seeds) for design in confirmed), default=0)
    if confirmed and seeds < FEWEST_SEEDS:
        found.append(f"{seeds} seed{'s' if seeds != 1 else ''}: fewer than {FEWEST_SEEDS} show little")
    if not (trials["phase"] == Phase.REPLICATION.value).any():
        found.append("no replication: designs were chosen for single trainings, which flatters them on valid")
    if left_out:
        found.append(f"not part of delta_m, without a usable single-task reference: {', '.join(left_out)}")
    return found + _unequal(arm_costs(trials))


def _unequal(costs: dict[str, tuple[int, float]]) -> list[str]:
    """A caveat where arms differ both in trials and in device time; equal in one of them is fair."""
    if len(costs) < 2:
        return []
    (few, _), (many, _) = (pick(costs.values(), key=lambda cost: cost[0]) for pick in (min, max))
    (_, short), (_, long) = (pick(costs.values(), key=lambda cost: cost[1]) for pick in (min, max))
    if many <= _TOLERANCE * few or long <= _TOLERANCE * short:
        return []
    used = ", ".join(f"{arm} {trials} trials in {seconds:,.0f} s" for arm, (trials, seconds) in costs.items())
    return [f"unequal budgets: {used}"]
