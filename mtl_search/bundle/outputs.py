"""What confirmed networks say of test rows, kept so that those of several seeds can be judged together."""

# M labelled test rows of a task, K outputs of it

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from mtl_search.bundle.trained_network import network_folder
from mtl_search.leaderboard import replace_file

__all__ = ["OUTPUTS", "load_outputs", "save_outputs"]

OUTPUTS = "outputs"  # the folder in that of a sweep


def save_outputs(sweep: Path, config_id: str, seed: int, outputs_MK: Mapping[str, Tensor]) -> None:
    """Keep the outputs of a network by task, in one step: four bytes a number, as the network gave them."""
    path = _file(sweep, config_id, seed)
    path.parent.mkdir(exist_ok=True)
    content = save({task: one_MK.contiguous() for task, one_MK in outputs_MK.items()})
    replace_file(path, lambda file: file.write(content))


def load_outputs(sweep: Path, config_id: str, seed: int) -> dict[str, Tensor] | None:
    """The kept outputs; None where there are none (any more), or what is there cannot be read."""
    try:
        return load_file(_file(sweep, config_id, seed))
    except (OSError, SafetensorError):
        return None


def _file(sweep: Path, config_id: str, seed: int) -> Path:
    return sweep / OUTPUTS / f"{network_folder(config_id, seed)}.safetensors"
