"""The nouns and numbers of a verdict: designs, arms and gains in words."""

import math
from collections.abc import Mapping, Sequence

from mtl_search.arm_names import LINEAR, SHARED_EQUAL, SHARED_TUNED, SINGLE_TASK, TREES
from mtl_search.design import Design
from mtl_search.records import DesignRecord, Difference, SummaryRecord

__all__ = [
    "ARM_WORDS",
    "alone",
    "amount",
    "arm_words",
    "counted",
    "ends",
    "ensemble_gain",
    "helpers",
    "listed",
    "number",
    "percent",
    "together",
    "train",
    "what",
]

ARM_WORDS = {
    SINGLE_TASK: "tuned single-task networks",
    SHARED_EQUAL: "one network for all tasks with equal weights",
    SHARED_TUNED: "one network for all tasks with tuned weights",
    LINEAR: "linear networks",
    TREES: "boosted trees",
}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def arm_words(arm: str | None) -> str:
    """An arm as a sentence has it; those of the user under their own name."""
    return ARM_WORDS.get(arm or "", str(arm))


def alone(row: SummaryRecord) -> bool:
    """Whether a confirmed design trains each task alone: it is then its own control."""
    return row.control == row.design_id


def train(design: DesignRecord) -> str:
    """The advice without its reason: what to train, and its size; who trains with whom is said elsewhere."""
    size = f"({amount(design.n_params)} parameters)"
    groups, n_tasks = _groups(design), len(design.configs)
    if {SINGLE_TASK, LINEAR} & set(design.arms) and len(groups) == n_tasks:
        return f"Train each task alone{', with a linear network' if LINEAR in design.arms else ''} {size}"
    if len(groups) == 1:
        tasks = {1: "", 2: " for both tasks"}.get(n_tasks, f" for all {number(n_tasks)} tasks")
        return f"Train one network{tasks} {size}"
    if len(groups) == n_tasks:
        helped = len(helpers(design))
        others = f", {'some ' if helped < n_tasks else ''}helped by others" if helped else ""
        return f"Train one network for each of {number(n_tasks)} tasks{others} {size}"
    return f"Train {number(len(groups))} networks for {number(n_tasks)} tasks {size}"


def what(design: DesignRecord) -> str:
    """A design in words: how many networks for how many tasks, and which tasks together.

    A network may have members that another one serves, or auxiliary ones; without them it is another network.
    """
    groups, n_tasks, helping = _groups(design), len(design.configs), helpers(design)
    if len(groups) == 1:
        tasks = {1: "", 2: " for both tasks"}.get(n_tasks, f" for all {number(n_tasks)} tasks")
        return f"one network{tasks}{_helped(groups[0], helping)}"
    if len(groups) == n_tasks and not helping:
        return f"one network for each of {number(n_tasks)} tasks"
    together = "; ".join(listed(tasks) + _helped(tasks, helping) for tasks in groups)
    return f"{number(len(groups))} networks for {number(n_tasks)} tasks ({together})"


def helpers(design: DesignRecord) -> dict[tuple[str, ...], list[str]]:
    """By the tasks that a network serves, its other members, if it has some."""
    try:
        networks = Design.parse(design.text).networks
    except ValueError:  # of a table that was not made by a sweep
        return {}
    found = {one.serves: sorted(set(one.branching.members) - set(one.serves)) for one in networks}
    return {served: others for served, others in found.items() if others}


def together(design: DesignRecord) -> str:
    """Who trains with whom, in few characters: networks parted by ``|``, a ``+`` before what only helps one.

    ``+others`` are all main tasks that the network does not serve.
    """
    groups, helping = _groups(design), helpers(design)
    if not helping and len(design.configs) > 1:
        if len(groups) == 1:
            return "all tasks together"
        if len(groups) == len(design.configs):
            return "each task alone"
    parts = []
    for tasks in groups:
        helps, others = helping.get(tuple(sorted(tasks)), []), design.configs.keys() - set(tasks)
        if len(others) > 1 and others <= set(helps):
            helps = ["others", *(name for name in helps if name not in others)]
        parts.append(" ".join([*tasks, *(f"+{name}" for name in helps)]))
    return " | ".join(parts)


def _helped(tasks: list[str], helping: Mapping[tuple[str, ...], list[str]]) -> str:
    others = helping.get(tuple(sorted(tasks)))
    return f", trained with {listed(others)}" if others else ""


def _groups(design: DesignRecord) -> list[list[str]]:
    """The tasks that each network serves."""
    groups: dict[str, list[str]] = {}
    for task, config in sorted(design.configs.items()):
        groups.setdefault(config, []).append(task)
    return list(groups.values())


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["age", "cost", "death"])
    'age, cost and death'
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def counted(n: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "network"), counted(3, "network")
    ('1 network', '3 networks')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def number(count: int) -> str:
    """A count as a sentence has it: in words up to ten.

    >>> number(3), number(12)
    ('three', '12')
    """
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


def percent(value: float, digits: int = 2, *, unknown: str = "-") -> str:
    """A gain with its sign, which a zero has not.

    >>> percent(1.264), percent(-0.001), percent(math.nan)
    ('+1.26 %', '0.00 %', '-')
    """
    if not math.isfinite(value):
        return unknown
    text = f"{value:+z.{digits}f}"
    return f"{text.removeprefix('+') if float(text) == 0 else text} %"


def ensemble_gain(row: SummaryRecord) -> str:
    """What a design gains on test as the ensemble of its seeds; empty where that is not known."""
    if row.ensemble_size is None:
        return ""
    return f"ensemble of {row.ensemble_size}: {percent(row.ensemble_delta_m)}"


def ends(difference: Difference, *, size: bool = False) -> str:
    """A difference with its interval, if there is one; as ``size``: of a loss, without a sign.

    >>> ends(Difference(-1.5, -2.0, -1.0))
    '-1.50 % [-2.00, -1.00]'
    >>> ends(Difference(-1.5, -2.0, -1.0), size=True)
    '1.50 % [1.00, 2.00]'
    """
    value, low, high = difference.difference, difference.low, difference.high
    if size:
        value, low, high = -value, -high, -low
    sign = "" if size else "+"
    shown = percent(value, unknown="an unknown gain").removeprefix("+" if size else "")
    if not (math.isfinite(low) and math.isfinite(high)):
        return shown
    return f"{shown} [{low:{sign}z.2f}, {high:{sign}z.2f}]"
