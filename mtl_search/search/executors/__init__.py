"""Executors: who trains the jobs, siblings with one interface (``base``).

``ray_backend`` lets Ray Tune place jobs on workers, each of which runs ``trainable``; ``inline`` trains one
after the other in this process and needs no Ray. ``place`` is what a job was allocated.
"""

from mtl_search.search.executors.base import Demands, Executor

__all__ = ["Demands", "Executor"]
