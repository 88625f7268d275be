"""TreesSpace: what is tuned of boosted trees, the same in every sweep."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import final

from mtl_search.space import FloatRange, IntRange, MembersRange, Parameter, Suggest

__all__ = ["TreesSpace"]

RANGES: Mapping[str, FloatRange | IntRange] = MappingProxyType(
    {  # about those of Gorishniy et al. 2021, table 17, and Grinsztajn et al. 2022, table 5, for a few trials
        "learning_rate": FloatRange(0.02, 0.2, log=True),
        "leaves": IntRange(4, 64, log=True),
        "min_rows": IntRange(5, 100, log=True),
        "columns": FloatRange(0.4, 1.0),
        "rows": FloatRange(0.5, 1.0),
        "l2": FloatRange(1e-3, 30.0, log=True),
    }
)


@final
@dataclass(frozen=True, slots=True)
class TreesSpace:
    """The trials of the arm ``trees``: boosted trees of one task; see `TreesConfig` for each option."""

    members: MembersRange

    def parameters(self, members: Iterable[str] | None = None) -> tuple[Parameter, ...]:
        """What ``sample`` asks for, whatever the members."""
        return tuple(Parameter(f"trees.{name}", one) for name, one in RANGES.items())

    def sample(self, trial: Suggest, members: Iterable[str]) -> dict[str, object]:
        """One configuration, in the shape of `TreesConfig`."""
        values = {name: one.ask(trial, f"trees.{name}") for name, one in RANGES.items()}
        return {"model": "trees", "members": tuple(members), **values}

    def starts(self, members: tuple[str, ...]) -> tuple[dict[str, int], ...]:
        """Nothing is shared, so that no way of sharing comes first."""
        return ()
