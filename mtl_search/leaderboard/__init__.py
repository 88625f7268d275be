"""What a sweep measured, as Parquet tables that survive whatever stops it.

The folder of a sweep holds one folder of part files for each table of `SCHEMAS`. Parquet, because everything
reads it (pandas, Polars, DuckDB) and the units travel in the schema; part files, because a row must be safe
the moment the trial ends, and a Parquet file cannot be appended to. The rules that make this safe and fast:

- A part is written under a temporary name, flushed and renamed: it is there whole or not at all.
- A trial's metrics and history are written before its row of ``trials``, which is the commit: readers ignore
  rows without a trial. A process that is killed in between leaves rows that the next writer deletes.
- Parts are merged 32 at a time, level by level, so that 5,000 trials are some forty files and each row was
  rewritten a few times. A merged part names those it replaces; readers skip them, deleted or not.
- One process writes (the one that runs the sweep); any number read, while it writes.

Two tables stand beside the five one would expect. ``tasks`` says each task's metric, direction, floor and
role, without which no gain can be recomputed from the tables. ``resamples`` holds the jackknife values of the
confirmation, which tell how much a difference depends on the rows that happen to be in test.

Read them with `Leaderboard`, or directly: ``pandas.read_parquet("results/x/trials")``.
"""

from mtl_search.leaderboard.board import Leaderboard, TaskInfo
from mtl_search.leaderboard.schema import SCHEMAS, VERSION, describe

__all__ = ["SCHEMAS", "VERSION", "Leaderboard", "TaskInfo", "describe"]
