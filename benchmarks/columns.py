"""Write the columns of every table, from the schema, into `results/README.md`."""

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from mtl_search.leaderboard.schema import SCHEMAS

PATH = Path(__file__).parents[1] / "results" / "README.md"
START = "What follows is written from the schema"
WORDS = {
    "string": "text",
    "binary": "bytes",
    "double": "number",
    "int64": "whole number",
    "bool": "true or false",
    "timestamp[us, tz=UTC]": "time",
}


def kind(found: pa.DataType) -> str:
    """A type in words.

    >>> kind(pa.list_(pa.string())), kind(pa.map_(pa.string(), pa.float64()))
    ('list of text', 'text to number')
    """
    if pa.types.is_list(found):
        return f"list of {kind(found.value_type)}"
    if pa.types.is_map(found):
        return f"{kind(found.key_type)} to {kind(found.item_type)}"
    return WORDS[str(found)]


def rows(schema: pa.Schema) -> Iterator[str]:
    """A row for each column."""
    for field in schema:
        unit, meaning = (field.metadata[key].decode() for key in (b"unit", b"doc"))
        yield f"| `{field.name}` | {kind(field.type)} | {unit} | {meaning} |".replace("|  |", "| |")


def columns() -> str:
    """All tables as Markdown."""
    parts = []
    for table, schema in SCHEMAS.items():
        row = schema.metadata[b"mtl_search.row"].decode()
        head = f"## {table}\n\nA row: {row}.\n\n| column | type | unit | meaning |\n|---|---|---|---|\n"
        parts.append(head + "\n".join(rows(schema)) + "\n")
    return "\n".join(parts)


def main() -> None:
    """Replace what follows the sentence that says so."""
    text = PATH.read_text(encoding="utf-8")
    kept = re.sub(rf"(^{START}[^\n]*\n).*", r"\1", text, flags=re.DOTALL | re.MULTILINE)
    PATH.write_text(f"{kept}\n{columns()}", encoding="utf-8")


if __name__ == "__main__":
    main()
