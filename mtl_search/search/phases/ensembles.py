"""Ensembles: what the confirmed networks of all seeds say together, judged on test.

A design was trained on several seeds for the sake of intervals; its networks on all of these are an ensemble
at no cost of training, and ``export`` takes that one home. So for every confirmed design, references and
control alike, the predictions for test of each of its networks are averaged over the seeds, probabilities
or numbers in their own unit as a bundle does it, and measured as a single network is: an ensemble is compared
with ensembles.

It is part of the reading of test that trained the networks, whose outputs it kept, and adds none; nothing is
chosen by it, and no verdict depends on it. What is measured stands in table ``ensembles``, and is not
measured again.
"""

# S seeds, M labelled test rows of a task, K outputs of it

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mtl_search.analysis.confirmation import Runs, confirmed_designs
from mtl_search.bundle.outputs import load_outputs
from mtl_search.data import Dataset
from mtl_search.leaderboard import Ensemble, Leaderboard, to_ensembles
from mtl_search.records import DesignRecord
from mtl_search.training import N_GROUPS
from mtl_search.training.evaluation import Evaluator

__all__ = ["ensembles_of", "measured_ensembles"]

Network = tuple[str, tuple[int, ...]]  # config_id and seeds


def measured_ensembles(
    board: Leaderboard, dataset: Dataset, designs: Sequence[DesignRecord], tasks: Sequence[str]
) -> list[Ensemble]:
    """The ensemble of each network of a confirmed one of ``designs``, on all seeds that the design has.

    ``tasks`` are the main ones. None of a network whose outputs were not kept on one of the seeds.
    """
    known = {(one.config_id, one.seeds, one.task): one for one in to_ensembles(board.ensembles())}
    found: list[Ensemble] = []
    for (config_id, seeds), served in _wanted(board, designs, tasks).items():
        there = [known[key] for task in served if (key := (config_id, seeds, task)) in known]
        if len(there) < len(served):
            kept = [outputs for seed in seeds if (outputs := load_outputs(board.path, config_id, seed))]
            there = ensembles_of(dataset, config_id, seeds, served, kept) if len(kept) == len(seeds) else []
        found += there
    return found


def _wanted(
    board: Leaderboard, designs: Sequence[DesignRecord], tasks: Sequence[str]
) -> Mapping[Network, Sequence[str]]:
    """The tasks that each network serves, in a design with these seeds."""
    runs = Runs.read(*map(board.frame, ("trials", "metrics", "resamples")))
    wanted: dict[Network, set[str]] = {}
    for one in confirmed_designs(designs, runs, tuple(tasks)):
        for task, config_id in one.design.configs.items():
            wanted.setdefault((config_id, one.seeds), set()).add(task)
    return {network: sorted(served) for network, served in sorted(wanted.items())}


def ensembles_of(
    dataset: Dataset,
    config_id: str,
    seeds: tuple[int, ...],
    served: Sequence[str],
    outputs: Sequence[Mapping[str, Tensor]],
) -> list[Ensemble]:
    """What the trainings of one network reach together; ``outputs`` are those of each, M x K by task.

    Of tasks with one label a row: nobody keeps the outputs of all pixels.
    """
    if dataset.test is None:
        raise ValueError("ensembles are judged on a dataset with its test rows")
    tasks = {task: dataset.tasks[task] for task in served if dataset.tasks[task].level == "row"}
    means = {
        name: torch.stack([task.predictions(one[name]) for one in outputs]).mean(0)
        for name, task in tasks.items()
    }
    evaluator = Evaluator(dataset.test.select(tasks), tasks)
    values, left_out = evaluator.metrics_of(means), evaluator.left_out_of(means, N_GROUPS)
    return [
        Ensemble(config_id, seeds, task, values[task], tuple(group[task] for group in left_out))
        for task in tasks
    ]
