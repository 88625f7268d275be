"""What a user asked for, as values: the sweep file and everything in it, checked whole before anything runs.

- ``settings``: every block of a sweep file except ``trial:`` and ``arms:``; two of them, ``samplers`` and
  ``pruners``, are configurations that build Optuna's.
- ``spec``: a `SweepSpec`, the settings and the search spaces of one sweep; ``file`` reads, changes and saves
  it.
- ``arms``: the parts of a sweep with budgets of their own, the references among them.
"""

from mtl_search.sweep.spec import SweepSpec, load_sweep

__all__ = ["SweepSpec", "load_sweep"]
