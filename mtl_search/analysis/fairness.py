"""Whether a comparison was fair: what each arm used, and which rules were switched off."""

from collections.abc import Mapping, Sequence

import pandas as pd

from mtl_search.analysis.confirmation import Confirmed
from mtl_search.analysis.frames import rows_of
from mtl_search.analysis.significance import level_of
from mtl_search.arm_names import SHARED_TUNED, SINGLE_TASK, TREES
from mtl_search.records import MetricKind, Phase, Split, TrialState

__all__ = ["FEWEST_SEEDS", "arm_costs", "caveats", "missing_trainings", "why_left_out"]

FEWEST_SEEDS = 3
_MOST_NAMED = 5
_REFERENCES = {SINGLE_TASK: "tuned single-task networks", SHARED_TUNED: "tuned fixed weights"}
_WITHOUT = {
    Phase.CONFIRMATION: "whose seeds are compared without",
    Phase.REPLICATION: "without which designs and references were chosen",
}
_TOLERANCE = 1.2  # the largest budget over the smallest that still counts as equal


def arm_costs(trials: pd.DataFrame) -> dict[str, tuple[int, float]]:
    """What each arm used in the search: trained trials, and device seconds.

    Trials answered from the leaderboard cost nothing and are not counted; failed and pruned ones are. Nor is
    what was lost and tried again, of which the arm had nothing, nor the replication, which all arms go
    through by one rule.
    """
    trained = trials[(trials["phase"] == Phase.SEARCH.value) & trials["duplicate_of"].isna()]
    trained = trained[~trained["lost"].eq(True)]
    grouped = trained.groupby("arm")["device_seconds"].agg(["size", "sum"])
    return {str(arm): (int(row["size"]), float(row["sum"])) for arm, row in grouped.iterrows()}


def caveats(
    trials: pd.DataFrame,
    confirmed: Sequence[Confirmed],
    left_out: Sequence[str] = (),
    on_test: Sequence[str] = (),
    reading: int = 1,
) -> list[str]:
    """The rules of a fair comparison (Kurin 2022, Xin 2022) that were switched off, in words.

    ``left_out``: main tasks without a gain on valid, each with why; ``on_test``: those that lack
    one on test alone; ``reading``: how often test was read.
    """
    found = []
    there = {arm for design in confirmed for arm in design.design.arms}
    for arm, plain in _REFERENCES.items():
        if arm not in there:
            found.append(f"no comparison with {plain}: the arm {arm} was not confirmed")
    seeds = min((len(design.seeds) for design in confirmed), default=0)
    if confirmed and seeds < FEWEST_SEEDS:
        found.append(f"{seeds} seed{'s' if seeds != 1 else ''}: fewer than {FEWEST_SEEDS} show little")
    if reading > 1:
        alpha = level_of(reading)
        found.append(f"test was read {reading} times: the last was tested at level {alpha:g} instead of .05")
    if not (trials["phase"] == Phase.REPLICATION.value).any():
        found.append("no replication: designs were chosen for single trainings, which flatters them on valid")
    if left_out:
        found.append(f"not part of delta_m: {'; '.join(left_out)}; served by the best single network")
    if on_test:
        found.append(
            f"no gain on test, where the single-task value cannot be divided by: {', '.join(on_test)}"
        )
    chosen = [design for design in confirmed if design.design.chosen]
    ids = {design.design.design_id for design in confirmed}
    if any(design.design.control not in ids for design in chosen):
        found.append("the recommended design has no control: its gain cannot be parted in tuning and sharing")
    return found + _unequal(arm_costs(trials))


def why_left_out(
    trials: pd.DataFrame, metrics: pd.DataFrame, kinds: Mapping[str, MetricKind], names: Sequence[str]
) -> list[str]:
    """Each of these tasks with why it has no gain: what its best single network has on valid."""
    alone = trials[(trials["arm"] == SINGLE_TASK) & (trials["state"] == TrialState.COMPLETE.value)]
    found = []
    for name in names:
        kind = kinds[name]
        of_task = metrics[(metrics["task"] == name) & metrics["is_default"]]
        values = of_task[
            (of_task["split"] == Split.VALID.value) & of_task["trial_id"].isin(alone["trial_id"])
        ]
        value = values["value"].max() if kind.higher_is_better else values["value"].min()
        why = f"its reference {kind.name} {value:.3g} is not clearly above zero"
        found.append(f"{name} ({'no network was trained for it alone' if pd.isna(value) else why})")
    return found


def missing_trainings(trials: pd.DataFrame) -> list[str]:
    """The trainings on new seeds that no attempt has brought to an end, named."""
    return [
        f"missing in the {phase.value}, {but}: {missing}"
        for phase, but in _WITHOUT.items()
        if (missing := _missing(trials[trials["phase"] == phase.value]))
    ]


def _missing(again: pd.DataFrame) -> str:
    """The trainings of one phase that only failed."""
    done = again[again["state"] == TrialState.COMPLETE.value]
    trained = set(zip(done["config_id"], done["seed"], strict=True))
    found: dict[tuple[str, int], str] = {}
    for row in rows_of(again):
        if (row["config_id"], row["seed"]) not in trained:
            what = f"{row['arm']} network of {' '.join(row['members'])} on seed {row['seed']}"
            found[row["config_id"], row["seed"]] = f"{what} ({str(row['error']).splitlines()[0][:120]})"
    shown = list(found.values())[:_MOST_NAMED]
    more = f" and {len(found) - len(shown)} more" if len(found) > len(shown) else ""
    return f"{'; '.join(shown)}{more}"


def _unequal(costs: dict[str, tuple[int, float]]) -> list[str]:
    """A caveat if arms of networks differ both in trials and in device time; equal in one of them is fair."""
    costs = {arm: cost for arm, cost in costs.items() if arm != TREES}
    if len(costs) < 2:
        return []
    (few, _), (many, _) = (pick(costs.values(), key=lambda cost: cost[0]) for pick in (min, max))
    (_, short), (_, long) = (pick(costs.values(), key=lambda cost: cost[1]) for pick in (min, max))
    if many <= _TOLERANCE * few or long <= _TOLERANCE * short:
        return []
    used = ", ".join(f"{arm} {trials} trials in {seconds:,.0f} s" for arm, (trials, seconds) in costs.items())
    return [f"unequal budgets: {used}"]
