"""Train every subset of a table's tasks and keep what each member reached: a table to judge searches on.

    python -m benchmarks.measure_subsets support2 --out results/tables/support2_subsets.parquet

One row per set, seed and member with its default metric on valid and test. All networks of a source
(``measured.py``) have the same hyperparameters, share everything but their heads, and are trained under equal
weights. Sets that are in the output already are not trained again. ``--quick`` measures the singles and pairs
with one seed and four epochs.
"""

import argparse
import itertools
import json
import multiprocessing
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import torch

from benchmarks.measured import SOURCES, Source
from mtl_search.data import Dataset
from mtl_search.records import Split
from mtl_search.training import run_trial

SCHEMA = pa.schema(
    {"members": pa.string(), "task": pa.string(), "seed": pa.int64(), "metric": pa.string(),
     "higher_is_better": pa.bool_(), "valid": pa.float64(), "test": pa.float64()}
)  # fmt: skip

Members = tuple[str, ...]
Row = dict[str, object]


def main() -> None:
    """Measure what is missing, with a line every minute, and write the table."""
    plain = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    options.add_argument("source", choices=SOURCES)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--seeds", type=int, default=2)
    options.add_argument("--processes", type=int, default=os.cpu_count())
    options.add_argument("--quick", action="store_true")
    chosen = options.parse_args()
    seeds, epochs = (1, 4) if chosen.quick else (chosen.seeds, None)
    source = SOURCES[chosen.source]
    sizes = range(1, 3 if chosen.quick else len(source.tasks) + 1)
    rows: list[Row] = pq.read_table(chosen.out).to_pylist() if chosen.out.exists() else []
    known = {(row["members"], row["seed"]) for row in rows}
    wanted = [
        (members, seed, epochs)
        for seed in range(seeds)
        for size in sizes
        for members in itertools.combinations(sorted(source.tasks), size)
        if (" ".join(members), seed) not in known
    ]
    began = saved = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(chosen.processes, prepare, (chosen.source,)) as pool:
        for done, measured in enumerate(pool.imap(measure, wanted), start=1):
            rows += measured
            if time.monotonic() - saved > 60 or done == len(wanted):
                saved = time.monotonic()
                save(rows, chosen.source, chosen.out)
                print(f"{done} of {len(wanted)} networks, {saved - began:.0f} s", flush=True)
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"networks": len(wanted), "rows": len(rows), "seconds": seconds}))


# Of each process, set by `prepare`.
source: Source
dataset: Dataset


def prepare(name: str) -> None:
    """Load the data once in each process."""
    global source, dataset
    torch.set_num_threads(1)
    source = SOURCES[name]
    dataset = source.load()


def measure(job: tuple[Members, int, int | None]) -> list[Row]:
    """Train one network; a row for each member."""
    members, seed, epochs = job
    outcome = run_trial(source.config(members, epochs), dataset, seed=seed, read_test=True)
    return list(member_rows(members, seed, {(m.task, m.split, m.name): m.value for m in outcome.metrics}))


def member_rows(members: Members, seed: int, values: dict[tuple[str, Split, str], float]) -> Iterator[Row]:
    """What each member reached in its default metric."""
    for task in members:
        metric = dataset.tasks[task].metric
        yield {
            "members": " ".join(members),
            "task": task,
            "seed": seed,
            "metric": metric.name,
            "higher_is_better": metric.higher_is_better,
            "valid": values[task, Split.VALID, metric.name],
            "test": values[task, Split.TEST, metric.name],
        }


def save(rows: list[Row], name: str, out: Path) -> None:
    """Write all rows in one go."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_suffix(".partial")
    notes = {
        "title": SOURCES[name].title,
        "command": f"python -m benchmarks.measure_subsets {name}",
        "trial": json.dumps(SOURCES[name].trial),
    }
    table = pa.Table.from_pylist(rows, schema=SCHEMA.with_metadata(notes))
    pq.write_table(table, partial, compression="zstd")
    partial.replace(out)


if __name__ == "__main__":
    main()
