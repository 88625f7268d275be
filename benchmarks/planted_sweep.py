"""One sweep over planted data, in this process; used by the kinds of ``planted.py``."""

import tempfile
from collections.abc import Mapping

import pandas as pd

from benchmarks.planted_data import Planted
from mtl_search.search import run_sweep
from mtl_search.sweep import SweepSpec

Row = dict[str, object]


def sweep(
    planted: Planted,
    grouping: str,
    seed: int,
    *,
    budget: Mapping[str, int],
    networks: int,
    trial: Mapping[str, object] | None = None,
    sampler: Mapping[str, object] | None = None,
    arms: Mapping[str, object] | None = None,
) -> dict[str, pd.DataFrame]:
    """The tables of a sweep over any members of the planted tasks.

    Planted signals are linear, so linear networks, which share nothing, would be best by far. They are not
    among the references: what is planted is about networks that can share.
    """
    members = {"members": {"subset": {"min": 1, "max": len(planted.tasks)}}, "sharing": "shared"}
    spec = SweepSpec.from_value(
        {
            "name": "planted",
            "data": {"source": "planted"},
            "tasks": planted.tasks,
            "objective": {"max_networks": networks},
            "budget": budget,
            "references": {"linear": False, "trees": False},
            "resources": {"gpu": 0},
            "sampler": {"name": "tpe", "grouping": grouping, "seed": seed, **(sampler or {})},
            "pruner": "none",
            "trial": {**members, **planted.trial, **(trial or {})},
            "arms": arms or {},
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        board = run_sweep(spec, folder, dataset=planted.dataset, inline=True).board
        return {
            name: board.frame(name) for name in ("trials", "metrics", "designs", "summary", "summary_tasks")
        }
