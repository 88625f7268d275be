"""How much of a table may be in memory, and where the rest goes."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self, final

__all__ = ["CACHE", "UNFINISHED", "Room"]

CACHE = ".cache"  # below the folder of the sweeps' folders
UNFINISHED = ".part"  # what is only there while a process writes it


@final
@dataclass(frozen=True, slots=True)
class Room:
    """``memory``: bytes of a table, and as many of its encoded rows, that may be in memory.

    ``folder``: where files are made for what does not fit.
    """

    memory: int
    folder: Path

    @classmethod
    def below(cls, results: Path, memory: int | None) -> Self:
        """With the cache of this folder of the sweeps' folders, and a quarter of the machine's memory."""
        return cls(memory or _machine_memory() // 4, results / CACHE)


def _machine_memory() -> int:
    """In bytes, or what a container leaves this process."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for file in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            total = min(total, int(Path("/sys/fs/cgroup", file).read_text()))
        except (OSError, ValueError):  # no container, or one without a limit
            continue
    return total
