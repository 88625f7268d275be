"""TrainedNetwork: a network with all that it needs to be used, as a value."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from mtl_search.bundle.described import FORMAT, read_fields, reading, write_description
from mtl_search.data import Dataset
from mtl_search.data.encoding import Encoding
from mtl_search.errors import BundleError
from mtl_search.leaderboard import replace_folder
from mtl_search.model import Network
from mtl_search.tasks import Task
from mtl_search.training import TrialConfig, build_network

__all__ = ["NETWORKS", "TrainedNetwork", "network_folder"]

NETWORKS = "networks"  # the folder that they are in, in a results folder and in a bundle
DESCRIPTION, WEIGHTS = "network.json", "weights.safetensors"


@final
@dataclass(frozen=True, slots=True, eq=False)
class TrainedNetwork:
    """A network: its configuration, the fitted inputs and tasks, its weights, and what it was trained with.

    ``tasks`` are its members; ``seed`` is the one it was trained on, ``versions`` are those of the packages
    that trained it. On disk it takes four bytes a parameter and one kilobyte of JSON or less for each input.
    """

    config: TrialConfig
    inputs: Encoding
    tasks: Mapping[str, Task]
    weights: Mapping[str, Tensor]
    seed: int
    versions: Mapping[str, str]

    @classmethod
    def of(
        cls,
        config: TrialConfig,
        dataset: Dataset,
        weights: Mapping[str, Tensor],
        seed: int,
        versions: Mapping[str, str],
    ) -> Self:
        """The network of ``config`` as it was trained on ``dataset``."""
        tasks = {name: dataset.tasks[name] for name in config.members}
        return cls(config, dataset.encoding, tasks, weights, seed, versions)

    def build(self) -> Network:
        """The network with its weights, in evaluation mode, on the CPU."""
        network = build_network(self.config, self.tasks, self.inputs.shape, torch.Generator())
        network.load_state_dict(dict(self.weights))
        return network.eval()

    def save(self, folder: Path) -> None:
        """Write the folder in one go: readers see the whole one or none, wherever the writer is stopped."""
        weights = {name: value.detach().cpu().contiguous() for name, value in self.weights.items()}

        def write(path: Path) -> None:
            (path / WEIGHTS).write_bytes(save(weights))  # save_file ignores the umask
            write_description(path / DESCRIPTION, self)

        replace_folder(folder, write)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a folder that ``save`` wrote; BundleError if it is none, damaged or of another version."""
        try:
            described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
            weights = load_file(folder / WEIGHTS)
        except (OSError, ValueError, SafetensorError) as error:
            raise BundleError(str(folder), f"{DESCRIPTION} and {WEIGHTS}", str(error)) from error
        if described.get("format") != FORMAT:
            found = f"format {described.get('format')}"
            raise BundleError(str(folder), f"a network in format {FORMAT}", found)
        with reading(folder / DESCRIPTION):
            config = TrialConfig.model_validate_json(json.dumps(described["config"]))
            return cls(config=config, weights=weights, **read_fields(described))


def network_folder(config_id: str, seed: int) -> str:
    """The name of the folder of a confirmed network, in a results folder and in a bundle."""
    return f"{config_id}-{seed}"
