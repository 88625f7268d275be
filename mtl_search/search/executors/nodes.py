"""The nodes of a cluster, and how many trials each of them holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, final

import ray

from mtl_search.data.cache import as_size
from mtl_search.errors import ResourceError
from mtl_search.search.executors.gpus import trials_on
from mtl_search.search.executors.place import Place

__all__ = ["Node", "check_room", "slots_on"]


@final
@dataclass(frozen=True, slots=True)
class Node:
    """What a node has for trials; ``memory`` in bytes. ``name`` is Ray's id of it."""

    cpus: int
    gpus: float
    memory: int
    name: str = ""

    @classmethod
    def alive(cls) -> list[Self]:
        """All of the cluster that are there now."""
        there = [(node["Resources"], node.get("NodeID", "")) for node in ray.nodes() if node["Alive"]]
        return [
            cls(int(one.get("CPU", 0)), float(one.get("GPU", 0)), int(one.get("memory", 0)), name)
            for one, name in there
        ]

    def workers(self, place: Place) -> int:
        """How many workers of trials it holds at a time."""
        by_units = trials_on(self.cpus, self.gpus, place.cpus, place.gpus)
        return by_units if place.memory is None else min(by_units, self.memory // place.memory)


def slots_on(nodes: Sequence[Node], place: Place) -> int:
    """How many trials these nodes hold at a time, of which one may have workers on several of them."""
    return sum(node.workers(place) for node in nodes) // place.workers


def check_room(nodes: Sequence[Node], place: Place) -> None:
    """ResourceError if these nodes hold no trial."""
    if slots_on(nodes, place):
        return
    if room := sum(node.workers(place) for node in nodes):
        wanted = f"at most the {room} workers for which there is room, for one trial"
        raise ResourceError("resources", wanted, f"{place.workers}")
    most = max(
        nodes, key=lambda node: (node.gpus >= place.gpus, node.cpus, node.gpus), default=Node(0, 0.0, 0)
    )
    has, asked = f"{most.cpus} CPUs and {most.gpus:g} GPUs", f"cpu: {place.cpus}, gpu: {place.gpus:g}"
    if place.memory is not None:
        has += f" and {as_size(most.memory)} of memory"
        asked += f", memory: {as_size(place.memory)}"
    which = "the cluster" if len(nodes) < 2 else f"its largest node, of {len(nodes)},"
    raise ResourceError("resources", f"at most the {has} of {which} for one trial", asked)
