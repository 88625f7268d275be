"""How trials share GPUs: as many as there are CPUs for, and no more than fit into their memory."""

import math

from mtl_search.sweep.settings import Resources

__all__ = ["USABLE", "gpu_share", "trials_on"]

USABLE = 0.9  # of a GPU's memory; the rest goes to fragments and to what the estimate forgets


def gpu_share(resources: Resources, cpus: int, gpus: float, *, needed: int = 0, memory: int = 0) -> float:
    """GPUs of one worker of a trial. ``auto``: each is shared evenly, so that there is a trial for all CPUs.

    No more share one than fit into its ``memory`` if a trial needs at most ``needed``, both in bytes and 0 if
    they are not known. A single trial always gets it. Of several workers each has a GPU to itself.

    >>> gpu_share(Resources(gpu="auto"), 64, 1.0)
    0.015625
    >>> gpu_share(Resources(gpu="auto"), 64, 1.0, needed=4 * 2**30, memory=40 * 2**30)
    0.1111111111111111
    """
    if resources.gpu != "auto":
        return min(1.0, resources.gpu)
    if gpus == 0:
        return 0.0
    if resources.team > 1:
        return 1.0
    wanted = max(1, math.ceil(cpus // resources.cpu / gpus))
    if needed and memory:
        wanted = min(wanted, max(1, int(USABLE * memory / needed)))
    return 1.0 / wanted


def trials_on(cpus: int, gpus: float, cpu: int, share: float) -> int:
    """How many workers, each of ``cpu`` CPUs and a share of one GPU, a node holds at a time.

    >>> trials_on(8, 2.0, 1, 0.4)
    4
    """
    by_cpus = cpus // cpu
    return min(by_cpus, int(gpus) * int(1 / share + 1e-9)) if share else by_cpus
