"""Networks for tables beside boosted trees, all tuned, on the same rows: gain over tuned single tasks.

    python -m benchmarks.tabular                       # three data sets, about an hour on two quiet cores
    python -m benchmarks.tabular --quick               # a tiny shape of the same, about two minutes
    python -m benchmarks.tabular --dataset yeast --gpu 0.1

A sweep for each data set, on the rows and tasks of the shipped one: `benchmarks.tabular_sweeps` has the kinds
of network, an arm each, at equal budgets. All tasks are in one network, with only the heads apart and equal
weights. ``single_task`` tunes a plain MLP for each task; it does not catch up with the other arms, so that
it remains one, and ``trees`` tunes LightGBM for each task. The best of each arm on valid is then trained on
five new seeds and read on test.

A sweep that was stopped goes on with the same command, and one that has ended is only printed. What an epoch
costs is timed apart: every kind with one width, in turns, in this process.

Last come the bars: the design that the shipped sweep recommends, less tuned LightGBM, as far as its results
are in ``results``.
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from benchmarks.tabular_report import bars, table
from benchmarks.tabular_sweeps import DATASETS, sweep_of
from benchmarks.tabular_timing import relative_seconds
from mtl_search import Leaderboard, resume_sweep, run_sweep
from mtl_search.data import load_dataset
from mtl_search.terminal.watching import watching


def main() -> None:
    """Run what is not there yet, and print the comparison, the bars and everything as a line of JSON."""
    chosen = _options()
    boards, seconds = {}, {}
    for name in chosen.dataset:
        boards[name] = _run(name, chosen)
        spec = sweep_of(name, quick=chosen.quick, resources={})
        dataset = load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)
        seconds[name] = relative_seconds(spec, dataset, epochs=1 if chosen.quick else 5)
    text, found = table(boards, seconds)
    print(text)
    against_trees = bars(chosen.shipped)
    print(against_trees.text)
    print(json.dumps({"gains": found, "bars": against_trees.found}))


def _options() -> argparse.Namespace:
    plain = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    options.add_argument("--dataset", nargs="+", choices=DATASETS, default=list(DATASETS))
    options.add_argument("--quick", action="store_true", help="few rows, trials, epochs and seeds")
    options.add_argument("--out", type=Path, default=Path("results"), help="where the sweeps are")
    options.add_argument(
        "--shipped", type=Path, default=Path("results"), help="results of the shipped sweeps"
    )
    options.add_argument("--cpu", type=int, default=1, help="cores of a trial")
    options.add_argument("--gpu", default="auto", help="its share of a GPU (default: auto)")
    options.add_argument("--address", help="of a Ray cluster")
    options.add_argument("--inline", action="store_true", help="in this process, without Ray")
    return options.parse_args()


def _run(name: str, chosen: argparse.Namespace) -> Leaderboard:
    """The tables of the sweep of a data set, which is begun, brought to its end or only read."""
    gpu = chosen.gpu if chosen.gpu == "auto" else float(chosen.gpu)
    spec = sweep_of(name, quick=chosen.quick, resources={"cpu": chosen.cpu, "gpu": gpu})
    path = chosen.out / spec.settings.name
    with watching(quiet=chosen.quick) as watch:
        where = {"inline": chosen.inline, "address": chosen.address, "watch": watch, "dashboard": False}
        if path.exists():
            return resume_sweep(path, **where).board
        return run_sweep(spec, chosen.out, **where).board


if __name__ == "__main__":
    main()
