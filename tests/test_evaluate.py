"""``mtl-search evaluate``: what it prints of the committed model, and the input that it refuses."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from mtl_search.cli import main
from mtl_search.data import bundled_tables
from mtl_search.exporting import export

ROOT = Path(__file__).parents[1]
TABLE = pq.read_table(bundled_tables()["support2"]).slice(0, 300)
ROWS = len(TABLE)
Capture = pytest.CaptureFixture[str]
Change = Callable[[pa.Table], pa.Table]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recommended design of the committed sweep, one seed of it."""
    return export(ROOT / "results" / "support2", tmp_path_factory.mktemp("bundle") / "model", seeds=1).path


def evaluate(capsys: Capture, model: Path, table: object, *options: object) -> str:
    """What the command prints."""
    assert main(["evaluate", str(model), str(table), *map(str, options)]) == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    return output


def test_the_table_fits_80_columns(
    model: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    path = tmp_path / "labelled.csv"
    pa_csv.write_csv(TABLE, path)
    text = evaluate(capsys, model, path, "--bootstrap", 5)
    assert max(map(len, text.splitlines())) <= 80
    for expected in ("300 rows", "hospital_death", "auroc", "rmse", "5 samples of rows, seed 0"):
        assert expected in " ".join(text.split())


def test_json_is_the_same_whatever_the_format_and_depends_on_the_seed(
    model: Path, tmp_path: Path, capsys: Capture
) -> None:
    pq.write_table(TABLE, tmp_path / "labelled.parquet")
    pa_csv.write_csv(TABLE, tmp_path / "labelled.csv")
    one, other, elsewhere = (
        json.loads(evaluate(capsys, model, tmp_path / name, "--json", "--bootstrap", 3, "--seed", seed))
        for name, seed in (("labelled.parquet", 1), ("labelled.csv", 1), ("labelled.csv", 2))
    )
    for first, second, third in zip(one["tasks"], other["tasks"], elsewhere["tasks"], strict=True):
        default = first["default"]
        assert first["metrics"][default] == pytest.approx(second["metrics"][default], rel=1e-6)
        assert first["metrics"][default]["value"] == pytest.approx(
            third["metrics"][default]["value"], rel=1e-6
        )
        assert first["metrics"][default]["low"] != third["metrics"][default]["low"]


def without(*names: str) -> Change:
    return lambda table: table.drop_columns(list(names))


def changed(name: str, values: object) -> Change:
    return lambda table: table.set_column(table.column_names.index(name), name, pa.array(values))


def twice(table: pa.Table) -> pa.Table:
    return table.append_column("age", table["age"])


TARGETS = [
    "hospital_death",
    "death_180d",
    "functional_outcome",
    "log_stay",
    "log_charges",
    "dnr",
]


@pytest.mark.parametrize(
    ("change", "place", "found"),
    [
        (without("age"), "column 'age'", "no column of that name"),
        (without(*TARGETS), "labels", "none of them"),
        (lambda table: table.slice(0, 0), "rows", "none in"),
        (twice, "columns", "'age' twice"),
        (changed("age", ["old"] * ROWS), "column 'age'", "values of type string"),
        (changed("sex", [[1]] * ROWS), "column 'sex'", "values of type list"),
        (changed("log_stay", ["long"] * ROWS), "column 'log_stay'", "values of type string"),
        (changed("log_stay", [np.inf] * ROWS), "column 'log_stay'", "300 infinite values"),
        (changed("hospital_death", ["yes"] * ROWS), "column 'hospital_death'", "values of type string"),
        (changed("hospital_death", [0.5] * ROWS), "column 'hospital_death'", "0.5"),
        (changed("functional_outcome", [1.5] * ROWS), "column 'functional_outcome'", "1.5"),
        (
            lambda table: (
                table.select([n for n in table.column_names if n not in TARGETS or n == "log_stay"])
                .drop_columns(["log_stay"])
                .append_column("log_stay", pa.nulls(ROWS))
            ),
            "labels",
            "none in 300 rows",
        ),
    ],
)
def test_a_table_that_cannot_be_judged_is_refused(
    change: Change, place: str, found: str, model: Path, tmp_path: Path, capsys: Capture
) -> None:
    path = tmp_path / "labelled.parquet"
    pq.write_table(change(TABLE), path)
    assert main(["evaluate", str(model), str(path)]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith(f"mtl-search: {path}: {place}")
    assert found in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nowhere", "t.csv"], "nowhere: expected a bundle, as mtl-search export makes it, found"),
        (["empty", "t.csv"], "empty: expected a bundle"),
        (["MODEL", "t.csv"], "t.csv: expected a bundled table, a file, a folder or a URI, found nothing at"),
        (["MODEL", "notes.txt"], "notes.txt: expected a file ending in one of"),
        (["MODEL", "broken.parquet"], "broken.parquet: expected a table that can be read"),
        (["MODEL", "t.csv", "--bootstrap", "-1"], "--bootstrap: expected a whole number from 0, found '-1'"),
        (["MODEL", "t.csv", "--seed", "x"], "--seed: expected a whole number from 0, found 'x'"),
        (["MODEL", "t.csv", "--bootstraps"], "did you mean '--bootstrap'?"),
        (["MODEL"], "expected TABLE"),
    ],
)
def test_wrong_arguments_are_refused(
    arguments: list[str],
    expected: str,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("a note", encoding="utf-8")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    try:
        code = main(["evaluate", *(str(model) if one == "MODEL" else one for one in arguments)])
    except SystemExit as left:
        code = int(str(left.code))
    output, errors = capsys.readouterr()
    assert (code, output) == (2, "")
    assert errors.startswith("mtl-search: ")
    assert expected in errors
