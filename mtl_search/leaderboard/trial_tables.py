"""TrialTables: the tables that hold trials, each read from its file and, beyond that, from the log."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import final

import pyarrow as pa
import pyarrow.compute as pc

from mtl_search.leaderboard.log import TrialLog, logged_rows
from mtl_search.leaderboard.rows import param_rows
from mtl_search.leaderboard.schema import SCHEMAS
from mtl_search.leaderboard.tables import TableFile, UnusableTable

__all__ = ["TrialTables"]

# In the order they are written: a reader who finds a trial in the last finds all of it.
ORDER = ("params", "metrics", "epochs", "resamples", "gates", "beliefs", "trials")
TOGETHER = 50  # trials whose rows become one piece of memory: by itself each takes many small ones


@final
class TrialTables:
    """The tables of the trials in ``files`` and ``log``.

    The log has the rows of each trial in every table but ``params``, which says nothing that its row of
    ``trials`` does not: its file is for readers who want it long and typed.
    """

    def __init__(self, files: Mapping[str, TableFile], log: TrialLog) -> None:
        self._files, self._log = files, log
        self._rowless: dict[str, set[str]] = defaultdict(set)  # by table: logged trials without a row in it

    def rows(self, table: str) -> pa.Table:
        """The rows of ``table``: those in its file, then those of the trials that it lacks.

        The file is read first. What is recorded meanwhile is then in the log, and each trial is there once.
        """
        if table == "params":
            return param_rows(self.rows("trials"))
        filed = self.filed(table)
        rows = SCHEMAS[table].empty_table() if filed is None else filed
        return pa.concat_tables([rows, self._beyond(table, _trials_of(rows))])

    def bring_up_to_date(self, recorded: set[str]) -> None:
        """Add to each file what of the ``recorded`` trials it lacks; made anew if it has other ones."""
        for table in ORDER:
            filed = self.filed(table, ["trial_id"])
            there = set() if filed is None else _trials_of(filed)
            if filed is None or not there <= recorded:
                rows, there = self.rows(table), set()
                rows = rows.filter(pc.is_in(rows["trial_id"], value_set=pa.array(recorded, pa.string())))
                self._files[table].replace(rows)
            elif len(rows := self._beyond(table, there | self._rowless[table])):
                self._files[table].append(rows)
            self._rowless[table] = recorded - there - _trials_of(rows)

    def filed(self, table: str, columns: list[str] | None = None) -> pa.Table | None:
        """The rows in the file of ``table``; None if it is lost, or unusable and the log has them."""
        try:
            return self._files[table].read(columns)
        except UnusableTable:
            if self._log.exists():
                return None
            raise

    def _beyond(self, table: str, known: Collection[str]) -> pa.Table:
        """The rows of ``table`` in the log, except those of the trials that are ``known``."""
        if table == "params":
            return param_rows(self._beyond("trials", known))
        rows, parts = [SCHEMAS[table].empty_table()], list[pa.Table]()
        for event in self._log.finished(known):
            parts.append(logged_rows(event, table))
            if len(parts) == TOGETHER:
                rows, parts = [*rows, pa.concat_tables(parts).combine_chunks()], []
        return pa.concat_tables([*rows, *parts])


def _trials_of(rows: pa.Table) -> set[str]:
    return set(rows["trial_id"].unique().to_pylist())
