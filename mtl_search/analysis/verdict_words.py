"""The nouns and numbers of a verdict: designs, arms and gains in words."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.design import Design

__all__ = [
    "ARM_WORDS",
    "alone",
    "amount",
    "arm_words",
    "ends",
    "helpers",
    "listed",
    "percent",
    "train",
    "what",
]

Row = Mapping[str, Any]

ARM_WORDS = {
    "single_task": "tuned single-task networks",
    "shared_equal": "one network for all tasks with equal weights",
    "shared_tuned": "one network for all tasks with tuned weights",
    "linear": "linear networks",
}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def arm_words(arm: str | None) -> str:
    """An arm as a sentence has it; those of the user under their own name."""
    return ARM_WORDS.get(arm or "", str(arm))


def alone(row: Row) -> bool:
    """Whether a confirmed design trains each task alone: it is then its own control."""
    return bool(row["control"] == row["design_id"])


def train(design: Row) -> str:
    """The advice without its reason: what to train, and its size."""
    if {"single_task", "linear"} & set(design["arms"]) and len(_groups(design)) == len(design["configs"]):
        return f"Train each task alone{', with a linear network' if 'linear' in design['arms'] else ''}"
    return f"Train {what(design, size=True)}"


def what(design: Row, *, size: bool = False) -> str:
    """A design in words: how many networks for how many tasks, which tasks together, and its size.

    A network may have members that another one serves, or auxiliary ones; without them it is another network.
    """
    groups, n_tasks, helping = _groups(design), len(design["configs"]), helpers(design)
    parameters = f"{amount(design['n_params'])} parameters"
    if len(groups) == 1:
        tasks = {1: "", 2: " for both tasks"}.get(n_tasks, f" for all {_number(n_tasks)} tasks")
        return f"one network{tasks}{_helped(groups[0], helping)}" + (f" ({parameters})" if size else "")
    if len(groups) == n_tasks and not helping:
        return f"one network for each of {_number(n_tasks)} tasks" + (
            f" ({parameters} in all)" if size else ""
        )
    together = "; ".join(listed(tasks) + _helped(tasks, helping) for tasks in groups)
    in_all = f"; {parameters} in all" if size else ""
    return f"{_number(len(groups))} networks for {_number(n_tasks)} tasks ({together}{in_all})"


def helpers(design: Row) -> dict[tuple[str, ...], list[str]]:
    """By the tasks that a network serves, its other members, where it has some."""
    try:
        networks = Design.parse(design.get("text") or "").networks
    except ValueError:  # of a table that was not made by a sweep
        return {}
    found = {one.serves: sorted(set(one.branching.members) - set(one.serves)) for one in networks}
    return {served: others for served, others in found.items() if others}


def _helped(tasks: list[str], helping: Mapping[tuple[str, ...], list[str]]) -> str:
    others = helping.get(tuple(sorted(tasks)))
    return f", trained with {listed(others)}" if others else ""


def _groups(design: Row) -> list[list[str]]:
    """The tasks that each network serves."""
    groups: dict[str, list[str]] = {}
    for task, config in sorted(design["configs"].items()):
        groups.setdefault(config, []).append(task)
    return list(groups.values())


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["age", "cost", "death"])
    'age, cost and death'
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def amount(number: float) -> str:
    """A count in three digits and a unit.

    >>> amount(950), amount(41_500), amount(2_500_000)
    ('950', '41.5 k', '2.5 M')
    """
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.0f}"


def percent(value: float) -> str:
    """A gain with its sign.

    >>> percent(1.264), percent(-0.001), percent(math.nan)
    ('+1.26 %', '+0.00 %', 'an unknown gain')
    """
    return f"{value:+z.2f} %" if math.isfinite(value) else "an unknown gain"


def ends(row: Row, name: str, *, size: bool = False) -> str:
    """A difference of ``row`` with its interval, where there is one; as ``size``: of a loss, without a sign.

    >>> ends({"gain": -1.5, "gain_low": -2.0, "gain_high": -1.0}, "gain")
    '-1.50 % [-2.00, -1.00]'
    >>> ends({"gain": -1.5, "gain_low": -2.0, "gain_high": -1.0}, "gain", size=True)
    '1.50 % [1.00, 2.00]'
    """
    prefix = name.removesuffix("_difference")
    value, low, high = row[name], row[f"{prefix}_low"], row[f"{prefix}_high"]
    if size:
        value, low, high = -value, -high, -low
    sign = "" if size else "+"
    shown = percent(value).removeprefix("+") if size else percent(value)
    if not (math.isfinite(low) and math.isfinite(high)):
        return shown
    return f"{shown} [{low:{sign}z.2f}, {high:{sign}z.2f}]"
