"""Rows per second from a table of eight times the memory that a process may have, beside those from memory.

Two processes train the same network on the same table of images for an epoch. One may have ``--limit`` bytes,
the pages that the system keeps of its files among them, and reads the table part by part; the other may have
all. The limit is one of Linux' control groups, where one can be made (as root); else it is not enforced.

    python -m benchmarks.memory [--quick] [--limit 512MiB] [--times 8] [--folder DIR]
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
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pa_parquet
from pydantic import ByteSize, TypeAdapter

SIDE, AT_ONCE = 64, 4096
PIXELS = SIDE * SIDE * 3
TARGET = 0.6  # of the rows a second from memory
GROUPS = (("memory", "memory.limit_in_bytes", "memory.max_usage_in_bytes"), ("", "memory.max", "memory.peak"))


def main() -> None:
    """Write the table, train from it twice, and print both."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a table of 0.2 GiB: shows that it runs")
    parser.add_argument("--limit", type=TypeAdapter(ByteSize).validate_python, default=ByteSize(2**29))
    parser.add_argument("--times", type=float, default=8.0, help="how much larger the table is")
    parser.add_argument("--folder", type=Path, help="of table and cache (default: a new one)")
    parser.add_argument("--train", choices=("mapped", "in memory"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.train is not None:
        print(json.dumps(measured(arguments.folder, arguments.limit, arguments.train)))
        return
    times = 0.4 if arguments.quick else arguments.times
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch)
        n_rows = int(times * arguments.limit / PIXELS)
        write_table(folder / "images.parquet", n_rows)
        size = (folder / "images.parquet").stat().st_size
        print(f"{n_rows:,} images of {SIDE} x {SIDE}: {size / 2**30:.2f} GiB, {times:g} times the limit")
        found = {how: in_a_process(folder, arguments.limit, how) for how in ("mapped", "in memory")}
    for how, one in found.items():
        limit = f"limit {arguments.limit / 2**20:.0f} MiB" if one["enforced"] else "no limit"
        peak = f"at most {one['peak'] / 2**20:,.0f} MiB ({limit})"
        print(f"{how:>10}: {one['rows_a_second']:>8,.0f} rows/s, loaded in {one['loading']:.0f} s, {peak}")
    same = found["mapped"]["said"] == found["in memory"]["said"]
    ratio = found["mapped"]["rows_a_second"] / found["in memory"]["rows_a_second"]
    print(f"ratio {ratio:.2f} (target {TARGET}); losses and metrics are {'equal' if same else 'NOT EQUAL'}")


def write_table(path: Path, n_rows: int) -> None:
    """Images of noise around a brightness, which is one task; whether it is high, the other."""
    random = np.random.default_rng(0)
    schema = pa.schema(
        {"image": pa.list_(pa.uint8(), PIXELS), "brightness": pa.float64(), "bright": pa.bool_()}
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa_parquet.ParquetWriter(path, schema, compression="none") as writer:
        for start in range(0, n_rows, AT_ONCE):
            rows = min(AT_ONCE, n_rows - start)
            brightness_N = random.integers(0, 128, rows, dtype=np.uint8)
            pixels_NP = random.integers(0, 128, (rows, PIXELS), dtype=np.uint8) + brightness_N[:, None]
            images = pa.FixedSizeListArray.from_arrays(pa.array(pixels_NP.reshape(-1)), PIXELS)
            columns = [images, pa.array(brightness_N.astype(float)), pa.array(brightness_N > 63)]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def in_a_process(folder: Path, limit: int, how: str) -> dict[str, object]:
    """What `measured` says, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.memory", "--folder", str(folder), "--train", how]
    done = subprocess.run(
        [*command, "--limit", str(int(limit))], stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def measured(folder: Path, limit: int, how: str) -> dict[str, object]:
    """Load the table and train for an epoch, with a quarter of the limit as ``data.memory`` or any."""
    with limited(limit if how == "mapped" else None) as (peak, enforced):
        from mtl_search.data import DataSpec, load_dataset
        from mtl_search.tasks import TaskConfig
        from mtl_search.training import Score, Training, TrialConfig

        tasks = TypeAdapter(dict[str, TaskConfig]).validate_python(
            {"bright": "binary", "brightness": "regression"}
        )
        spec = DataSpec.model_validate(
            {
                "source": "images.parquet",
                "inputs": {"image": {"kind": "image", "height": SIDE, "width": SIDE}},
                "memory": limit // 4 if how == "mapped" else 2**50,
            }
        )
        began = time.perf_counter()
        dataset = load_dataset(spec, tasks, base=folder, results=folder / "results")
        loading = time.perf_counter() - began
        assert (dataset.train.mapped is not None) == (how == "mapped")
        config = TrialConfig.model_validate(
            {
                "members": ["bright", "brightness"],
                "sharing": "bright brightness / bright brightness",
                "encoder": {"name": "image", "width": 8, "stride": 4},
                "trunk": {"name": "cnn", "stages": 2, "width": 8},
                "epochs": 1,
            }
        )
        metrics = {name: task.metric for name, task in dataset.tasks.items()}
        report = Training(config, dataset, seed=0, score=Score(metrics)).run_epoch()
        rows = len(dataset.train) + len(dataset.valid)
        return {
            "rows_a_second": rows / report.seconds,
            "loading": loading,
            "peak": peak(),
            "enforced": enforced,
            "said": [report.train_loss, report.valid],
        }


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
        try:
            yield lambda usage=group / most: int(usage.read_text()), True
        finally:
            (group.parent / "cgroup.procs").write_text(str(os.getpid()))
            group.rmdir()
        return
    yield lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, False


if __name__ == "__main__":
    main()
