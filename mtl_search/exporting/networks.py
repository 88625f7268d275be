"""The trained networks of a design: those that the confirmation kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, final

from mtl_search.bundle.trained_network import NETWORKS, TrainedNetwork, network_folder
from mtl_search.errors import BundleError
from mtl_search.leaderboard import Leaderboard
from mtl_search.sweep import SweepSpec

__all__ = ["Networks", "Wanted"]


class Wanted(NamedTuple):
    """A network, and the seed that it is trained on."""

    config_id: str
    seed: int


@final
@dataclass(frozen=True, slots=True)
class Networks:
    """Gets the networks of a sweep."""

    board: Leaderboard
    spec: SweepSpec

    def get(self, wanted: Sequence[Wanted]) -> dict[Wanted, TrainedNetwork]:
        """Each of them, in that order."""
        return {one: TrainedNetwork.load(self._there(one)) for one in wanted}

    def _there(self, one: Wanted) -> Path:
        path = self.board.path / NETWORKS / network_folder(*one)
        if not path.is_dir():
            raise BundleError(str(path), "a kept network", "none")
        return path
