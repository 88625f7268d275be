"""The search: from a sweep file to recorded trials and composed designs. The only importer of Ray.

Who does what:

- ``sweep`` and ``settings`` check what the user wrote; ``arms`` turns it into arms and their studies.
- ``conductor`` decides: which study has its turn (``turns``), which members (``strategies``, see
  `mtl_search.grouping`), which hyperparameters (``studies``,
  Optuna, and ``transfer``: what did well in other studies), whether to stop (``pruners``), whether the answer
  is known already (``ledger``), whether what was lost is tried again (``attempts``). It records a trial
  before it tells it.
- ``jobs`` is all that an executor sees of it; ``executors`` train them, in this process or, through Ray Tune,
  on workers.
- ``composing`` makes designs of the measured networks. In turn, ``catch_up`` lets the single-task studies try
  what serves in promising designs, and ``replication`` trains these again, until neither changes anything.
  ``choosing`` says, on valid, which design is recommended; ``confirmation`` trains the ``finalists`` and the
  ``control`` of the recommended one, on test (like the replication, it is ``retraining``). ``run`` puts
  everything together.

Where this differs from the first design: Optuna's studies think in memory and are made again from the
leaderboard's log (``studies`` says why; ``journal`` is for Optuna's tools alone), test rows are not merely
left unread during the search but absent from its data, there is a replication between search and confirmation
(``replication`` says why), and ``grouping: bayes`` trains what is expected to raise the best design the most,
which found better designs in its benchmark than the Thompson draws that were planned.
"""

from mtl_search.search.executors.base import Executor
from mtl_search.search.run import SweepResult, Watch, resume_sweep, run_sweep
from mtl_search.search.snapshot import ArmProgress, Snapshot
from mtl_search.search.study_run import check_constraints

__all__ = [
    "ArmProgress",
    "Executor",
    "Snapshot",
    "SweepResult",
    "Watch",
    "check_constraints",
    "resume_sweep",
    "run_sweep",
]
