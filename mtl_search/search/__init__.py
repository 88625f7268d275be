"""The search: from a sweep file to recorded trials and composed designs. The only importer of Ray.

Who does what; each knows only of those above it:

- ``jobs``: all that the side that trains and the side that decides know of each other; ``executors`` train
  jobs, in this process or, through Ray Tune, on workers.
- ``ledger``: what is known of the trials so far, and the records that it is made of.
- ``designs``: which designs the measured networks make, which is recommended, what it is compared with.
- ``studies``: the next network of a study: its members, its hyperparameters, what did well elsewhere.
- ``budget``: which study has its turn, and what the time that is left is for.
- ``phases``: the job sources. The ``conductor`` is the search; ``catch_up`` and ``replication`` then take
  turns until neither changes anything; ``confirmation`` reads test.
- ``forecast``: how many trials a sweep trains, and how long that takes.
- ``preparing``: what is checked and set up before the first trial; ``remote``: what is sent to a cluster.
- ``course`` takes a sweep through its phases to its tables; ``ending`` says what it lacks, ``snapshot`` how
  it stands, ``observing`` the same for who has its folder alone. ``run`` checks everything and starts it.
  ``public`` has the names below, which are imported when they are used: a worker imports the executors alone.

A trial of the search: an executor asks the conductor for a job; the first study in turn that has budget left
drafts a network within the constraints. An equal one that is trained already answers it from the ledger. Else
it is trained, each epoch asks the study's pruner whether it goes on, and its outcome is recorded in the
leaderboard *before* Optuna is told: a process that is killed in between has lost nothing.

What is not obvious: Optuna's studies think in memory and are made again from the leaderboard's log
(``studies.optuna_study`` says why; a journal or a database is for Optuna's tools alone), test rows are not
merely left unread during the search but absent from its data, and there is a replication between search and
confirmation (``phases.replication`` says why).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mtl_search.search.public import (
        ArmProgress,
        Count,
        Dashboard,
        Executor,
        Part,
        RunningTrial,
        Snapshot,
        Step,
        SweepResult,
        TrialPlan,
        Watch,
        check_constraints,
        check_teams,
        idle_for,
        judged_by,
        observed,
        planned_trials,
        resume_sweep,
        run_sweep,
        still_since,
    )

__all__ = [
    "ArmProgress",
    "Count",
    "Dashboard",
    "Executor",
    "Part",
    "RunningTrial",
    "Snapshot",
    "Step",
    "SweepResult",
    "TrialPlan",
    "Watch",
    "check_constraints",
    "check_teams",
    "idle_for",
    "judged_by",
    "observed",
    "planned_trials",
    "resume_sweep",
    "run_sweep",
    "still_since",
]


def __getattr__(name: str) -> Any:
    """Import the names above when they are used."""
    if name in __all__:
        from mtl_search.search import public

        return getattr(public, name)
    raise AttributeError(f"module 'mtl_search.search' has no attribute {name!r}")
