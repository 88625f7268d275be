"""TAG's inter-task affinities (Fifty et al. 2021), measured in one training of all tasks together.

    python -m benchmarks.measure_affinities support2 --out results/tables/support2_affinities.parquet

The network and its hyperparameters are those of ``measure_subsets.py``, so that both speak of the same
trainings; how often it is measured is what `mtl_search.training.Training` does.
"""

import argparse
import itertools
import time
from pathlib import Path

import pandas as pd
import torch

from benchmarks.measured import SOURCES, Source
from mtl_search.training import Score, Training


def main() -> None:
    """Train once for each seed and write a row for each pair of tasks."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("source", choices=SOURCES)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--seeds", type=int, default=2)
    options.add_argument("--quick", action="store_true", help="one seed, one epoch")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    seeds, epochs = (1, 1) if chosen.quick else (chosen.seeds, None)
    source = SOURCES[chosen.source]
    measured, seconds = [], {True: 0.0, False: 0.0}
    train(source, 0, 1, affinities=True)  # the first training of a process is slow
    for seed, affinities in itertools.product(range(seeds), (True, False)):
        begun = time.perf_counter()
        frame = train(source, seed, epochs, affinities=affinities)
        seconds[affinities] += time.perf_counter() - begun
        if affinities:
            measured.append(frame)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    pd.concat(measured, ignore_index=True).to_parquet(chosen.out, compression="zstd")
    print(f"{len(measured)} trainings measured, {chosen.out}")
    print(f"{seconds[True] / seconds[False]:.2f} times as long as without")


def train(trained: Source, seed: int, epochs: int | None, *, affinities: bool) -> pd.DataFrame:
    """One training: ``affinity`` of ``source`` to ``target``, positive if it helps; no rows without."""
    config, data = trained.config(tuple(sorted(trained.tasks)), epochs), trained.load()
    score = Score({name: task.metric for name, task in data.tasks.items()})
    training = Training(config, data, seed=seed, score=score, affinities=affinities)
    while not training.finished:
        training.run_epoch()
    rows = [
        {"seed": seed, "source": source, "target": target, "affinity": affinity}
        for (source, target), affinity in training.affinities.items()
    ]
    return pd.DataFrame(rows)


if __name__ == "__main__":
    main()
