"""A sweep file that trains the networks of a design and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.report.networks import as_yaml

__all__ = ["training_file"]


def training_file(sweep_file: str, configs: Sequence[Mapping[str, Any]]) -> str:
    """The sweep file with the networks of a design in the place of what was searched.

    The first network is the ``trial:`` block, the others are arms. The rest of the text is kept as it is.
    """
    kept = "\n".join(_without_blocks(sweep_file.splitlines(), ("trial", "arms"))).strip()
    first, *others = configs
    blocks: dict[str, Any] = {"trial": first}
    if others:
        blocks["arms"] = {f"network_{number}": config for number, config in enumerate(others, start=2)}
    return f"{kept}\n{as_yaml(blocks)}" if kept else as_yaml(blocks)


def _without_blocks(lines: Sequence[str], names: Sequence[str]) -> list[str]:
    """The lines of a YAML text without its top-level blocks of these names."""
    kept, inside = [], False
    for line in lines:
        if line and not line[0].isspace() and not line.startswith("#"):
            inside = line.split(":")[0].strip() in names
        if not inside:
            kept.append(line)
    return kept
