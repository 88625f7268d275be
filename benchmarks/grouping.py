"""How few trainings each way of choosing member sets needs: searches replayed on tables of measured subsets.

    python -m benchmarks.grouping --seeds 8 [--published taskonomy_setting1.parquet ...] [--quick]

Each search sees the validation gains of the sets it chooses, one after another; the design that these make
best is judged by its test gain, as a share of what the design of all sets gains (0: every task alone, 1: all
sets measured once; above 1 is luck, or sets measured twice). Tables: those that were measured with this
tool (``results/tables``), made-up ones of every shape (``mtl_search.grouping.replay.shapes``), and with
``--published`` those that others measured, in the format of ``SubsetTable.read``. Tables on which even
measuring everything gains less than half a percent have no share; their gains are listed as they are.

Tables are of development or of validation by their names (``grouping_tables``), and reported apart. All
strategies have the same seeds. ``effects`` is ``bayes`` with one of its surrogates alone, and ``again`` is
``thompson`` with other random numbers: how far two strategies of equal merit are apart. Everything runs in
this one process; ``--out`` keeps each replay as it is made, and what it holds already is not replayed again.

TAG chooses by gradient affinities, which the published tables do not hold: it takes part if
``measure_affinities.py`` measured them, in two trainings with the hyperparameters that the table was measured
with, and is left out of the means over all tables. So does ``bayes+tag``, which is ``bayes`` with them.
"""

import argparse
import itertools
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.grouping_report import report
from benchmarks.grouping_tables import load, short, table_names
from benchmarks.rivals import AdditiveRidge, Affinity, HigherOrder, Thompson, TpeBooleans
from mtl_search.grouping.bayesian import BayesianGrouping
from mtl_search.grouping.plain import PairsFirst, RandomSets
from mtl_search.grouping.replay.tables import SubsetTable, replay
from mtl_search.grouping.strategy import GroupingStrategy
from mtl_search.grouping.surrogate.mixture import EXPERTS


def affinity_path(table: str) -> Path:
    """Where the affinities of a table's tasks are, if they were measured."""
    return Path("results/tables") / f"{table.removesuffix('_subsets')}_affinities.parquet"


@cache
def affinities(name: str) -> dict[tuple[str, str], float]:
    """Mean affinity of each task to each other, of the table of that name."""
    frame = pd.read_parquet(affinity_path(name))
    means = frame.groupby(["source", "target"], as_index=False)["affinity"].mean()
    return {(row.source, row.target): row.affinity for row in means.itertuples()}


STRATEGIES: dict[str, Callable[[SubsetTable, int, int], GroupingStrategy]] = {
    "random": lambda table, k, seed: RandomSets(table.space, seed),
    "pairs": lambda table, k, seed: PairsFirst(table.space, seed),
    "hoa": lambda table, k, seed: HigherOrder(table.space, k, seed),
    "tag": lambda table, k, seed: Affinity(table.space, k, seed, affinity_matrix(table)),
    "tpe": lambda table, k, seed: TpeBooleans(table.space, seed),
    "ridge": lambda table, k, seed: AdditiveRidge(table.space, k, seed),
    "thompson": lambda table, k, seed: Thompson(table.space, k, seed),
    "again": lambda table, k, seed: Thompson(table.space, k, seed + OTHER_DRAWS),
    "bayes+tag": lambda table, k, seed: BayesianGrouping(table.space, k, seed, [affinities(table.name)]),
    "effects": lambda table, k, seed: BayesianGrouping(table.space, k, seed, experts=[EXPERTS["effects"]]),
    "bayes": lambda table, k, seed: BayesianGrouping(table.space, k, seed),
}
MOST_TRAININGS = 160
OTHER_DRAWS = 1000
Job = tuple[str, str, str, int]  # table, networks, strategy, seed


