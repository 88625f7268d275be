"""What the schemas of the tables are made of: columns that say what they mean and in which unit."""

import pyarrow as pa

__all__ = [
    "COUNT",
    "FLAG",
    "GAINS",
    "NAMES",
    "PAIRS",
    "REAL",
    "TEXT",
    "TIME",
    "VERSION",
    "column",
    "of_other_version",
    "table_name",
    "table_schema",
    "table_version",
]

VERSION = 6  # rises with every change of a column's name, type or place

_NAME, _VERSION = b"mtl_search.table", b"mtl_search.version"
TEXT, REAL, COUNT, FLAG = pa.string(), pa.float64(), pa.int64(), pa.bool_()
TIME, NAMES, PAIRS = pa.timestamp("us", tz="UTC"), pa.list_(pa.string()), pa.map_(pa.string(), pa.string())
GAINS = pa.map_(pa.string(), pa.float64())


def column(name: str, kind: pa.DataType, doc: str, unit: str = "") -> pa.Field:
    """A column whose documentation and unit travel in the Parquet file."""
    return pa.field(name, kind, metadata={"doc": doc, "unit": unit})


def table_schema(name: str, row: str, *columns: pa.Field) -> pa.Schema:
    """The schema of table ``name``, whose rows are each one ``row``."""
    return pa.schema(columns, metadata={_NAME: name, _VERSION: str(VERSION), "mtl_search.row": row})


def table_name(schema: pa.Schema) -> str | None:
    """The table that a stored schema says it belongs to, None where it says nothing."""
    name = (schema.metadata or {}).get(_NAME)
    return name.decode() if name is not None else None


def table_version(schema: pa.Schema) -> int:
    """The version of a stored schema."""
    return int(schema.metadata[_VERSION])


def of_other_version(found: int, known: int) -> str:
    """What to do about a file of version ``found`` where ``known`` is read."""
    if found > known:
        return "a newer mtl_search wrote it: update this one"
    return "an older mtl_search wrote it: run its sweep.yaml again under another --name"
