"""What trials use of the GPU that they hold: its memory, and the time in which it computes."""

import math
import threading
from dataclasses import dataclass
from statistics import fmean
from typing import final

import torch

__all__ = ["NOTHING_KNOWN", "DeviceUse", "UseMeter"]

EVERY = 1.0  # seconds between two looks; the driver counts over the last second or less


@final
@dataclass(frozen=True, slots=True)
class DeviceUse:
    """``peak_memory``: bytes that PyTorch had allocated at most; ``utilisation``: the share of the time in
    which any kernel ran, whoever's. NaN: not known."""

    peak_memory: float = math.nan
    utilisation: float = math.nan


NOTHING_KNOWN = DeviceUse()


@final
class UseMeter:
    """Measures from now until it is closed; on the CPU, where ``on_gpu`` is False, nothing.

    The utilisation is what NVIDIA's driver says of the whole GPU, looked at every second and whenever
    somebody asks, so that a trial shorter than that has one too. It needs the package nvidia-ml-py.
    """

    def __init__(self, *, on_gpu: bool) -> None:
        self._on_gpu = on_gpu
        self._seen: list[float] = []
        self._closed = threading.Event()
        if on_gpu:
            torch.cuda.reset_peak_memory_stats()
            if self._look():  # or there is nothing to look at
                self._seen.clear()  # that was before
                threading.Thread(target=self._go_on, name="utilisation", daemon=True).start()

    def use(self) -> DeviceUse:
        """Up to now."""
        if not self._on_gpu:
            return NOTHING_KNOWN
        if not self._seen:
            self._look()
        seen = fmean(self._seen) if self._seen else math.nan
        return DeviceUse(float(torch.cuda.max_memory_allocated()), seen)

    def close(self) -> None:
        """Measure no more."""
        self._closed.set()

    def _look(self) -> bool:
        try:
            self._seen.append(torch.cuda.utilization() / 100)
        except Exception:  # no package, no driver that knows, a part of a GPU: each library has its own error
            return False
        return True

    def _go_on(self) -> None:
        while not self._closed.wait(EVERY):
            self._look()
