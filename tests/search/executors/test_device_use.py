"""What is measured of a GPU; on the CPU, nothing."""

import math
import time
from contextlib import closing

import pytest
import torch

from mtl_search.search.executors.device_use import NOTHING_KNOWN, UseMeter

MEBIBYTE = 2**20
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU, which this machine lacks")


class Fake:
    """A GPU whose driver gives one number after the other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *percent: float) -> None:
        self.percent, self.resets = list(percent), 0
        monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", self._reset)
        monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: 3 * MEBIBYTE)
        monkeypatch.setattr(torch.cuda, "utilization", self._utilization)

    def _reset(self) -> None:
        self.resets += 1

    def _utilization(self) -> float:
        if not self.percent:
            raise ModuleNotFoundError("pynvml")
        return self.percent.pop(0)


def test_on_a_cpu_nothing_is_known() -> None:
    with closing(UseMeter(on_gpu=False)) as meter:
        assert meter.use() is NOTHING_KNOWN
    assert math.isnan(NOTHING_KNOWN.peak_memory)


def test_a_short_trial_is_looked_at_when_somebody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = Fake(monkeypatch, 90, 40)
    with closing(UseMeter(on_gpu=True)) as meter:
        use = meter.use()
    assert (use.peak_memory, use.utilisation, gpu.resets) == (3 * MEBIBYTE, 0.4, 1), "not what was before it"


def test_without_a_driver_that_says_so_it_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    Fake(monkeypatch)
    use = UseMeter(on_gpu=True).use()
    assert (use.peak_memory, math.isnan(use.utilisation)) == (3 * MEBIBYTE, True)


@needs_gpu
def test_what_a_gpu_did() -> None:
    with closing(UseMeter(on_gpu=True)) as meter:
        values = torch.randn(4096, 4096, device="cuda")
        until = time.monotonic() + 2.5
        while time.monotonic() < until:
            values = (values @ values).clamp(-1, 1)
            torch.cuda.synchronize()
        use = meter.use()
    assert use.peak_memory >= 3 * 64 * MEBIBYTE
    assert math.isnan(use.utilisation) or use.utilisation > 0.5
