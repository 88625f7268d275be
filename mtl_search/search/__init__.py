"""The search: from a sweep file to recorded trials and composed designs. The only importer of Ray.

Who does what, upper ones not knowing of lower ones:

- ``jobs`` is all that the side that trains and the side that decides know of each other; ``executors`` train
  jobs, in this process or, through Ray Tune, on workers.
- ``ledger`` is what is known of the trials so far, and keeps them: recorded before the study is told.
- ``designs`` composes networks to designs, recommends one and names the finalists and their controls.
- ``studies`` draws the next network of a study: members, hyperparameters, what did well elsewhere.
- ``budget`` says which study has its turn, and what time is left for what.
- ``phases`` are the job sources: the search, the catch-up of the references, replication and confirmation.
- ``preparing`` checks and sets up what has to be there before the first trial.
- ``run`` puts everything together; ``snapshot`` is how it looks from outside.

Where this differs from the first design: Optuna's studies think in memory and are made again from the
leaderboard's log (``studies.optuna_study`` says why; the journal is for Optuna's tools alone), test rows are
not merely left unread during the search but absent from its data, and there is a replication between search
and confirmation (``phases.replication`` says why).
"""

from mtl_search.search.course import SweepResult, Watch
from mtl_search.search.executors.base import Executor
from mtl_search.search.preparing.constraints import check_constraints
from mtl_search.search.run import resume_sweep, run_sweep
from mtl_search.search.snapshot import ArmProgress, Snapshot

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
