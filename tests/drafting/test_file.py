"""The sweep file: it says what it means, and can be read as that."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.cli import main
from mtl_search.drafting import DraftData, columns_named, drafted
from mtl_search.drafting.budgets import LEAST, fitting
from mtl_search.drafting.writing import Listed, Reasoned, written
from mtl_search.errors import DataError
from mtl_search.space import parse_document

Texts = st.text(max_size=20)
Integers = st.integers(1 - 10**18, 10**18 - 1)  # larger ones are read as floats
Scalars = st.one_of(Texts, Integers, st.booleans(), st.floats(allow_nan=False, allow_infinity=False))


@given(
    st.dictionaries(st.text(), Scalars, max_size=3), st.lists(st.text(), max_size=3, unique=True), st.text()
)
def test_any_name_and_value_is_read_as_it_was(values: dict[str, Any], names: list[str], why: str) -> None:
    block = {"a": {"flow": Reasoned(values, why)}, "b": Listed(dict.fromkeys(names, why)), "c": values}
    block = {key: value for key, value in block.items() if value and value != Listed({})}
    read = parse_document(written([why], block), "x.yaml").data
    assert read["a"]["flow"] == values
    assert read.get("b", []) == names
    assert read.get("c", {}) == values


def test_budgets_grow_with_the_time() -> None:
    found = [fitting(seconds, lambda budget: budget["trials"] * 10.0) for seconds in (30, 40, 70, 500, 1e9)]
    assert found[0] is None
    assert found[1] == LEAST
    trials = [budget["trials"] for budget in found[2:]]
    assert trials == sorted(set(trials))


def test_columns_are_named_as_they_are() -> None:
    with pytest.raises(DataError, match="did you mean 'cost'"):
        columns_named("ill,coast", ["ill", "cost"])


def test_minutes_that_no_budget_fits_become_hours(draft: Callable[..., DraftData], tmp_path: Path) -> None:
    found = drafted(draft(), tmp_path / "x.yaml", minutes=0.1)
    assert found.seconds is None
    assert found.spec.settings.budget.hours == pytest.approx(0.1 / 60, abs=1e-3)


def test_a_draft_passes_check(
    columns: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    more = {
        "my id": np.arange(400),
        "a, b: #{c}": columns["x"] * 2,
        "\n": columns["z"],
        "patient": np.arange(400) // 4,
    }
    pa_csv.write_csv(pa.table({**columns, **more}), "data/my 100% table.csv")
    assert main(["new", "data/my 100% table.csv", "--tasks", "cost,ill", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["file"] == "my-100-table.yaml"
    assert (found["group"], list(found["dropped"])) == ("patient", ["my id"])
    assert main(["check", "my-100-table.yaml"]) == 0
    assert "note" not in capsys.readouterr().out
    assert main(["new", "data/my 100% table.csv", "--tasks", "ill", "--quiet", "--out", "data/one.yaml"]) == 0
    assert capsys.readouterr().out == "data/one.yaml\n"
    assert 'source: "my 100% table.csv"' in Path("data/one.yaml").read_text()
    assert main(["check", "data/one.yaml"]) == 0
