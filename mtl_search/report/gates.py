"""What each task takes from each expert, as a table of coloured cells: a map for each level."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mtl_search.analysis.gates import GateLevel
from mtl_search.report.words import MINUS, short

__all__ = ["GateCell", "GateMap", "gate_maps"]


@dataclass(frozen=True, slots=True)
class GateCell:
    """A weight, and how deep its colour is in percent; empty where the task does not know the expert."""

    text: str = ""
    depth: int = 0
    negative: bool = False


@dataclass(frozen=True, slots=True)
class GateMap:
    """A level: ``groups`` are headings over so many ``columns``; each column and row has its whole name."""

    title: str
    groups: tuple[tuple[str, int], ...]
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[GateCell, ...]], ...]


def gate_maps(levels: Sequence[GateLevel], n_before: int, members: Collection[str]) -> tuple[GateMap, ...]:
    """A map for each level, of which the first comes after ``n_before`` stages.

    Experts of one task alone stand below each other, as the first, second ... of its own.
    """
    maps = []
    for stage, level in enumerate(levels, start=n_before + 1):
        title = "Mean gates" if len(levels) == 1 else f"Mean gates, stage {stage}"
        title = f"Stitch after stage {stage}" if level.is_stitch else title
        maps.append(_map(level, title, sorted(members)))
    return tuple(maps)


def _map(level: GateLevel, title: str, members: Sequence[str]) -> GateMap:
    largest = max((abs(w) for taken in level.weights.values() for w in taken.values()), default=0.0)
    full = max(1.0, largest)
    if level.is_stitch:
        named = [list(level.experts)] * len(members)
        columns = tuple((short(name, 16), name) for name in level.experts)
        groups: tuple[tuple[str, int], ...] = ()
    else:
        n_own = max(len(level.own(task)) for task in members)
        padded = [(level.own(task) + [""] * n_own)[:n_own] for task in members]
        named = [level.shared + own for own in padded]
        kinds = (("shared", len(level.shared)), ("own", n_own))
        groups = tuple((kind, count) for kind, count in kinds if count)
        columns = tuple((f"{at}", f"{kind} {at}") for kind, count in groups for at in range(1, count + 1))
    rows = tuple(
        (task, tuple(_cell(level.weights.get(task, {}).get(expert), full) for expert in experts))
        for task, experts in zip(members, named, strict=True)
    )
    return GateMap(title, groups, columns, rows)


def _cell(weight: float | None, full: float) -> GateCell:
    if weight is None:
        return GateCell()
    text = f"{abs(weight):.2f}".removeprefix("0")
    negative = weight < 0 and text != ".00"
    return GateCell(f"{MINUS if negative else ''}{text}", round(100 * abs(weight) / full), negative)
