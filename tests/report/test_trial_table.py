import base64
import gzip
import json
from dataclasses import replace
from typing import Any

from mtl_search.report.tables import Tables
from mtl_search.report.trial_table import trial_table


def unpacked(tables: Tables) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(trial_table(tables).packed)))
    return found


def at(column: Any, row: int) -> Any:
    return column[row] if isinstance(column, list) else column["of"][column["at"][row]]


def test_every_trial_is_there_with_its_whole_configuration(tables: Tables) -> None:
    content, known = unpacked(tables), tables.trials.set_index("trial_id")
    assert content["n"] == len(known)
    assert {at(content["columns"]["trial_id"], row) for row in range(len(known))} == set(known.index)
    for row in range(0, len(known), 17):
        trial = known.loc[at(content["columns"]["trial_id"], row)]
        config = json.loads(trial["config"])
        assert at(content["config"]["trunk.width"], row) == config["trunk"]["width"]
        assert at(content["config"]["optimizer.lr"], row) == config["optimizer"]["lr"]
        assert at(content["columns"]["members"], row) == ", ".join(trial["members"])
        assert (at(content["columns"]["error"], row) is None) == (trial["state"] != "failed")


def test_what_is_equal_everywhere_is_there_once(tables: Tables) -> None:
    assert unpacked(tables)["config"]["trunk.name"]["of"] == ["mlp"]


def test_filters_are_what_there_is(tables: Tables) -> None:
    filters = {column: [value for value, _ in choices] for column, _, choices in trial_table(tables).filters}
    assert set(filters["phase"]) == {"search", "confirmation"}
    assert set(filters["state"]) == set(tables.trials["state"])


def test_without_trials_there_is_no_table(tables: Tables) -> None:
    assert trial_table(replace(tables, trials=tables.trials[:0])) is None
