"""What RealMLP's tricks (Holzmüller et al. 2024) bring to a network of all tasks, one by one and together.

    python -m benchmarks.tricks support2_nine yeast census_income --out tricks.jsonl

Every trick is switched on alone on top of each basis: the plain MLP, numeric embeddings (PLE), and eight
copies with PLE. Each is trained at two learning rates with three seeds, on the sweep's train rows (at most
``--rows``) without a seventh, by which the epoch and the learning rate are chosen. Printed is the gain on
valid in percent over the first one, the plain MLP at its best learning rate, as a mean over tasks and seeds;
beside it what the trick adds to its basis, with the standard error of the difference, paired over seeds, and
how many of these there are with every learning rate. Test is not read.

Each training is a line of ``--out``, and those that stand there are not made again; with ``--minutes`` the
command stops after as many and goes on the next time. ``--quick``: two trainings of an epoch.
"""

import argparse
import itertools
import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

from benchmarks.realmlp import Coslog, flat_cosine
from benchmarks.tricks_table import table
from mtl_search.data import Dataset, load_dataset
from mtl_search.design import Branching
from mtl_search.model import Dropout
from mtl_search.records import Split
from mtl_search.sweep import load_sweep
from mtl_search.tasks import Binary, Multiclass
from mtl_search.training import Score, TrialConfig
from mtl_search.training.loop import Training
from mtl_search.training.schedule import Constant

SWEEPS = Path("search_spaces")
SEEDS = 3
SMOOTHING = 0.1
PLE = {"encoder": {"name": "table", "numeric": {"name": "ple"}}}
BASES: Mapping[str, Mapping[str, Any]] = {"plain": {}, "ple": PLE, "copies": {**PLE, "copies": 8}}
OWN = {"name": "benchmarks.realmlp:RealMlp"}
BOTH = {"activation": "mish", "scaling": 6.0}


@dataclass(frozen=True)
class Trick:
    """Options of trunk, optimiser and schedule, and what no trial can say."""

    trunk: Mapping[str, Any] | None = None
    optimizer: Mapping[str, Any] | None = None
    schedule: Constant | Coslog | None = None
    faster: float = 1.0
    smoothing: float = 0.0
    dropout_falls: bool = False
    decay_falls: bool = False


TRICKS: Mapping[str, Trick] = {
    "none": Trick(),
    "constant rate": Trick(schedule=Constant()),
    "coslog": Trick(schedule=Coslog()),
    "betas .9, .95": Trick(optimizer={"betas": [0.9, 0.95]}),
    "scaling": Trick({"scaling": 6.0}),
    "gelu": Trick({"activation": "gelu"}),
    "silu": Trick({"activation": "silu"}),
    "mish": Trick({"activation": "mish"}),
    "parametric mish": Trick({"activation": "mish", "parametric": 0.1}),
    "parametric mish, fast": Trick({"activation": "mish", "parametric": 1.0}),
    "NTK": Trick({"ntk": True}, faster=10.0),
    "label smoothing": Trick(smoothing=SMOOTHING),
    "dropout falls": Trick(dropout_falls=True),
    "decay falls": Trick(decay_falls=True),
    "scaling, silu": Trick({**BOTH, "activation": "silu"}),
    "scaling, mish": Trick(BOTH),
    "scaling, mish, coslog": Trick(BOTH, schedule=Coslog()),
    "scaling, parametric mish, coslog, betas": Trick(
        {**BOTH, "parametric": 0.1}, {"betas": [0.9, 0.95]}, Coslog()
    ),
}


@dataclass(frozen=True)
class Plan:
    """How a data set is trained."""

    epochs: int
    batch_size: int
    dropout: float
    weight_decay: float
    rates: tuple[float, ...] = (2e-3, 7e-3)
    width: int = 128


PLANS = {
    "support2_nine": Plan(epochs=25, batch_size=256, dropout=0.2, weight_decay=1e-2),
    "yeast": Plan(epochs=30, batch_size=128, dropout=0.4, weight_decay=1e-1),
    "census_income": Plan(epochs=12, batch_size=256, dropout=0.2, weight_decay=1e-2),
}


def main() -> None:
    """Train what is not there yet, and print a table for each data set."""
    chosen = _options()
    torch.set_num_threads(1)
    stop = time.monotonic() + 60 * chosen.minutes
    for name in chosen.data:
        data = _Data(name, chosen.rows)
        work = itertools.product(range(SEEDS), PLANS[name].rates, chosen.bases, chosen.tricks)
        for seed, rate, basis, trick in itertools.islice(work, 2 if chosen.quick else None):
            key = {"data": name, "basis": basis, "trick": trick, "rate": rate, "seed": seed}
            if time.monotonic() > stop or _stands(chosen.out, key):
                continue
            row = key | data.train(basis, TRICKS[trick], rate, seed, 1 if chosen.quick else None)
            with chosen.out.open("a") as lines:
                lines.write(json.dumps(row) + "\n")
        print(f"\n{name}: gain on valid in percent over the plain MLP, and over its basis\n")
        rows = [row for row in _rows(chosen.out) if row["data"] == name]
        print("\n".join(table(data.metrics, rows, BASES, list(TRICKS))), flush=True)


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("data", nargs="+", choices=tuple(PLANS))
    options.add_argument("--bases", nargs="+", choices=tuple(BASES), default=tuple(BASES))
    options.add_argument("--tricks", nargs="+", choices=tuple(TRICKS), default=tuple(TRICKS))
    options.add_argument("--rows", type=int, default=8000, help="train rows at most")
    options.add_argument("--out", type=Path, default=Path("tricks.jsonl"))
    options.add_argument("--minutes", type=float, default=math.inf)
    options.add_argument("--quick", action="store_true")
    chosen = options.parse_args()
    if chosen.quick:  # which must not pass for whole trainings
        chosen.out = chosen.out.with_stem(f"{chosen.out.stem}_quick")
    return chosen


