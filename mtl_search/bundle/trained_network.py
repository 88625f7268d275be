"""TrainedNetwork: a network with all that it needs to be used, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from mtl_search.bundle.described import Written, reading, write_description
from mtl_search.data import Dataset
from mtl_search.data.encoding import Encoding
from mtl_search.errors import BundleError, Mismatch
from mtl_search.leaderboard import replace_folder
from mtl_search.model import Network, buildable
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
        """Read a folder that ``save`` wrote.

        Raises BundleError if it is none, damaged, of another version, or its weights are another network's.
        """
        of = Written[TrialConfig].read(folder / DESCRIPTION, "a network")
        try:
            weights = load_file(folder / WEIGHTS)
        except (OSError, ValueError, SafetensorError) as error:
            raise BundleError(str(folder / WEIGHTS), "weights of a network", str(error)) from error
        read = cls(of.config, of.inputs, of.by_name, weights, of.seed, of.versions)
        with reading(folder / DESCRIPTION):
            fitting = read._fitting()
        with reading(folder / WEIGHTS):
            _check_weights(fitting, weights)
        return read

    def _fitting(self) -> Mapping[str, Tensor]:
        """What weights the network has, without values; a Mismatch if there is no such network."""
        if others := set(self.config.members) ^ set(self.tasks):
            raise Mismatch("a task for each member, and no other", repr(sorted(others)[0]))
        with buildable():
            network = build_network(self.config, self.tasks, self.inputs.shape, torch.Generator())
            return network.state_dict()


def _check_weights(fitting: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> None:
    """Mismatch if weights are not those of a network of this form."""
    for name in sorted(fitting.keys() | weights.keys()):
        wanted, found = (_form(of.get(name)) for of in (fitting, weights))
        if wanted != found:
            raise Mismatch(f"{wanted} as {name}, as {DESCRIPTION} says", found)


def _form(tensor: Tensor | None) -> str:
    return "nothing" if tensor is None else f"{str(tensor.dtype)[6:]} of shape {tuple(tensor.shape)}"


def network_folder(config_id: str, seed: int) -> str:
    """The name of the folder of a confirmed network, in a results folder and in a bundle."""
    return f"{config_id}-{seed}"
