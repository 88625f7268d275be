"""Executors: which one, with which slots, and what is refused."""

import subprocess
import sys

import pytest
import torch

from mtl_search.errors import ResourceError
from mtl_search.search.executors.inline import Inline
from mtl_search.search.executors.opening import open_executor
from mtl_search.sweep.settings import Resources


def test_inline_is_one_slot_without_a_dashboard() -> None:
    with open_executor(Resources(cpu=2, gpu=0), inline=True) as executor:
        assert isinstance(executor, Inline)
        assert (executor.slots, executor.dashboard) == (1, None)
        assert (executor.place.cpus, executor.place.gpus) == (2, 0.0)


@pytest.mark.parametrize("count", [0, 1, 4])
def test_auto_is_a_gpu_where_there_is_one(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    assert Inline(Resources(gpu="auto")).place.gpus == min(1.0, count)


@pytest.mark.parametrize(("count", "wanted"), [(0, 1), (0, 0.5)])
def test_more_gpus_than_there_are(monkeypatch: pytest.MonkeyPatch, count: int, wanted: float) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    with pytest.raises(ResourceError, match=f"at most the {count} GPUs of this machine"):
        Inline(Resources(gpu=wanted))


def test_no_gpu_is_used_that_was_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert Inline(Resources(gpu=0)).place.device == "cpu"


def test_inline_needs_no_ray() -> None:
    script = (
        "import sys\n"
        "from mtl_search.search.executors.opening import open_executor\n"
        "from mtl_search.sweep.settings import Resources\n"
        "with open_executor(Resources(gpu=0), inline=True):\n"
        "    sys.exit('ray' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
