"""The tables that searches for member sets are judged on: some to develop with, the others to check with.

What a strategy does may be chosen by the tables of ``DEVELOPMENT``. Those of ``VALIDATION`` say afterwards
whether that holds elsewhere, and never decide anything. A table belongs to one of them by its name alone:
that of its file, or of its made-up shape. One that neither names is of ``VALIDATION``.
"""

import itertools
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from mtl_search.grouping.replay.synthetic import SHAPES, synthetic_table
from mtl_search.grouping.replay.tables import SubsetTable

__all__ = ["DEVELOPMENT", "VALIDATION", "is_development", "load", "short", "table_names"]

DEVELOPMENT = (
    *("taskonomy_setting1", "clusters_subsets", "qm9_subsets"),
    *("clusters", "helpers", "low_rank", "rugged", "crowds", "nothing", "disasters", "spoiler", "unhelped"),
)
VALIDATION = (
    *("taskonomy_setting2", "support2_subsets", "census_subsets", "yeast_subsets"),
    *("directions", "synergy", "chains", "reversal", "uneven"),
)
MEASURED = "results/tables/*_subsets.parquet"
SIZES = (5, 6, 7, 8, 9, 10)
NOISES = (0.15, 0.3, 0.6, 1.0)
LARGE = 20


def table_names(synthetic: int, large: int) -> Iterator[str]:
    """Paths of measured tables, and ``shape:tasks:seed:noise:runs`` of ``synthetic`` made-up ones a shape.

    Half of them were measured once, the others twice. ``large`` of each shape have `LARGE` tasks.
    """
    yield from sorted(str(path) for path in Path().glob(MEASURED))
    for (place, shape), seed in itertools.product(enumerate(SHAPES), range(synthetic)):
        size, noise = SIZES[(2 * place + seed) % len(SIZES)], NOISES[(place + seed) % len(NOISES)]
        yield f"{shape}:{size}:{seed}:{noise}:{1 + (place // 2 + seed) % 2}"
    for shape, seed in itertools.product(SHAPES, range(large)):
        yield f"{shape}:{LARGE}:{seed}:0.3:{1 + seed % 2}"


def short(name: str) -> str:
    """A table's name in reports."""
    return Path(name).stem if name.endswith(".parquet") else name


def is_development(name: str) -> bool:
    """Whether strategies may be chosen by this table."""
    return short(name).split(":")[0] in DEVELOPMENT


@cache
def load(name: str, draw: int = 0) -> SubsetTable:
    """A table by its path, or by what a made-up one is called; of such a one ``draw`` is the noise.

    Where a table was measured once, a strategy without random numbers does the same with every seed. Were the
    noise of made-up tables the same for all replays, one lucky run would pass for the strategy's merit.
    """
    if name.endswith(".parquet"):
        return _measured(name)
    shape, size, seed, noise, runs = name.split(":")
    return synthetic_table(shape, int(size), seed=int(seed), noise=float(noise), runs=int(runs), draw=draw)


@cache
def _measured(path: str) -> SubsetTable:
    return SubsetTable.read(Path(path))
