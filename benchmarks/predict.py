"""What ``predict`` costs beside the networks themselves: rows a second from Parquet to Parquet, and memory.

The peer is the same networks, called batch after batch on tensors that lie in memory, encoded already, as
many rows at once as ``predict`` takes: it reads, encodes, decodes and writes nothing. Both have the same
number of threads: ``predict`` so many batches at a time, the peer in each operation. Memory is the peak of a
process of its own that predicts so many rows.

    python -m benchmarks.predict [--quick] [--rows 1000000] [--threads 1]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import torch

from mtl_search.bundle import Predictor
from mtl_search.bundle.predicting import predict_table, thread_a_batch
from mtl_search.bundle.predictor import BATCH
from mtl_search.data import bundled_tables
from mtl_search.exporting import export

SWEEP = Path("results/support2")
ROW_GROUP = 131_072
REPEATS = 3
TARGET = 0.5
PEAK = """
import re, sys
from pathlib import Path
from mtl_search.cli import main
code = main(["predict", *sys.argv[1:], "--quiet"])
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
sys.exit(code)
"""


def main() -> None:
    """Measure both and print what they took."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="20,000 rows: shows that it runs, not how fast")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of PyTorch")
    arguments = parser.parse_args()
    rows = 20_000 if arguments.quick else arguments.rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_rows(folder / "rows.parquet", rows)
        one, every = (export(SWEEP, folder / f"of-{seeds}", seeds=seeds).path for seeds in (1, None))
        for bundle in (one, every):
            show_speed(bundle, folder, rows, arguments.threads)
        for share in (10, 3, 1):
            show_memory(one, folder, rows // share)


def write_rows(path: Path, rows: int) -> None:
    """SUPPORT2, over and over, to so many rows."""
    table = pq.read_table(bundled_tables()["support2"])
    many = pa.concat_tables([table] * (ROW_GROUP // len(table))).combine_chunks()
    with pq.ParquetWriter(path, table.schema) as writer:
        for start in range(0, rows, len(many)):
            writer.write_table(many.slice(0, rows - start))


def show_speed(bundle: Path, folder: Path, rows: int, threads: int) -> None:
    """Print rows a second of both, the best of a few that take turns."""
    model = Predictor.load(bundle)
    source, out = folder / "rows.parquet", folder / "out.parquet"
    batches = [model.reading.encode(part) for part in prepared(model, source)]
    whole, bare = [], []
    for _ in range(REPEATS):
        torch.set_num_threads(threads)
        start = time.perf_counter()
        with thread_a_batch() as at_a_time:
            predict_table(model, str(source), out, threads=at_a_time)
        whole.append(time.perf_counter() - start)
        start = time.perf_counter()
        with torch.inference_mode():
            for inputs in batches:
                for one in model.models:
                    one.outputs(inputs)
        bare.append(time.perf_counter() - start)
    ratio = min(bare) / min(whole)
    print(f"{len(model.models)} networks, {rows:,} rows, {threads} threads")
    print(f"  predict         {rows / min(whole):10,.0f} rows/s   {ratio:.2f} of them (target: {TARGET})")
    print(f"  networks alone  {rows / min(bare):10,.0f} rows/s")
    figures = {"networks": len(model.models), "rows": rows, "seconds": min(whole), "ratio": ratio}
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))


def prepared(model: Predictor, source: Path) -> list[pa.Table]:
    """The rows in batches, as the networks' encoding reads them."""
    table = model.reading.prepare(pq.read_table(source))
    return [table.slice(start, BATCH) for start in range(0, len(table), BATCH)]


def show_memory(bundle: Path, folder: Path, rows: int) -> None:
    """Print the peak memory of a process that predicts so many rows (Linux alone says it)."""
    write_rows(folder / "some.parquet", rows)
    arguments = [str(bundle), str(folder / "some.parquet"), str(folder / "out.parquet")]
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *arguments], capture_output=True, text=True, check=True
    )
    print(f"{rows:,} rows: {int(done.stdout.split()[-1]):,} MiB at most")


if __name__ == "__main__":
    main()
