"""What to train and why, in sentences: the same for the terminal, the page and whoever reads the tables."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from mtl_search.analysis.significance import Verdict

__all__ = ["ARM_WORDS", "recommended", "verdict_sentences"]

Row = Mapping[str, Any]
AnyRow = TypeVar("AnyRow", bound=Row)

ARM_WORDS = {
    "single_task": "tuned single-task networks",
    "shared_equal": "one network for all tasks with equal weights",
    "shared_tuned": "one network for all tasks with tuned weights",
    "linear": "linear networks",
}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ALONE = "Train each task alone"


def recommended(rows: Sequence[AnyRow]) -> AnyRow | None:
    """The recommended design among rows of ``designs`` or of ``summary``; None where it is not there.

    In tables of before there was one, the best on valid of those of the fewest networks.
    """
    chosen = [row for row in rows if row.get("chosen")]
    if chosen or any(row.get("chosen") is not None for row in rows):
        return chosen[0] if chosen else None
    by = "delta_m_valid" if rows and "delta_m_valid" in rows[0] else "delta_m"
    known = [row for row in rows if math.isfinite(row[by])]
    return max(known, key=lambda row: (round(row[by], 6), -row["n_networks"]), default=None)


def verdict_sentences(designs: Sequence[Row], summary: Sequence[Row]) -> list[str]:
    """What to train, then why, then what is provisional; empty where there is no design."""
    design = recommended(designs)
    if design is None:
        return []
    row = recommended(summary)
    if row is None or row["design_id"] != design["design_id"]:
        return [
            f"{_train(design)}, as far as valid can tell: it is not confirmed, so nothing is shown yet.",
        ]
    sentences = _judged(design, row, summary)
    if row["alpha"] < 0.05:
        sentences.append(f"Test was read {row['reading']} times: tested at level {row['alpha']:g}.")
    if len(row["provisional"]):
        sentences.append(f"Provisional: {'; '.join(row['provisional'])}.")
    return sentences


def _judged(design: Row, row: Row, summary: Sequence[Row]) -> list[str]:
    """What to train and why, after the confirmation."""
    if "single_task" in row["arms"]:
        return [f"{_ALONE}: no design with sharing was shown to be better."]
    against = _against(row, "vs_single_task", "tuned single-task networks")
    alone = row["vs_single_task_verdict"]
    if alone is None:
        return [f"{_train(design)}: it could not be compared, since no single-task design was confirmed."]
    if alone == Verdict.WORSE.value:
        return [f"{_ALONE}: {_what(design)} was worse on test than {against}."]
    if row["control"] == row["design_id"]:
        return _sharing_nothing(design, alone, against)
    if alone != Verdict.BETTER.value:
        return [
            f"{_ALONE}: no design with sharing was shown to be better.",
            f"Recommended on valid, as the smallest that is not shown to be worse than the best: "
            f"{_what(design)}; on test no difference to {against} was shown.",
        ]
    return _better_than_single(design, row, summary, against)


def _sharing_nothing(design: Row, alone: str, against: str) -> list[str]:
    """Of a design of networks for one task each, as linear ones."""
    what = "by a linear network" if "linear" in design["arms"] else "with what the search found"
    if alone == Verdict.BETTER.value:
        return [f"{_ALONE}, {what}: better than {against}. Nothing is shared."]
    return [f"{_ALONE}, {what}: no difference to {against} was shown, and it is the smallest."]


def _better_than_single(design: Row, row: Row, summary: Sequence[Row], against: str) -> list[str]:
    """Of a design that is better than ``single_task``: is it so by sharing, and better than the others?"""
    parts = f"of it {_part(row, 'gain_of_tuning')} of tuning, {_part(row, 'gain_of_sharing')} of sharing"
    train, alpha, shared = f"{_train(design)}.", row["alpha"], row["gain_of_sharing"]
    shown = row["gain_of_sharing_p"] < alpha
    if not math.isfinite(shared):
        return [train, f"Better than {against}; how much of it is of sharing is not known."]
    if shown and shared < 0:
        control = next(one for one in summary if one["design_id"] == row["control"])
        return [
            f"{_ALONE}, with the hyperparameters that the search found: sharing costs "
            f"{_part(row, 'gain_of_sharing')}.",
            f"{_what(design).capitalize()} is better than {against}, by tuning: with its hyperparameters "
            f"each task alone gains {_percent(control['delta_m'])}.",
        ]
    if not shown:
        return [train, f"Better than {against}, but no gain of sharing is shown: {parts}."]
    other = ARM_WORDS.get(row["reference"], row["reference"])
    if row["vs_reference_verdict"] == Verdict.BETTER.value:
        return [
            train,
            f"Better than {against} and than {_against(row, 'vs_reference', str(other))}; {parts}.",
        ]
    if row["vs_reference_verdict"] == Verdict.WORSE.value:
        return [
            f"Train {other}.",
            f"It was better on test than what was recommended, {_what(design)} "
            f"({_ends(row, 'vs_reference')}).",
        ]
    sentences = [train, f"Better than {against}; {parts}."]
    if row["vs_reference_verdict"] is not None:
        sentences.append(f"No difference to {_against(row, 'vs_reference', str(other))} was shown.")
    elif row["reference"] in row["arms"]:
        sentences.append(f"It is itself the reference {row['reference']}.")
    return sentences


def _train(design: Row) -> str:
    """The advice without its reason."""
    n_tasks = len(design["configs"])
    if design["n_networks"] == n_tasks and n_tasks > 1:
        return _ALONE
    return f"Train {_what(design)}"


def _what(design: Row) -> str:
    """A design in words: how many networks for how many tasks, and which tasks together."""
    groups: dict[str, list[str]] = {}
    for task, config in sorted(design["configs"].items()):
        groups.setdefault(config, []).append(task)
    n_tasks = len(design["configs"])
    if len(groups) == 1:
        if n_tasks == 1:
            return "one network"
        return f"one network for {'both' if n_tasks == 2 else f'all {_number(n_tasks)}'} tasks"
    together = "; ".join(" with ".join(tasks) for tasks in groups.values())
    return f"{_number(len(groups))} networks for {_number(n_tasks)} tasks ({together})"


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _against(row: Row, prefix: str, other: str) -> str:
    return f"{other} ({_ends(row, prefix)})"


def _ends(row: Row, prefix: str) -> str:
    """A difference with its interval, where there is one."""
    return _with_ends(row[f"{prefix}_difference"], row[f"{prefix}_low"], row[f"{prefix}_high"])


def _part(row: Row, name: str) -> str:
    return _with_ends(row[name], row[f"{name}_low"], row[f"{name}_high"])


def _with_ends(value: float, low: float, high: float) -> str:
    if not (math.isfinite(low) and math.isfinite(high)):
        return _percent(value)
    return f"{_percent(value)} [{low:+z.2f}, {high:+z.2f}]"


def _percent(value: float) -> str:
    return f"{value:+z.2f} %" if math.isfinite(value) else "an unknown gain"
