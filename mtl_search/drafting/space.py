"""The space and the budget that a drafted sweep searches, each line with its reason."""

from collections.abc import Mapping
from typing import Any

from mtl_search.drafting.networks import STAGES
from mtl_search.drafting.writing import Reasoned

__all__ = ["budget_lines", "trial_lines"]

FEW, SOME, MANY = 1_000, 10_000, 100_000  # train rows


def trial_lines(
    rows: int, tasks: int, networks: Mapping[str, Reasoned], *, table: bool = True
) -> Mapping[str, Reasoned]:
    """The block ``trial`` for so many train rows and tasks, with the lines of its ``networks``; ``table``:
    whether these read numbers and levels alone, which is fast."""
    lines = {}
    if tasks == 1:
        lines["sharing"] = Reasoned("shared", "one task: there is nothing to share")
    else:
        members = {"subset": {"min": 1, "max": tasks}}
        lines["members"] = Reasoned(members, "any set of tasks may be one network")
        split = {"split": {"int": [1, STAGES]}}
        lines["sharing"] = Reasoned(split, f"how many of the {STAGES} stages they share")
    lines |= networks
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
        "lr": {"float": [5e-4, 1.5e-2], "log": True},
        "weight_decay": {"float": [1e-5, 1e-1], "log": True},
    }
    lines["optimizer"] = Reasoned(optimizer, "what matters most in every network")
    batch = _batch(rows) if table else min(64, _batch(rows))
    lines["batch_size"] = Reasoned(batch, f"{-(-rows // batch):,} steps an epoch")
    epochs = 40 if rows < FEW else 25 if rows < SOME else 20 if rows < MANY and table else 12
    lines["epochs"] = Reasoned(epochs, "at most: the best epoch on valid counts")
    lines["patience"] = Reasoned(max(4, epochs // 4), "epochs without a better one, then it stops")
    return lines


def _batch(rows: int) -> int:
    """A power of two, with about twenty steps an epoch for small tables and more for large ones."""
    batch = 32
    while batch < 1024 and batch * 2 * 20 <= rows:
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
