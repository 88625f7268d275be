"""Rows per second from a table of eight times the memory that a process may have, beside those from memory.

A process that may have ``--limit`` bytes, pages that the system keeps of its files among them, reads a table
of recordings part by part, encodes it into files and trains a network on it for an epoch. Another one without
a limit does so from memory, with a part of the table that fits. The limit is of a control group of Linux,
where one can be made (as root); elsewhere it is not enforced, and the peak is told. PyTorch alone takes some
400 MiB of it.

    python -m benchmarks.memory [--quick] [--limit 1GiB] [--times 8] [--folder DIR]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pa_parquet
from pydantic import ByteSize, TypeAdapter

STEPS, CHANNELS, AT_ONCE = 96, 128, 4096
ROW = STEPS * CHANNELS  # bytes
TARGET = 0.6  # of the rows a second from memory
IN_MEMORY = 1 / 8  # of the rows
GROUPS = (("memory", "memory.limit_in_bytes", "memory.max_usage_in_bytes"), ("", "memory.max", "memory.peak"))


@dataclass(frozen=True)
class Measured:
    """One training: bytes at most, and whether the process could not have had more than the limit."""

    rows_a_second: float
    loading: float
    peak: int
    enforced: bool


def main() -> None:
    """Write the tables, train from both, and print the ratio."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument(
        "--quick", action="store_true", help="a small table: shows that it runs, not how fast"
    )
    parser.add_argument("--limit", type=TypeAdapter(ByteSize).validate_python, default=ByteSize(2**30))
    parser.add_argument("--times", type=float, default=8.0, help="how much larger the table is")
    parser.add_argument("--folder", type=Path, help="of tables and cache (default: a new one)")
    parser.add_argument("--train", choices=("large", "small"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.train is not None:
        memory = arguments.limit // 4 if arguments.train == "large" else None
        print(json.dumps(asdict(measured(arguments.folder, arguments.train, memory, arguments.limit))))
        return
    times = 0.5 if arguments.quick else arguments.times
    with tempfile.TemporaryDirectory() as scratch:
        folder, n_rows = arguments.folder or Path(scratch), int(times * arguments.limit / ROW)
        write_table(folder / "large.parquet", n_rows)
        write_table(folder / "small.parquet", int(IN_MEMORY * n_rows))
        print(f"{n_rows:,} recordings, {n_rows * ROW / 2**30:.2f} GiB: {times:g} times the limit")
        large, small = (in_a_process(folder, which, arguments.limit) for which in ("large", "small"))
    for how, one in (("from files", large), ("from memory", small)):
        peak = f"{one.peak / 2**20:,.0f} MiB at most" + " (enforced)" * one.enforced
        print(f"{how:>11}: {one.rows_a_second:>7,.0f} rows/s, loaded in {one.loading:>4.0f} s, {peak}")
    print(f"ratio {large.rows_a_second / small.rows_a_second:.2f} (target {TARGET})")


def write_table(path: Path, n_rows: int) -> None:
    """Recordings of noise of some loudness, which is one task; whether it is high, the other."""
    random = np.random.default_rng(0)
    columns = {"sound": pa.binary(), "loudness": pa.float64(), "loud": pa.bool_()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa_parquet.ParquetWriter(
        path, pa.schema(columns), compression="none", use_dictionary=False
    ) as writer:
        for start in range(0, n_rows, AT_ONCE):
            rows = min(AT_ONCE, n_rows - start)
            loudness_N = random.integers(0, 128, rows, dtype=np.uint8)
            noise_NR = random.integers(0, 128, (rows, ROW), dtype=np.uint8) + loudness_N[:, None]
            sounds = pa.array([noise_R.tobytes() for noise_R in noise_NR], pa.binary())
            values = [sounds, pa.array(loudness_N.astype(float)), pa.array(loudness_N > 63)]
            writer.write_table(pa.table(values, schema=pa.schema(columns)))


def in_a_process(folder: Path, which: str, limit: int) -> Measured:
    """What `measured` says, in a process of its own."""
    options = ["--folder", str(folder), "--train", which, "--limit", str(int(limit))]
    command = [sys.executable, "-m", "benchmarks.memory", *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def measured(folder: Path, which: str, memory: int | None, limit: int) -> Measured:
    """Load a table and train for an epoch; ``memory`` as in a data block, and within the ``limit`` then."""
    with limited(None if memory is None else limit) as (peak, enforced):
        from mtl_search.data import DataSpec, load_dataset
        from mtl_search.tasks import TaskConfig
        from mtl_search.training import Score, Training, TrialConfig

        kinds = {"loud": "binary", "loudness": "regression"}
        tasks = TypeAdapter(dict[str, TaskConfig]).validate_python(kinds)
        said = {"inputs": {"sound": {"kind": "series", "channels": CHANNELS}}, "memory": memory or 2**50}
        spec = DataSpec.model_validate({"source": f"{which}.parquet", **said})
        began = time.perf_counter()
        dataset = load_dataset(spec, tasks, base=folder, results=folder / "results")
        loading = time.perf_counter() - began
        config = TrialConfig.model_validate(
            {
                "members": sorted(kinds),
                "sharing": "loud loudness / loud loudness",
                "encoder": {"name": "series", "width": 16},
                "trunk": {"name": "conv1d", "stages": 2, "width": 16},
                "epochs": 1,
            }
        )
        metrics = {name: task.metric for name, task in dataset.tasks.items()}
        seconds = Training(config, dataset, seed=0, score=Score(metrics)).run_epoch().seconds
        rows = len(dataset.train) + len(dataset.valid)
        return Measured(rows / seconds, loading, peak(), enforced)


@contextmanager
def limited(nbytes: int | None) -> Iterator[tuple[Callable[[], int], bool]]:
    """This process in a control group that may have so many bytes; what tells its peak, and whether it is."""
    for kind, limit, most in GROUPS if nbytes is not None else ():
        group = Path("/sys/fs/cgroup", kind, f"mtl_search_{os.getpid()}")
        try:
            group.mkdir()
            (group / limit).write_text(str(nbytes))
            (group / "cgroup.procs").write_text(str(os.getpid()))
        except OSError:
            continue
        usage = group / most
        try:
            yield partial(_read, usage), True
        finally:
            (group.parent / "cgroup.procs").write_text(str(os.getpid()))
            group.rmdir()
        return
    yield lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, False


def _read(usage: Path) -> int:
    return int(usage.read_text())


if __name__ == "__main__":
    main()
