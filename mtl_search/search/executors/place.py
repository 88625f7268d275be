"""Place: what one trial was allocated, and nothing else is what it uses."""

import platform
from dataclasses import dataclass
from typing import final

import torch

from mtl_search.search.executors.device_use import NOTHING_KNOWN, DeviceUse
from mtl_search.search.jobs import Placement

__all__ = ["Place"]


@final
@dataclass(frozen=True, slots=True)
class Place:
    """CPUs as torch threads, and a share of a GPU, of each of its workers; without a GPU it stays on the CPU.

    ``minutes`` and ``memory`` (bytes) are limits: a trial beyond them has failed. None: there is none.
    """

    cpus: int
    gpus: float
    minutes: float | None = None
    memory: int | None = None
    workers: int = 1

    @property
    def threads(self) -> int:
        """Threads torch may use."""
        return self.cpus

    @property
    def device(self) -> str:
        """The torch device: the first GPU that is visible, and only those allocated are."""
        return "cuda" if self.gpus > 0 else "cpu"

    @property
    def units(self) -> float:
        """What device seconds count: GPUs if there are any, else CPUs."""
        return self.workers * (self.gpus or float(self.cpus))

    @property
    def bundles(self) -> list[dict[str, float]]:
        """What Ray is asked for: one for each worker."""
        wanted = {"CPU": float(self.cpus), "GPU": self.gpus, "memory": float(self.memory or 0)}
        return [{name: amount for name, amount in wanted.items() if amount}] * self.workers

    def placement(self, seconds: float, jobs: int = 1, use: DeviceUse = NOTHING_KNOWN) -> Placement:
        """Where and how long a job ran, as recorded; ``jobs`` held the place together."""
        name = torch.cuda.get_device_name() if self.gpus > 0 else platform.processor() or platform.machine()
        device = f"{self.device}: {name}" if self.gpus > 0 else "cpu"
        of_device = use.peak_memory, use.utilisation
        return Placement(seconds, self.units / jobs, device, platform.node(), *of_device)
