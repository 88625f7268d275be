"""A set of networks and, for each main task, the one that serves it: what a sweep is looking for."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import final

from mtl_search.design.branching import Branching
from mtl_search.design.names import check_name

__all__ = ["Design", "DesignNetwork", "design_id"]

_NETWORK = re.compile(r"\s*(\S+) serves ([^:]*):(.*)", re.DOTALL)


@final
@dataclass(frozen=True, slots=True)
class DesignNetwork:
    """A network of a design: its key, its branching, and which of its members it serves.

    The members that it does not serve help the others in training, nothing more.
    """

    key: str
    branching: Branching
    serves: tuple[str, ...]

    def __post_init__(self) -> None:
        check_name(self.key, "key of a network")
        served = tuple(sorted(self.serves))
        if not served or len(set(served)) < len(served) or not set(served) <= set(self.branching.members):
            members = " ".join(self.branching.members)
            raise ValueError(f"{self.key}: expected to serve some of {members}, found {' '.join(served)!r}")
        object.__setattr__(self, "serves", served)

    def __str__(self) -> str:
        return f"{self.key} serves {' '.join(self.serves)}: {self.branching}"


@final
@dataclass(frozen=True, slots=True)
class Design:
    """Networks that together serve each main task once, in the order of the first task that each serves.

    >>> text = "b serves death: death / death; a serves age cost: age cost death / age cost | death"
    >>> design = Design.parse(text)
    >>> str(design)
    'a serves age cost: age cost death / age cost | death; b serves death: death / death'
    >>> design.serves["death"]
    'b'
    """

    networks: tuple[DesignNetwork, ...]

    def __post_init__(self) -> None:
        if not self.networks:
            raise ValueError("design: expected at least one network, found none")
        _check_distinct("key", (network.key for network in self.networks))
        _check_distinct("served task", (task for network in self.networks for task in network.serves))
        object.__setattr__(self, "networks", tuple(sorted(self.networks, key=lambda network: network.serves)))

    @classmethod
    def parse(cls, text: str) -> "Design":
        """The design that ``text`` describes: ``key serves tasks: branching``, ``;`` between networks."""
        networks = []
        for part in text.split(";"):
            match = _NETWORK.fullmatch(part)
            if match is None:
                raise ValueError(f"design: expected 'key serves tasks: branching', found {part.strip()!r}")
            key, served, branching = match.groups()
            networks.append(DesignNetwork(key, Branching.parse(branching), tuple(served.split())))
        return cls(tuple(networks))

    @classmethod
    def from_serves(cls, serves: Mapping[str, str], branchings: Mapping[str, Branching]) -> "Design":
        """The design in which ``serves[task]`` is the key of the network for ``task``."""
        keys = dict.fromkeys(serves.values())
        served = {key: tuple(task for task in serves if serves[task] == key) for key in keys}
        return cls(tuple(DesignNetwork(key, branchings[key], served[key]) for key in keys))

    def __str__(self) -> str:
        return "; ".join(str(network) for network in self.networks)

    @property
    def serves(self) -> dict[str, str]:
        """For each main task, by name, the key of the network that serves it."""
        return dict(sorted((task, network.key) for network in self.networks for task in network.serves))


def design_id(configs: Mapping[str, str]) -> str:
    """A short hash of which configuration serves which main task: equal designs have the same.

    >>> design_id({"age": "c1", "cost": "c2"}) == design_id({"cost": "c2", "age": "c1"})
    True
    """
    text = json.dumps(sorted(configs.items()), separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _check_distinct(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"design: expected each {what} once, found {name} twice")
        seen.add(name)
