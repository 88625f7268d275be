import dataclasses
import re

import pytest

from mtl_search.leaderboard.schema import SCHEMAS, VERSION, describe, table_name, table_version
from mtl_search.records import TrialRecord


@pytest.mark.parametrize("table", SCHEMAS)
def test_every_column_says_what_it_means(table: str) -> None:
    for name, kind, _, doc in describe(table):
        assert re.fullmatch(r"[a-z][a-z_]*", name)
        assert kind
        assert len(doc) >= 4, f"{table}.{name}"


@pytest.mark.parametrize("table", SCHEMAS)
def test_a_schema_names_its_table_and_version(table: str) -> None:
    assert table_name(SCHEMAS[table]) == table
    assert table_version(SCHEMAS[table]) == VERSION
    assert SCHEMAS[table].metadata[b"mtl_search.row"]


@pytest.mark.parametrize("table", SCHEMAS)
def test_columns_are_distinct(table: str) -> None:
    assert len(set(SCHEMAS[table].names)) == len(SCHEMAS[table].names)


def test_times_and_rates_have_a_unit() -> None:
    units = {(table, name): unit for table in SCHEMAS for name, _, unit, _ in describe(table)}
    for (table, name), unit in units.items():
        if name.endswith("seconds"):
            assert unit == "s", f"{table}.{name}"
        if name in ("gain", "delta_m", "mean_gain") or name.endswith("difference"):
            assert unit == "percent", f"{table}.{name}"


def test_trials_hold_every_field_of_a_record_but_what_other_tables_hold() -> None:
    fields = {field.name for field in dataclasses.fields(TrialRecord)}
    assert set(SCHEMAS["trials"].names) == fields - {"metrics", "history", "resamples"}


def test_a_foreign_schema_has_no_name() -> None:
    assert table_name(SCHEMAS["trials"].remove_metadata()) is None
