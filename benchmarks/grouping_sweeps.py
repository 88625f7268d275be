"""Whole sweeps with the Bayesian grouping and with random member sets, at equal budgets, by sweep seeds.

    python -m benchmarks.grouping_sweeps --seeds 5 --out grouping_sweeps.jsonl

Rows, splits and tasks are those of shipped sweeps; networks are small ones (an MLP of width 64 with
piecewise-linear numbers), so that a sweep takes minutes. Each seed is a pair of sweeps that differ in the
``grouping`` alone: three trials of the search for each task, two of each reference for each task, no catching
up. What counts is delta_m on test, in percent over tuned single-task networks, of the designs that are best
on valid, trained on three new seeds: of all networks (*best*), and of the search's own alone (*own*; none if
these leave a task to the references). Pairs have the same references, so their difference is one of which
sets were trained. With ``--out`` each sweep that ends is a line of that file, and those
that stand there are not run again.
"""

import argparse
import itertools
import json
import math
import multiprocessing
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from scipy import stats

from mtl_search.arm_names import SEARCH
from mtl_search.search import run_sweep
from mtl_search.sweep import SweepSpec, load_sweep

SHIPPED = Path(__file__).parents[1] / "search_spaces"
DATASETS = {"support2_nine": 256, "yeast": 128}  # and rows of a batch
GROUPINGS = ("bayes", "random")
LEVEL = 0.95

Job = tuple[str, str, int, bool]  # dataset, grouping, seed, quick
Row = dict[str, Any]


def main() -> None:
    """Run the sweeps that are missing, then print every pair and the mean difference."""
    chosen = _options()
    seeds = range(2) if chosen.quick else range(chosen.first, chosen.first + chosen.seeds)
    jobs = [(name, how, seed, chosen.quick) for seed in seeds for name in chosen.dataset for how in GROUPINGS]
    lines = chosen.out.read_text().splitlines() if chosen.out and chosen.out.exists() else []
    rows: list[Row] = [json.loads(line) for line in lines]
    done = {(row["dataset"], row["grouping"], row["seed"]) for row in rows}
    waiting = [job for job in jobs if job[:3] not in done]
    with multiprocessing.get_context("spawn").Pool(chosen.processes) as pool:
        for row in pool.imap_unordered(work, waiting):
            rows.append(row)
            print(json.dumps(row), flush=True)
            if chosen.out:
                with chosen.out.open("a") as file:
                    file.write(json.dumps(row) + "\n")
    print(report(pd.DataFrame(rows)))


def _options() -> argparse.Namespace:
    plain = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    options.add_argument("--dataset", nargs="+", choices=DATASETS, default=list(DATASETS))
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--first", type=int, default=0, help="the first seed")
    options.add_argument("--quick", action="store_true", help="two seeds, few rows, trials and epochs")
    options.add_argument("--out", type=Path, help="a file that sweeps are added to and taken from")
    options.add_argument("--processes", type=int, default=os.cpu_count())
    return options.parse_args()


def work(job: Job) -> Row:
    """What one sweep found."""
    name, grouping, seed, quick = job
    spec, began = sweep_of(name, grouping, seed, quick=quick), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        board = run_sweep(spec, folder, inline=True).board
        summary, trials = board.frame("summary"), board.frame("trials")
    designs = summary.dropna(subset="delta_m_valid").sort_values("delta_m_valid")
    best, own = designs.iloc[-1], designs[designs["arm"] == SEARCH].tail(1)
    searched = trials[(trials["arm"] == SEARCH) & (trials["phase"] == "search")]
    return {
        "dataset": name,
        "grouping": grouping,
        "seed": seed,
        "best": float(best["delta_m"]),
        "own": float(own["delta_m"].mean()),
        "networks": int(best["n_networks"]),
        "sets": len({tuple(members) for members in searched["members"]}),
        "trials": len(searched),
        "seconds": round(time.monotonic() - began),
    }


def sweep_of(name: str, grouping: str, seed: int, *, quick: bool = False) -> SweepSpec:
    """The sweep over the rows and tasks of the shipped one of that name."""
    shipped: Mapping[str, Any] = load_sweep(SHIPPED / f"{name}.yaml").document.data
    tasks = len(shipped["tasks"])
    return SweepSpec.from_value(
        {
            "name": f"{name}_{grouping}_{seed}",
            "data": {**shipped["data"], **({"rows": 600} if quick else {})},
            "tasks": shipped["tasks"],
            "objective": {"max_networks": 4},
            "budget": {
                "trials": 8 if quick else 3 * tasks,
                "reference_trials": 1 if quick else 2,
                "repeats": 1,
                "finalists": 1,
                "seeds": 2 if quick else 3,
            },
            "references": {"linear": False, "trees": False, "catch_up": False},
            "resources": {"gpu": 0},
            "sampler": {"name": "tpe", "grouping": grouping, "seed": seed},
            "pruner": {"name": "asha", "min_epochs": 3, "reduction_factor": 3},
            "keep": "none",
            "trial": {
                "members": {"subset": {"min": 1, "max": tasks}},
                "sharing": {"split": {"int": [1, 3]}},
                "encoder": {"numeric": {"name": "ple", "bins": 24}},
                "trunk": {
                    "name": "mlp",
                    "stages": 3,
                    "width": 64,
                    "activation": "silu",
                    "dropout": {"float": [0.0, 0.5]},
                },
                "optimizer": {
                    "name": "adamw",
                    "lr": {"float": [1e-3, 1e-2], "log": True},
                    "weight_decay": {"float": [1e-3, 1e-1], "log": True},
                },
                "batch_size": DATASETS[name],
                "epochs": 2 if quick else 15,
                "patience": 4,
            },
        }
    )


def report(found: pd.DataFrame) -> str:
    """Every pair, and for each data set the mean difference on test with its interval; ends in JSON."""
    wide = found.pivot_table(index=["dataset", "seed"], columns="grouping", values=["best", "own", "sets"])
    text, differences = [wide.round(2).to_string()], {}
    for (name, part), what in itertools.product(wide.groupby(level="dataset"), ("best", "own")):
        pairs = pd.DataFrame(part[what]).reindex(columns=GROUPINGS).dropna()
        apart = (pairs["bayes"] - pairs["random"]).to_numpy()
        if not len(apart):
            continue
        low, high = interval(apart)
        differences[f"{name} {what}"] = {"mean": apart.mean(), "low": low, "high": high, "seeds": len(apart)}
        text.append(
            f"{name}, {what}: bayes {pairs['bayes'].mean():+.2f} %, random {pairs['random'].mean():+.2f} %,"
            f" difference {apart.mean():+.2f} [{low:+.2f}, {high:+.2f}] over {len(apart)} seeds"
        )
    return "\n".join([*text, json.dumps(differences)])


def interval(values: np.ndarray) -> tuple[float, float]:
    """Of the mean, by Student's t; infinite for a single value."""
    if len(values) < 2:
        return -math.inf, math.inf
    half = stats.t.ppf((1 + LEVEL) / 2, len(values) - 1) * stats.sem(values)
    return float(values.mean() - half), float(values.mean() + half)


if __name__ == "__main__":
    main()
