"""Tables written batch by batch, in the format that the ending of the file's name says."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from mtl_search.errors import DataError
from mtl_search.leaderboard import replace_file

__all__ = ["check_out", "write_table"]


def check_out(out: Path) -> None:
    """DataError if no table can be written there."""
    if out.suffix.lower() not in FORMATS:
        raise DataError(str(out), f"a file ending in {' or '.join(FORMATS)}", f"{out.name!r}")
    if out.is_dir():
        raise DataError(str(out), "a file to write", "a folder")
    if not out.parent.is_dir():
        raise DataError(str(out), "a file in a folder that is there", f"no folder {out.parent}")


def write_table(out: Path, tables: Iterable[pa.Table]) -> None:
    """Make these tables, at least one and of one schema, the file at ``out``, in one go."""
    replace_file(out, lambda file: FORMATS[out.suffix.lower()](file, tables))


def _parquet(file: IO[bytes], tables: Iterable[pa.Table]) -> None:
    _write(lambda schema: pa_parquet.ParquetWriter(file, schema, compression="zstd"), tables)


def _csv(file: IO[bytes], tables: Iterable[pa.Table]) -> None:
    options = pa_csv.WriteOptions(quoting_style="needed")
    _write(lambda schema: pa_csv.CSVWriter(file, schema, write_options=options), tables)


def _feather(file: IO[bytes], tables: Iterable[pa.Table]) -> None:
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    _write(lambda schema: pa.ipc.new_file(file, schema, options=options), tables)


def _write(opened: Callable[[pa.Schema], Any], tables: Iterable[pa.Table]) -> None:
    writer = None
    try:
        for table in tables:
            writer = writer or _opened(opened, table.schema)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def _opened(opened: Callable[[pa.Schema], Any], schema: pa.Schema) -> Any:
    """Predictions fit in every format, what is kept beside them may not."""
    try:
        return opened(schema)
    except pa.ArrowException as error:
        hint = "leave it out, or write .parquet"
        raise DataError("--keep", "columns that the file can hold", str(error), hint) from error


FORMATS = {".parquet": _parquet, ".csv": _csv, ".feather": _feather}
