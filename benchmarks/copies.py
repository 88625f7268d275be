"""What copies of a row cost: an epoch of a network with them against the plain one, of the same trunk.

SUPPORT2, nine tasks in one shared MLP of three stages, batches of 256; an epoch trains and validates. The
networks are trained in turns, and each number is the median over the epochs.

    python -m benchmarks.copies [--quick] [--epochs 15] [--copies 8]
"""

import argparse
from pathlib import Path

import torch

from benchmarks.epochs import median_seconds
from mtl_search.data import Dataset, load_dataset
from mtl_search.sweep import load_sweep
from mtl_search.training import Score, Training, TrialConfig

SWEEP = Path(__file__).parents[1] / "search_spaces" / "support2_nine.yaml"
WIDTHS, THREADS, STAGES = (128, 256), (1, 2), 3
TARGET = 3.5  # times the plain network, with eight copies


def main() -> None:
    """Print seconds an epoch and their ratio, by width and number of threads."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one epoch: shows that it runs, not how fast")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--copies", type=int, default=8)
    arguments = parser.parse_args()
    settings = (spec := load_sweep(SWEEP)).settings
    dataset = load_dataset(settings.data, settings.tasks, base=spec.base)
    print(f"{'width':>5} {'threads':>7} {'1 copy':>8} {arguments.copies:>4} copies  ratio (target {TARGET})")
    for threads in THREADS:
        torch.set_num_threads(threads)
        for width in WIDTHS:
            trainings = {n: training(dataset, width, n) for n in (1, arguments.copies)}
            each = median_seconds(trainings, 1 if arguments.quick else arguments.epochs)
            plain, copied = each[1], each[arguments.copies]
            print(f"{width:>5} {threads:>7} {plain:>7.3f}s {copied:>10.3f}s {copied / plain:>6.2f}")


def training(dataset: Dataset, width: int, copies: int) -> Training:
    """Of all tasks in one network."""
    members = tuple(sorted(dataset.tasks))
    config = TrialConfig.model_validate(
        {
            "members": members,
            "sharing": " / ".join([" ".join(members)] * STAGES),
            "trunk": {"name": "mlp", "stages": STAGES, "width": width, "dropout": 0.1},
            "copies": copies,
            "epochs": 1000,
        }
    )
    metrics = {name: task.metric for name, task in dataset.tasks.items()}
    return Training(config, dataset, seed=0, score=Score(metrics), device="cpu")


if __name__ == "__main__":
    main()
