"""The space and the budget that a drafted sweep searches, each line with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Reasoned", "budget_lines", "trial_lines"]


@dataclass(frozen=True, slots=True)
class Reasoned:
    """A value of a sweep file, and why it is so."""

    value: Any
    reason: str = ""


FEW, SOME, MANY = 1_000, 10_000, 100_000  # train rows


def trial_lines(rows: int, tasks: int) -> Mapping[str, Reasoned]:
    """The block ``trial`` for so many train rows and tasks."""
    lines = {}
    if tasks == 1:
        lines["sharing"] = Reasoned("shared", "one task: there is nothing to share")
    else:
        members = {"subset": {"min": 1, "max": tasks}}
        lines["members"] = Reasoned(members, "any set of tasks may be one network")
        lines["sharing"] = Reasoned({"split": {"int": [1, 3]}}, "how many of the 3 stages they share")
    trunk = {
        "name": "mlp",
        "stages": 3,
        "width": {"categorical": _widths(rows)},
        "dropout": {"float": [0.0, 0.5]},
    }
    lines["trunk"] = Reasoned(trunk, f"widths for {rows:,} train rows")
    if tasks > 1:
        weighting: list[Any] = [
            {"name": "equal"},
            {"name": "fixed", "weights": {"simplex": [0.1, 10]}},
            {"name": "uncertainty"},
        ]
        if tasks <= 6:
            weighting.append({"name": "pcgrad"})
        why = "none, tuned, learned" + (", and one that mends conflicts of gradients" if tasks <= 6 else "")
        lines["weighting"] = Reasoned({"one_of": weighting}, f"of the losses: {why}")
    optimizer = {
        "name": "adamw",
        "lr": {"float": [3e-4, 1e-2], "log": True},
        "weight_decay": {"float": [1e-5, 1e-1], "log": True},
    }
    lines["optimizer"] = Reasoned(optimizer, "what matters most in every network")
    batch = _batch(rows)
    lines["batch_size"] = Reasoned(batch, f"{-(-rows // batch):,} steps an epoch")
    epochs = 60 if rows < FEW else 40 if rows < SOME else 30 if rows < MANY else 15
    lines["epochs"] = Reasoned(epochs, "at most: the best epoch on valid counts")
    lines["patience"] = Reasoned(max(4, epochs // 5), "epochs without a better one, then it stops")
    return lines


def _widths(rows: int) -> list[int]:
    if rows < FEW:
        return [16, 32, 64]
    if rows < SOME:
        return [32, 64, 128]
    return [64, 128, 256] if rows < MANY else [128, 256, 512]


def _batch(rows: int) -> int:
    """A power of two, with about thirty steps an epoch for small tables and more for large ones."""
    batch = 32
    while batch < 1024 and batch * 2 * 30 <= rows:
        batch *= 2
    return batch


def budget_lines(budget: Mapping[str, float], why: str) -> Mapping[str, Reasoned]:
    """The block ``budget``; ``why``: its time."""
    reasons = {
        "hours": why,
        "trials": why,
        "reference_trials": "for each task of each reference; ten or more make verdicts firm",
        "repeats": "new seeds for promising networks, before a design is chosen",
        "finalists": "designs that are judged on test, besides the references",
        "seeds": "new seeds for each of them: their spread is the uncertainty",
    }
    return {name: Reasoned(value, reasons[name]) for name, value in budget.items()}
