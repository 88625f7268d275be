"""TrainedTrees: the boosted trees of a task with all that they need to be used, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, final

import numpy as np
import torch
from torch import Tensor

from mtl_search.bundle.described import Written, reading, write_description
from mtl_search.bundle.trained_network import TrainedNetwork
from mtl_search.data import Dataset
from mtl_search.data.encoding import Encoding
from mtl_search.errors import BundleError, Mismatch
from mtl_search.leaderboard import replace_folder
from mtl_search.tasks import Task
from mtl_search.training import AnyConfig, TreesConfig
from mtl_search.training.trees import Forest

__all__ = ["AnyTrained", "TrainedTrees", "load_trained", "trained"]

DESCRIPTION = "trees.json"


@final
@dataclass(frozen=True, slots=True, eq=False)
class TrainedTrees:
    """Boosted trees: as a `TrainedNetwork`, whose ``weights`` are LightGBM's own text, in bytes.

    On disk each model is a text file that LightGBM reads in any of its languages: no pickle.
    """

    config: TreesConfig
    inputs: Encoding
    tasks: Mapping[str, Task]
    weights: Mapping[str, Tensor]
    seed: int
    versions: Mapping[str, str]

    def build(self) -> Forest:
        """The trees, called like a network."""
        (task,) = self.tasks.values()
        return Forest.of(task, self.weights, self.inputs)

    def save(self, folder: Path) -> None:
        """Write the folder in one go: readers see the whole one or none, wherever the writer is stopped."""

        def write(path: Path) -> None:
            for name, content in self.weights.items():
                (path / f"{name}.txt").write_bytes(content.numpy().tobytes())
            write_description(path / DESCRIPTION, self, models=sorted(self.weights))

        replace_folder(folder, write)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a folder that ``save`` wrote.

        Raises BundleError if it is none, damaged, of another version, or its models are of another task.
        """
        of = Written[TreesConfig].read(folder / DESCRIPTION, "trees")
        with reading(folder / DESCRIPTION):
            _check_models(of)
        try:
            weights = {name: _bytes(folder / f"{name}.txt") for name in of.models}
        except OSError as error:
            raise BundleError(str(folder), "the text of each model", str(error)) from error
        read = cls(of.config, of.inputs, of.by_name, weights, of.seed, of.versions)
        with reading(folder):
            read.build()
        return read


AnyTrained = TrainedNetwork | TrainedTrees


def trained(
    config: AnyConfig,
    dataset: Dataset,
    weights: Mapping[str, Tensor],
    seed: int,
    versions: Mapping[str, str],
) -> AnyTrained:
    """What was trained of ``config`` on ``dataset``."""
    if isinstance(config, TreesConfig):
        tasks = {name: dataset.tasks[name] for name in config.members}
        return TrainedTrees(config, dataset.encoding, tasks, weights, seed, versions)
    return TrainedNetwork.of(config, dataset, weights, seed, versions)


def load_trained(folder: Path) -> AnyTrained:
    """Read a folder that either kind wrote; BundleError if it is none."""
    kind = TrainedTrees if (folder / DESCRIPTION).is_file() else TrainedNetwork
    return kind.load(folder)


def _check_models(of: Written[TreesConfig]) -> None:
    """Mismatch if models have other names than `as_text` gives them, or are of another task."""
    names = {f"model_{at}" for at in range(len(of.models))}
    if others := sorted(set(of.models) - names):
        raise Mismatch("names of models, model_0 and so on", repr(others[0]))
    if {*of.by_name} != {*of.config.members}:
        raise Mismatch(f"the task {of.config.members[0]!r} alone", ", ".join(of.by_name))


def _bytes(path: Path) -> Tensor:
    return torch.from_numpy(np.frombuffer(path.read_bytes(), np.uint8).copy())
