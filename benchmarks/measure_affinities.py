"""TAG's inter-task affinities (Fifty et al. 2021), measured in one training of all tasks together.

    python benchmarks/measure_affinities.py support2 --out results/tables/support2_affinities.parquet

Every tenth step each task in turn moves the shared parameters by its own gradient; by what share the loss of
every other task falls on the same rows is its affinity to that task, averaged over the training. The network
and its hyperparameters are those of ``measure_subsets.py``, so that both speak of the same trainings.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch
from measured import SOURCES, Source
from torch import Tensor

from mtl_search.data import Rows
from mtl_search.model import Network

EVERY = 10  # steps, as in the paper
STEP = 0.01  # of the look-ahead; affinities are proportional to it as long as it is small


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
    measured = [train(SOURCES[chosen.source], seed, epochs) for seed in range(seeds)]
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    pd.concat(measured, ignore_index=True).to_parquet(chosen.out, compression="zstd")
    print(f"{len(measured)} trainings measured, {chosen.out}")


def train(trained: Source, seed: int, epochs: int | None) -> pd.DataFrame:
    """One training: ``affinity`` of ``source`` to ``target``, positive where it helps."""
    config, data = trained.config(tuple(sorted(trained.tasks)), epochs), trained.load()
    torch.manual_seed(seed)
    network = Network(config.branching, config.trunk, list(data.tasks.values()), data.input_shape)
    optimizer = config.optimizer.build(network.parameters())
    looks, steps = [], 0
    for _ in range(config.epochs):
        rows = data.train.take(torch.randperm(len(data.train)))
        for start in range(0, len(rows) - config.batch_size + 1, config.batch_size):
            batch = rows.slice(start, start + config.batch_size)

            def losses(batch: Rows = batch) -> dict[str, Tensor]:
                outputs = network(batch.inputs)
                return {
                    name: task.loss(outputs[name], batch.targets[name], batch.labelled[name])
                    for name, task in data.tasks.items()
                }

            if steps % EVERY == 0:
                network.eval()  # dropout would drown what a small step does
                looks.append(look_ahead(losses, network.shared_parameters()))
                network.train()
            optimizer.zero_grad()
            torch.stack(list(losses().values())).sum().backward()
            optimizer.step()
            steps += 1
    mean_TT = torch.stack(looks).mean(dim=0)
    return pd.DataFrame(
        [
            {"seed": seed, "source": source, "target": target, "affinity": mean_TT[i, j].item()}
            for i, source in enumerate(data.tasks)
            for j, target in enumerate(data.tasks)
        ]
    )


def look_ahead(losses: Callable[[], dict[str, Tensor]], shared: list[torch.nn.Parameter]) -> Tensor:
    """By what share each loss (columns) falls after a step of each task (rows) on shared parameters."""
    now = losses()
    gradients = [
        torch.autograd.grad(loss, shared, retain_graph=True, allow_unused=True) for loss in now.values()
    ]
    before_T = torch.stack(list(now.values())).detach()
    rows = []
    with torch.no_grad():
        kept = [parameter.clone() for parameter in shared]
        for gradient in gradients:
            for parameter, slope in zip(shared, gradient, strict=True):
                if slope is not None:
                    parameter.sub_(STEP * slope)
            rows.append(1 - torch.stack(list(losses().values())) / before_T)
            for parameter, value in zip(shared, kept, strict=True):
                parameter.copy_(value)
    return torch.stack(rows)


if __name__ == "__main__":
    main()