def _rows(out: Path) -> Iterator[dict[str, Any]]:
    if out.exists():
        yield from map(json.loads, out.read_text().splitlines())


def _stands(out: Path, key: Mapping[str, Any]) -> bool:
    return any(key.items() <= row.items() for row in _rows(out))


class _Data:
    """A data set in three parts: to learn from, to choose the epoch by, and to measure on."""

    def __init__(self, name: str, most: int) -> None:
        spec = load_sweep(SWEEPS / f"{name}.yaml")
        dataset = load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base).without_test()
        self.plan, self.valid = PLANS[name], dataset.valid
        index_N = torch.randperm(len(dataset.train), generator=torch.Generator().manual_seed(0))[:most]
        n_choosing = len(index_N) // 7
        choosing, train = dataset.train.take(index_N[:n_choosing]), dataset.train.take(index_N[n_choosing:])
        self.dataset = replace(dataset, train=train, valid=choosing)
        self.metrics = {name: task.metric for name, task in dataset.tasks.items()}
        self.score = Score(self.metrics)
        config, tricks = self.config("plain", TRICKS["none"], self.plan.rates[0]), TRICKS["none"]
        self.score = Score(self.metrics, self._fit(config, tricks, seed=99).best.valid)

    def train(self, basis: str, trick: Trick, rate: float, seed: int, epochs: int | None) -> dict[str, Any]:
        """A whole training: each task's metric on valid at the epoch that was chosen, and how it went."""
        start = time.process_time()
        training = self._fit(self.config(basis, trick, rate, epochs), trick, seed)
        seconds = time.process_time() - start
        training.restore_best()
        metrics = training.evaluate(self.valid, Split.VALID)
        values = {m.task: m.value for m in metrics if m.name == self.metrics[m.task].name}
        best = training.best
        return {"epoch": best.epoch, "chosen_by": best.score, "seconds": round(seconds, 2), "values": values}

    def config(self, basis: str, trick: Trick, rate: float, epochs: int | None = None) -> TrialConfig:
        """The network and its training."""
        plan, members = self.plan, tuple(self.dataset.tasks)
        trunk: dict[str, Any] = {"name": "mlp", "stages": 3, "width": plan.width, "dropout": plan.dropout}
        if trick.trunk is not None:
            trunk |= {**OWN, **trick.trunk}
        optimizer = {
            "name": "adamw",
            "lr": rate * trick.faster,
            "weight_decay": plan.weight_decay / trick.faster,
        }
        config = TrialConfig.model_validate(
            {
                "members": members,
                "sharing": str(Branching.shared(members, 3)),
                "trunk": trunk,
                "optimizer": {**optimizer, **(trick.optimizer or {})},
                "batch_size": plan.batch_size,
                "epochs": epochs or plan.epochs,
                **BASES[basis],
            }
        )
        return config if trick.schedule is None else config.model_copy(update={"schedule": trick.schedule})

    def _fit(self, config: TrialConfig, trick: Trick, seed: int) -> Training:
        dataset = smoothed(self.dataset, trick.smoothing) if trick.smoothing else self.dataset
        training = Training(config, dataset, seed=seed, score=self.score)
        dropouts = [module for module in training.network.modules() if isinstance(module, Dropout)]
        starts = [module.rate for module in dropouts]
        while not training.finished:
            share = flat_cosine(training.epoch / config.epochs)
            if trick.dropout_falls:
                for module, start in zip(dropouts, starts, strict=True):
                    module.rate = share * start
            if trick.decay_falls:
                for group in training._learner._optimizer.param_groups:
                    group["weight_decay"] = share * self.plan.weight_decay
            training.run_epoch()
        return training


def smoothed(dataset: Dataset, share: float) -> Dataset:
    """The same data, its classes learned with ``share`` of each label spread over all classes."""
    tasks, targets = dict(dataset.tasks), dict(dataset.train.targets)
    for name, task in dataset.tasks.items():
        if isinstance(task, Binary):
            targets[name] = (1 - share) * targets[name] + share / 2
        elif isinstance(task, Multiclass):
            tasks[name] = replace(task, label_smoothing=share)
    return replace(dataset, tasks=tasks, train=replace(dataset.train, targets=targets))


if __name__ == "__main__":
    main()
