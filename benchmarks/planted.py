"""How often real sweeps find a structure that was planted, and how often their verdict is right.

    python -m benchmarks.planted --kind clusters depth --seeds 20
    python -m benchmarks.planted --kind verdicts --seeds 20 --out planted.jsonl

Every seed is a Dataset of `benchmarks.planted_data` and a sweep of its own, in this process and with all
its reference arms. With ``--out`` each sweep that ends is a line of that file, and those that stand there are
not run again: a run that was stopped goes on, and the tables are of all lines.

Structures. ``clusters``, ``scarce``, ``auxiliary`` and ``spoiler`` compare ``bayes``, with and without
gradient affinities, with random member sets at equal trainings. *Found*: every main task is served by a
network of exactly the planted members, in the best design. This may lean on the shared reference, which with
tuned loss weights can serve one cluster and nothing else; *by own*: in the best design of the search's own
networks and single tasks alone. *Regret*: how much more delta_m on test the planted design has than that
one, both trained on new seeds with the same hyperparameters, in percentage points. ``depth``: networks of
all tasks, with one common split or any tree.

Verdicts, of the recommended design: ``independent_6``, ``independent_12`` and ``independent_48`` (nothing can
be gained, with so many trials a reference), ``pairs`` (sharing gains much), ``narrow`` (tuning gains much and
sharing nothing). Columns of yes and no are shares of all sweeps.

Experts, with arms of MMoE and PLE beside shared bottoms: ``routed`` (two groups of rows need opposite
features, and stages are linear), ``relu`` (rectified units can tell groups apart without experts) and
``alike`` (a shared bottom is right, and smaller). Errors are on test, as shares of the shared bottom's.
"""

import argparse
import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pandas as pd

from benchmarks.planted_experts import alike, relu, routed
from benchmarks.planted_structures import auxiliary, clusters, depth, scarce, spoiler
from benchmarks.planted_sweep import Row
from benchmarks.planted_verdicts import independent_6, independent_12, independent_48, narrow, pairs

STRUCTURES: Mapping[str, Callable[[int], Iterator[Row]]] = {
    "clusters": clusters,
    "scarce": scarce,
    "auxiliary": auxiliary,
    "spoiler": spoiler,
    "depth": depth,
}
VERDICTS: Mapping[str, Callable[[int], Iterator[Row]]] = {
    "independent_6": independent_6,
    "independent_12": independent_12,
    "independent_48": independent_48,
    "pairs": pairs,
    "narrow": narrow,
}
EXPERTS: Mapping[str, Callable[[int], Iterator[Row]]] = {"routed": routed, "relu": relu, "alike": alike}
KINDS = {**STRUCTURES, **VERDICTS, **EXPERTS}
SEVERAL = {"all": KINDS, "structures": STRUCTURES, "verdicts": VERDICTS, "experts": EXPERTS}


def main() -> None:
    """Run all sweeps; print a table for each kind, and everything as one line of JSON."""
    chosen = _options()
    named = [list(SEVERAL.get(name, (name,))) for name in chosen.kind]
    kinds = list(dict.fromkeys(kind for several in named for kind in several))
    seeds = range(chosen.first, chosen.first + (2 if chosen.quick else chosen.seeds))
    jobs = [(kind, seed) for seed in seeds for kind in kinds]
    done = _read(chosen.out)
    waiting = [job for job in jobs if job not in done]
    with multiprocessing.get_context("spawn").Pool(chosen.processes) as pool:
        for job, rows in pool.imap_unordered(work, waiting):
            done[job] = rows
            print(*map(json.dumps, rows), sep="\n", flush=True)
            _append(chosen.out, job, rows)
    _report(pd.DataFrame([row for job in jobs for row in done[job]]))


def _options() -> argparse.Namespace:
    plain = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    options.add_argument("--kind", nargs="+", choices=(*KINDS, *SEVERAL), default=["all"], metavar="KIND")
    options.add_argument("--seeds", type=int, default=20)
    options.add_argument("--first", type=int, default=0, help="the first seed")
    options.add_argument("--quick", action="store_true", help="two seeds")
    options.add_argument("--out", type=Path, help="a file that sweeps are added to and taken from")
    options.add_argument("--processes", type=int, default=os.cpu_count())
    return options.parse_args()


def work(job: tuple[str, int]) -> tuple[tuple[str, int], list[Row]]:
    """What the sweeps on one Dataset found."""
    (kind, seed), began = job, time.monotonic()
    rows = list(KINDS[kind](seed))
    seconds = round((time.monotonic() - began) / len(rows), 1)
    return job, [{"kind": kind, "seed": seed, **row, "seconds": seconds} for row in rows]


def _read(path: Path | None) -> dict[tuple[str, int], list[Row]]:
    """The sweeps in a file, without a line that was being written when the run was stopped."""
    done: dict[tuple[str, int], list[Row]] = {}
    if path is None or not path.exists():
        return done
    text = path.read_text()
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        done[entry["kind"], entry["seed"]] = entry["rows"]
    if text and not text.endswith("\n"):
        path.write_text(text[: text.rfind("\n") + 1])
    return done


def _append(path: Path | None, job: tuple[str, int], rows: list[Row]) -> None:
    if path is not None:
        with path.open("a") as file:
            file.write(json.dumps({"kind": job[0], "seed": job[1], "rows": rows}) + "\n")


def _report(frame: pd.DataFrame) -> None:
    found = {}
    for kind, part in frame.groupby("kind", sort=False):
        numbers = part.dropna(axis=1, how="all").infer_objects().drop(columns=["kind", "seed"])
        table = numbers.groupby("variant").mean(numeric_only=True)
        print(f"\n{kind}, {part['seed'].nunique()} seeds: means\n{table.round(3).to_string()}")
        found[str(kind)] = {"seeds": part["seed"].nunique(), **json.loads(table.to_json(orient="index"))}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
