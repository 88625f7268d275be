"""What a sweep measured, as a log and as Parquet tables that survive whatever stops it.

A sweep has one truth, ``trials.log``: a line for each trial that starts, and one, with all that was measured,
for each that ends (``log`` says what is in them). It is append-only, since a row must be safe the moment the
trial ends and appending is what a file system does safely. All else follows from it.

Each table of `SCHEMAS` is one Parquet file, because everything reads it (pandas, Polars, DuckDB) and the
units travel in the schema. A Parquet file cannot be appended to in place, so it is replaced, by rename, with
one that begins with the same bytes (`TableFile` says why). That costs the more the more trials there are, so
it is done as often as it costs at most 2 % of the time (`Pace`): after every trial where training takes
seconds, after some where it takes less, and at the end. The guarantee, at any moment and wherever the writer
is killed:

- Each table shows every trial that it has once and whole, and none that did not finish.
- ``params``, ``metrics``, ``epochs``, ``resamples``, ``gates`` and ``beliefs`` are replaced before
  ``trials``: a reader of ``trials`` first finds all rows of each trial.
- A trial is in the log as soon as it is recorded, and in the tables with the next replacement. `Leaderboard`
  reads both, without a lock, and misses nothing. `Leaderboard.recover`, before the first write of a process,
  brings the tables up to date, and takes into the log what the tables have and it lacks, so that a log or
  tables that are lost, older or damaged can be gone on from.

Some tables are more than one would expect. ``tasks`` says each task's metric, direction, floor and role,
without which no gain can be recomputed from the tables. ``resamples`` holds jackknife values, on test of the
confirmation's trials and on valid of replicates and single tasks: they say how much a difference depends on
the units (groups, or rows) that happen to be in the split. ``params`` is a column of ``trials`` again, long
and typed; it, ``members_text``, and the arm, phase and state of ``metrics`` are for those who ask questions
of the plain files, derived when these are written and read by nothing here. ``columns`` is this schema.

Read them with `Leaderboard`, or directly: ``pandas.read_parquet("results/x/trials.parquet")``.
"""

from mtl_search.leaderboard.board import LOG_FILE, Leaderboard
from mtl_search.leaderboard.column import VERSION
from mtl_search.leaderboard.ensembles import Ensemble, to_ensembles
from mtl_search.leaderboard.examples import Shown, class_colours, example_rows
from mtl_search.leaderboard.files import clear_partial, errors_of, is_partial, replace_file, replace_folder
from mtl_search.leaderboard.inputs import input_rows
from mtl_search.leaderboard.log import SweepLeaves, TrialStart
from mtl_search.leaderboard.opening import SWEEP_FILE, check_is_sweep
from mtl_search.leaderboard.origin import ORIGIN_FILE, Origin, place_of
from mtl_search.leaderboard.schema import SCHEMAS
from mtl_search.leaderboard.sound import sound
from mtl_search.leaderboard.stages import StageFeatures, stage_rows
from mtl_search.leaderboard.standing import LOCK_FILE, Standing, only_process, standing, without_answer
from mtl_search.leaderboard.tasks import TaskInfo

__all__ = [
    "LOCK_FILE",
    "LOG_FILE",
    "ORIGIN_FILE",
    "SCHEMAS",
    "SWEEP_FILE",
    "VERSION",
    "Ensemble",
    "Leaderboard",
    "Origin",
    "Shown",
    "StageFeatures",
    "Standing",
    "SweepLeaves",
    "TaskInfo",
    "TrialStart",
    "check_is_sweep",
    "class_colours",
    "clear_partial",
    "errors_of",
    "example_rows",
    "input_rows",
    "is_partial",
    "only_process",
    "place_of",
    "replace_file",
    "replace_folder",
    "sound",
    "stage_rows",
    "standing",
    "to_ensembles",
    "without_answer",
]
