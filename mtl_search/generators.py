"""Random generators as arguments, also for code that knows none."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["drawing_from"]

CPU = torch.device("cpu")
_ALONE = threading.RLock()  # PyTorch's global states are the process's, and two sweeps may be in it


@contextmanager
def drawing_from(generator: torch.Generator | None, device: torch.device = CPU) -> Iterator[None]:
    """Let what is drawn inside from PyTorch's global generators come from ``generator``, one of the CPU.

    PyTorch's constructors and TorchJD's aggregators draw from the global state and take no generator. Inside,
    the CPU's global state is that of ``generator``, which goes on from where it ended: the same numbers as
    after ``torch.manual_seed``. The global state of ``device``, where that is a GPU, is seeded with a number
    drawn from it. Afterwards the global states are what they were. Without a generator nothing happens. Of
    threads that draw so at the same time, each has its turn.

    >>> with drawing_from(torch.Generator().manual_seed(0)):
    ...     _ = torch.nn.Linear(2, 3)
    """
    if generator is None:
        yield
        return
    on_gpu = device.type == "cuda"
    with _ALONE, torch.random.fork_rng([device] if on_gpu else []):
        if on_gpu:
            seed = int(torch.randint(2**62, (), generator=generator))
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        torch.set_rng_state(generator.get_state())
        yield
        generator.set_state(torch.get_rng_state())
