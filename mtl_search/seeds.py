"""Seeds: the one place where a seed, or a stream of random numbers, is derived from another.

What is derived depends on the text of its parts alone: not on the process, the machine, or on what was drawn
before. A resumed sweep draws what it would have drawn, and a trial is trained alike wherever it runs.
"""

import zlib

import numpy as np

__all__ = ["derive_seed", "random_stream"]


def derive_seed(*parts: object) -> int:
    """A seed of 32 bits from ``parts``, by CRC-32: a hash that Python does not salt.

    >>> derive_seed(0, "confirmation", 1)
    2449793104
    """
    return zlib.crc32("/".join(map(str, parts)).encode())


def random_stream(seed: int, *parts: int) -> np.random.Generator:
    """NumPy's generator for one purpose: other ``parts`` (all at least 0) give an independent stream."""
    return np.random.default_rng((seed, *parts))
