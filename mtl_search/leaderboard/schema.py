"""The written schema of every table: names, types, units and what each column means."""

from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa

from mtl_search.leaderboard.column import FLAG, REAL, TEXT, column, table_schema
from mtl_search.leaderboard.design_schemas import DESIGNS, SUMMARY, SUMMARY_TASKS
from mtl_search.leaderboard.ensembles import ENSEMBLES
from mtl_search.leaderboard.examples import EXAMPLES
from mtl_search.leaderboard.inputs import INPUTS
from mtl_search.leaderboard.stages import STAGES
from mtl_search.leaderboard.trial_schemas import BELIEFS, EPOCHS, GATES, METRICS, PARAMS, RESAMPLES, TRIALS

__all__ = ["SCHEMAS", "column_rows"]

_TASKS = table_schema(
    "tasks",
    "a task of the sweep",
    column("task", TEXT, "name"),
    column("kind", TEXT, "binary, multiclass, multilabel, regression ..."),
    column("role", TEXT, "main (counts in delta_m) or auxiliary (trained only to help)"),
    column("metric", TEXT, "its default metric, which gains are measured in"),
    column("higher_is_better", FLAG, "direction of the metric"),
    column("floor", REAL, "references at most this large have no relative gain", "of the metric"),
    column("reference", REAL, "single-task value on valid that gains refer to", "of the metric"),
    column("weight", REAL, "how much it counts in delta_m, 1 unless set"),
    column("test_rows", TEXT, "fingerprint of its test labels: values are comparable where it is equal"),
)


_COLUMNS = table_schema(
    "columns",
    "a column of a table",
    column("table", TEXT, "name of the table"),
    column("column", TEXT, "name of the column"),
    column("type", TEXT, "its type in Arrow's words"),
    column("unit", TEXT, "its unit, empty where it has none"),
    column("meaning", TEXT, "what it says"),
)

SCHEMAS: Mapping[str, pa.Schema] = MappingProxyType(
    {
        "trials": TRIALS,
        "params": PARAMS,
        "metrics": METRICS,
        "epochs": EPOCHS,
        "resamples": RESAMPLES,
        "gates": GATES,
        "beliefs": BELIEFS,
        "tasks": _TASKS,
        "designs": DESIGNS,
        "summary": SUMMARY,
        "summary_tasks": SUMMARY_TASKS,
        "ensembles": ENSEMBLES,
        "inputs": INPUTS,
        "stages": STAGES,
        "examples": EXAMPLES,
        "columns": _COLUMNS,
    }
)


def column_rows() -> pa.Table:
    """Every column of every table: its type, unit and meaning.

    >>> column_rows().to_pylist()[4]["column"]
    'config_id'
    """
    rows = [
        {
            "table": table,
            "column": field.name,
            "type": str(field.type),
            "unit": field.metadata[b"unit"].decode(),
            "meaning": field.metadata[b"doc"].decode(),
        }
        for table, schema in SCHEMAS.items()
        for field in schema
    ]
    return pa.Table.from_pylist(rows, schema=_COLUMNS)
