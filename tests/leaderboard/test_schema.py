import dataclasses
import re

import pytest

from mtl_search.leaderboard.column import VERSION, table_name, table_version
from mtl_search.leaderboard.schema import SCHEMAS, column_rows
from mtl_search.records import TrialRecord


@pytest.mark.parametrize("table", SCHEMAS)
def test_every_column_says_what_it_means(table: str) -> None:
    described = [row for row in column_rows().to_pylist() if row["table"] == table]
    assert [row["column"] for row in described] == SCHEMAS[table].names
    for row in described:
        assert re.fullmatch(r"[a-z][a-z_]*", row["column"])
        assert row["type"]
        assert len(row["meaning"]) >= 4, f"{table}.{row['column']}"


@pytest.mark.parametrize("table", SCHEMAS)
def test_a_schema_names_its_table_and_version(table: str) -> None:
    assert table_name(SCHEMAS[table]) == table
    assert table_version(SCHEMAS[table]) == VERSION
    assert SCHEMAS[table].metadata[b"mtl_search.row"]


@pytest.mark.parametrize("table", SCHEMAS)
def test_columns_are_distinct(table: str) -> None:
    assert len(set(SCHEMAS[table].names)) == len(SCHEMAS[table].names)


def test_times_and_rates_have_a_unit() -> None:
    units = {(row["table"], row["column"]): row["unit"] for row in column_rows().to_pylist()}
    for (table, name), unit in units.items():
        if name.endswith("seconds"):
            assert unit == "s", f"{table}.{name}"
        if name in ("gain", "delta_m", "mean_gain") or name.endswith("difference"):
            assert unit == "percent", f"{table}.{name}"


ELSEWHERE = {"metrics", "history", "resamples", "gates", "beliefs"}  # fields with a table of their own


def test_trials_hold_every_field_of_a_record_but_what_other_tables_hold() -> None:
    fields = {field.name for field in dataclasses.fields(TrialRecord)}
    assert set(SCHEMAS["trials"].names) - {"members_text"} == fields - ELSEWHERE


def test_a_foreign_schema_has_no_name() -> None:
    assert table_name(SCHEMAS["trials"].remove_metadata()) is None
