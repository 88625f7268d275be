"""Demands: what the trials of a sweep ask of those who train them, beside their place."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["NOTHING", "Demands"]


@dataclass(frozen=True, slots=True)
class Demands:
    """``imports``: the ``module:Class`` of each trunk of the user's own, which every worker must find.

    ``gpu_memory``: bytes that a trial needs of a GPU at most, 0 where that is not known; asked only where
    there are GPUs to share.
    """

    imports: tuple[str, ...] = ()
    gpu_memory: Callable[[], int] = lambda: 0


NOTHING = Demands()
