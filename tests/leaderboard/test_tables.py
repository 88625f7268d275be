"""Tables of other versions."""

import pytest

from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard import SCHEMAS, VERSION
from mtl_search.leaderboard.tables import read_table, write_table


def stored(folder, table: str, version: int, monkeypatch) -> None:
    """An empty table as that version wrote it."""
    schema = SCHEMAS[table]
    of_version = schema.with_metadata({**schema.metadata, b"mtl_search.version": str(version).encode()})
    monkeypatch.setattr("mtl_search.leaderboard.tables.SCHEMAS", {**SCHEMAS, table: of_version})
    write_table(folder, table, schema.empty_table())
    monkeypatch.undo()


@pytest.mark.parametrize("table", ["designs", "summary"])
def test_designs_of_before_there_was_a_recommended_one_are_refused(tmp_path, table, monkeypatch):
    stored(tmp_path, table, 1, monkeypatch)
    with pytest.raises(LeaderboardError, match=f"version 2 or newer, found 1; .*resume {tmp_path} writes it"):
        read_table(tmp_path, table)


def test_other_tables_of_that_version_are_read(tmp_path, monkeypatch):
    stored(tmp_path, "trials", 1, monkeypatch)
    assert len(read_table(tmp_path, "trials")) == 0


def test_a_newer_version_is_refused(tmp_path, monkeypatch):
    stored(tmp_path, "trials", VERSION + 1, monkeypatch)
    with pytest.raises(LeaderboardError, match="newer mtl_search"):
        read_table(tmp_path, "trials")
