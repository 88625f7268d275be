"""Stores: where sweeps lie that are in no folder, but below a URI that pyarrow.fs or fsspec opens.

A store (S3, Google's, Azure's, any that fsspec has a driver for) has no append, no rename and no locks.
What it has: an object is put whole or not at all, and what was put is seen by whoever looks afterwards, in
listings too. That is enough for the rules that hold in a folder:

- **A process at work has a copy of the sweep in a folder** (`home`) and works on it as ever, which leaves
  the leaderboard, the report and all else as they are. Each write of the log and of a table is put into the
  store (`publishing`) before the method that made it returns, and before it what else was made (sweep file,
  networks, outputs). So the store goes through the states that a folder goes through, in the same order: a
  finished trial is *recorded, there, before it is told*, a table is replaced whole, and ``trials.parquet``
  last.
- **The log grows by parts** (`log_parts`): ``trials.log.parts/<offset>`` holds what follows after so many
  bytes. Now and then, and in the end, ``trials.log`` is put whole, and then its parts are deleted; a reader
  leaves out of a part what it has already. In the end a plain copy of the objects is a plain folder of a
  sweep.
- **A reader copies to a folder that is gone with it** (`opening`), tables first and then the log, as it
  would read them, and does there what it does anywhere. Plain readers (pandas, Polars, DuckDB) see each
  table whole: a new one begins with the bytes of the one before, so that one that was opened before is read
  to its end. Who opens it in the very moment of the change may be told of a damaged file, and finds it on
  the next look.
- **One process at a time** (`claim`): each puts a claim of its own, then looks for others. It needs no
  conditional put, which not all have. A claim is renewed; one that was not for `claim.LEASE` seconds, by
  the clock of the one who waits, is taken over.
- **A resume, on any machine, begins from the objects alone.** No copy is ever gone on from.

What is otherwise than in a folder: the page is put every quarter of a minute at most, ``journal.log`` (for
Optuna's tools, which open no URI) when a run ends; a process that was killed is taken for one at work for
as long as its claim holds; one that was stopped, not killed, in the middle of a put and for longer than
that may put it after another has taken over. Where files are written in place (``sftp://`` and the like) a
reader would see halves: sweeps there are read, and not run.
"""

from mtl_search.stores.home import Home, home_at, new_home
from mtl_search.stores.opening import Opened, opened, opened_all, opened_folder

__all__ = ["Home", "Opened", "home_at", "new_home", "opened", "opened_all", "opened_folder"]