def main() -> None:
    """Replay every search on every table and print who needs how much."""
    plain = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    options.add_argument("--seeds", type=int, default=8)
    options.add_argument("--synthetic", type=int, default=2, help="made-up tables of each shape")
    options.add_argument("--large", type=int, default=0, help="made-up tables of 20 tasks of each shape")
    options.add_argument("--published", type=Path, nargs="+", default=[], help="more tables of subsets")
    options.add_argument("--tables", default="", help="only tables whose name contains this")
    options.add_argument("--strategies", default=",".join(STRATEGIES))
    options.add_argument("--networks", default="3,all", help="sizes of the design")
    options.add_argument("--most", type=int, default=MOST_TRAININGS, help="trainings at most")
    options.add_argument("--quick", action="store_true", help="two seeds, twelve trainings, one size")
    options.add_argument("--out", type=Path, help="a CSV file for every curve")
    chosen = options.parse_args()
    if chosen.quick:
        chosen.seeds, chosen.synthetic, chosen.most, chosen.networks = 2, 1, 12, "3"
    if missing := [str(path) for path in chosen.published if not path.is_file()]:
        options.error(f"--published: expected Parquet files, found no {', no '.join(missing)}")
    published = map(str, chosen.published)
    every = itertools.chain(published, table_names(chosen.synthetic, chosen.large))
    names = [name for name in every if chosen.tables in name]
    jobs = [
        job
        for job in itertools.product(
            names, chosen.networks.split(","), chosen.strategies.split(","), range(chosen.seeds)
        )
        if "tag" not in job[2] or affinity_path(short(job[0])).exists()
    ]
    print(report(pd.concat(curves(jobs, chosen.most, chosen.out), ignore_index=True)))


def curves(jobs: list[Job], most: int, out: Path | None) -> Iterator[pd.DataFrame]:
    """The curve of each job: from ``out`` if it is there, else replayed and added to it."""
    by = ["table", "networks", "strategy", "seed"]
    text = {"networks": str}
    known = dict(list(pd.read_csv(out, dtype=text).groupby(by))) if out and out.exists() else {}
    for name, networks, strategy, seed in jobs:
        found = known.get((short(name), networks, strategy, seed))
        if found is None:
            found = pd.DataFrame(curve(name, networks, strategy, seed, most))
            if out:
                found.to_csv(out, mode="a", index=False, header=not out.exists())
        yield found


def affinity_matrix(table: SubsetTable) -> npt.NDArray[np.float64]:
    """The same, of each task (row) to each other (column)."""
    known = affinities(table.name)
    return np.array([[known.get((source, target), 0.0) for target in table.tasks] for source in table.tasks])


def curve(name: str, networks: str, strategy: str, seed: int, most: int) -> list[dict[str, object]]:
    """One replay: the test gain at each budget, and of all sets measured once.

    Of made-up tables every seed has other noise, the same for all strategies.
    """
    table = load(name, seed)
    k = len(table.tasks) if networks == "all" else min(int(networks), len(table.tasks))
    marks = budgets(table, most)
    measured = replay(table, STRATEGIES[strategy](table, k, seed), marks[-1], seed=seed)
    everything = [table.measurement(members, seed % table.n_seeds) for members in table.sets]
    together = everything[-1]  # would be trained if nothing measured serves every task

    def judged(mark: int) -> float:
        part = measured[: len(table.tasks) + mark]
        gain = table.judge(part, k)
        return table.judge([*part, together], k) if np.isnan(gain) else gain

    common = {
        "table": short(name),
        "tasks": len(table.tasks),
        "networks": networks,
        "strategy": strategy,
        "seed": seed,
        "everything": table.judge(everything, k),
        "sets": table.space.count,
    }
    return [{**common, "budget": mark, "gain": judged(mark)} for mark in marks]


def budgets(table: SubsetTable, most: int) -> list[int]:
    """Trainings beyond the single tasks: multiples of the tasks, and shares of the sets."""
    n, count = len(table.tasks), table.space.count
    wanted = {n, 2 * n, 4 * n, 8 * n, round(0.1 * count), round(0.3 * count)}
    return sorted(mark for mark in wanted if 2 <= mark <= min(most, count // 2)) or [min(most, count)]


if __name__ == "__main__":
    main()
