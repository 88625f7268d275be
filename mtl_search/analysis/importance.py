"""What mattered: importance of hyperparameters and of the design, for each task and overall."""

import math
import re
import warnings
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from mtl_search.analysis.frames import default_gains, networks_searched, rows_of
from mtl_search.analysis.sharing import shared_stages, way_of_sharing
from mtl_search.design import is_of_branching

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.importance import BaseImportanceEvaluator

__all__ = ["FEWEST_TRIALS", "OVERALL", "features", "importances"]

Features = dict[str, float | str | bool]

FEWEST_TRIALS = 20  # PED-ANOVA compares the best tenth with the rest: two trials of twenty
MOST_TRIALS = 1_000  # of a target, evenly over the search: more take long and change little
OVERALL = "delta_m"
_WEIGHT = re.compile(r"^weighting\.(\w+\.)?weights\.")  # of a task, in whichever alternative of the space
_DESIGN = ("members.", "sharing.name", "weighting.name")  # parameters that the design features stand for


def features(trials: pd.DataFrame) -> list[Features]:
    """What each trial was, by name: sampled hyperparameters, and the design in words that all trials share.

    ``with <task>``: is it a member. ``members``: how many. Of networks of several tasks: ``sharing`` (the
    way; of trees with ``shared stages``, how many two members have in common, mean over pairs) and
    ``weighting`` (the method).
    ``weight of <task>``: in fixed weights. Other hyperparameters stand under their dotted path, as numbers
    where every value is one.
    """
    numeric = _numeric_names(trials)
    everyone = sorted({name for members in trials["members"] for name in members})
    return [_features(row, everyone, numeric) for row in rows_of(trials)]


def importances(
    trials: pd.DataFrame,
    metrics: pd.DataFrame,
    tasks: pd.DataFrame,
    *,
    targets: Collection[str] | None = None,
    evaluator: "Callable[[], BaseImportanceEvaluator] | None" = None,
) -> pd.DataFrame:
    """The share of each feature in what makes a network of the search good, by one of Optuna's evaluators.

    Columns: ``target`` (`OVERALL` for the mean gain, or a task for its gain over the trials that contain it;
    all of them unless ``targets`` says which), ``feature``, ``importance`` (sums to 1 within a target).

    The evaluator is PED-ANOVA (Watanabe et al. 2023) unless given: how much reaching the best tenth depends
    on the feature; it knows features that only some trials have. Targets with fewer than `FEWEST_TRIALS`
    trials, or whose values are all equal, have no rows.
    """
    kept = networks_searched(trials)
    kept = kept[kept["mean_gain"].notna()]
    described = features(kept)
    gains = default_gains(metrics).reindex(kept["trial_id"])
    measured: dict[str, list[float]] = {OVERALL: kept["mean_gain"].tolist()}
    measured |= {task: gains[task].tolist() for task in sorted(tasks["task"]) if task in gains}
    rows = [
        {"target": target, "feature": feature, "importance": share}
        for target, values in measured.items()
        if targets is None or target in targets
        for feature, share in _of_target(described, values, evaluator).items()
    ]
    return pd.DataFrame(rows, columns=["target", "feature", "importance"])


def _features(row: Mapping[str, Any], everyone: list[str], numeric: set[str]) -> Features:
    members = list(row["members"])
    found: Features = {f"with {name}": name in members for name in everyone}
    found["members"] = len(members)
    if len(members) > 1:
        if math.isfinite(shared := shared_stages(row["sharing"], members)):
            found["shared stages"] = shared
        found["sharing"] = way_of_sharing(row["sharing"], members)
        found["weighting"] = row["weighting"]
    for name, text in row["params"].items():
        if not (name.startswith(_DESIGN) or is_of_branching(name)) and name != "weighting":
            value = float(text) if name in numeric else text.strip('"')  # JSON writes names in quotes
            found[_WEIGHT.sub("weight of ", name)] = value
    return found


def _numeric_names(trials: pd.DataFrame) -> set[str]:
    """The parameters whose values all read as finite numbers."""
    values: dict[str, set[str]] = {}
    for params in trials["params"]:
        for name, text in params.items():
            values.setdefault(name, set()).add(text)
    return {name for name, texts in values.items() if all(map(_is_number, texts))}


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _of_target(
    described: list[Features],
    values: list[float],
    evaluator: "Callable[[], BaseImportanceEvaluator] | None",
) -> dict[str, float]:
    """The importance of each feature for ``values``, one a trial; trials with NaN are left out."""
    import optuna  # half a second, so only where it is used
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    kept = [(row, value) for row, value in zip(described, values, strict=True) if math.isfinite(value)]
    kept = kept[:: math.ceil(len(kept) / MOST_TRIALS) or 1]
    if len(kept) < FEWEST_TRIALS or len({value for _, value in kept}) == 1:
        return {}
    distributions = _distributions([row for row, _ in kept])
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(direction="maximize")
        study.add_trials(
            [
                optuna.trial.create_trial(
                    params={name: value for name, value in row.items() if name in distributions},
                    distributions={name: distributions[name] for name in row if name in distributions},
                    value=value,
                )
                for row, value in kept
            ]
        )
        with warnings.catch_warnings():
            # a feature that one of the best tenth has and the rest lack, or the other way round: so be it
            warnings.filterwarnings("ignore", message="Some regimes for parameter")
            return get_param_importances(study, evaluator=(evaluator or PedAnovaImportanceEvaluator)())
    finally:
        optuna.logging.set_verbosity(verbosity)


def _distributions(rows: list[Features]) -> "dict[str, BaseDistribution]":
    """What each feature ranges over, from the values it took; constant ones are left out.

    Positive numbers over more than two decades are taken as sampled on a log scale.
    """
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    seen: dict[str, set[float | str | bool]] = {}
    for row in rows:
        for name, value in row.items():
            seen.setdefault(name, set()).add(value)
    found: dict[str, BaseDistribution] = {}
    for name, values in seen.items():
        if len(values) == 1:
            continue
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
            low, high = (float(pick(values)) for pick in (min, max))
            found[name] = FloatDistribution(low, high, log=low > 0 and high / low > 100)
        else:
            found[name] = CategoricalDistribution(sorted(values, key=str))
    return found
