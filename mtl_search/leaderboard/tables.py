"""The Parquet file of a table: written whole, checked when it is read."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard.files import replace_file
from mtl_search.leaderboard.schema import OLDEST, SCHEMAS, VERSION, table_name, table_version

__all__ = ["DamagedTable", "read_table", "table_file", "write_table"]


class DamagedTable(LeaderboardError):
    """A file that is no Parquet file (any more)."""


def table_file(folder: Path, table: str) -> Path:
    """Where ``table`` of the sweep in ``folder`` is."""
    return folder / f"{table}.parquet"


def write_table(folder: Path, table: str, rows: pa.Table) -> None:
    """Make ``rows`` the whole of ``table``, in one step."""
    rows = rows.replace_schema_metadata(SCHEMAS[table].metadata).combine_chunks()
    replace_file(table_file(folder, table), lambda file: pq.write_table(rows, file, compression="zstd"))


def read_table(folder: Path, table: str) -> pa.Table | None:
    """The rows of ``table`` in the columns of its schema, those added since it was written null.

    None where there is no file, `DamagedTable` where it cannot be read, `LeaderboardError` where it is
    another table or was written by a version whose tables this one cannot read.
    """
    path, schema = table_file(folder, table), SCHEMAS[table]
    try:
        with path.open("rb") as file:
            parquet = pq.ParquetFile(file)
            _check(path, table, parquet.schema_arrow)
            rows = parquet.read(columns=schema.names)
    except FileNotFoundError:
        return None
    except (pa.ArrowException, OSError) as error:
        raise DamagedTable(str(path), "a Parquet file", f"a damaged one ({error})") from error
    return rows if rows.schema.equals(schema) else _conform(path, rows, schema)


def _check(path: Path, table: str, schema: pa.Schema) -> None:
    """LeaderboardError where ``schema`` is not that of ``table`` as this version can read it."""
    if table_name(schema) != table:
        raise LeaderboardError(str(path), f"table {table!r}", repr(table_name(schema) or "another file"))
    if table_version(schema) > VERSION:
        raise LeaderboardError(
            str(path),
            f"schema version {VERSION} or older",
            str(table_version(schema)),
            "a newer mtl_search wrote it: update this one",
        )
    if table_version(schema) < (oldest := OLDEST.get(table, 1)):
        raise LeaderboardError(
            str(path),
            f"schema version {oldest} or newer",
            str(table_version(schema)),
            f"mtl-search resume {path.parent} writes it anew",
        )


def _conform(path: Path, rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """``rows`` with exactly the columns of ``schema``."""
    columns = []
    for field in schema:
        if field.name not in rows.column_names:
            columns.append(pa.nulls(len(rows), field.type))
        elif (found := rows.schema.field(field.name).type) == field.type:
            columns.append(rows[field.name])
        else:
            raise LeaderboardError(f"{path}: {field.name}", f"type {field.type}", str(found))
    return pa.Table.from_arrays(columns, schema=schema)
