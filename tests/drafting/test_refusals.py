"""What ``new`` refuses: exit code 2, one line that names the table, and nothing written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from mtl_search.cli import main

N = 60
GOOD = "x,y,z\n" + "\n".join(f"{i * 7 % 13},{i % 2},{i * 5 % 11}" for i in range(N)) + "\n"


def column(name: str, values: Callable[[int], object]) -> str:
    rows = [f"{i * 7 % 13},{values(i)}" for i in range(N)]
    return "\n".join([f"x,{name}", *rows]) + "\n"


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (None, ["--tasks", "y"], "t.csv: expected a bundled table, a file, a folder or a URI"),
        ("", ["--tasks", "y"], "t.csv: expected a table, found an empty file"),
        ("x,y\n", ["--tasks", "y"], "t.csv: rows: expected at least one row"),
        (b"\x00\xff\x13junk\x80" * 50, ["--tasks", "y"], "t.csv: "),
        (
            "x,x,y\n1,2,0\n2,3,1\n",
            ["--tasks", "y"],
            "names that differ, found 'x' twice",
        ),
        ("y\n0\n1\n" * 40, ["--tasks", "y"], "t.csv: inputs"),
        (GOOD, [], "t.csv: tasks: expected the columns to predict, found none named; --tasks"),
        (GOOD, ["--tasks", ""], "tasks: expected columns of the table, found nothing"),
        (GOOD, ["--tasks", "y,yy"], "no column 'yy'; did you mean 'y'?"),
        (GOOD, ["--tasks", "class*"], "no column 'class*'"),
        (column("y", lambda i: ""), ["--tasks", "y"], "task 'y': expected a column with labels"),
        (
            column("y", lambda i: 3),
            ["--tasks", "y"],
            "expected labels that differ, found 3 in all 60",
        ),
        (column("y", lambda i: f"t{i}" * 3), ["--tasks", "y"], "found 60 different texts in 60"),
        (column("y", lambda i: f"2024-01-{i % 28 + 1:02d}"), ["--tasks", "y"], "found dates"),
        (column("y", lambda i: "inf" if i == 3 else i / 7), ["--tasks", "y"], "expected finite numbers"),
        ("x,y\n1,0\n2,1\n", ["--tasks", "y"], "t.csv: "),
        (
            GOOD,
            ["--tasks", "y", "--out", "no/such/x.yaml"],
            "no/such/x.yaml: expected a folder to",
        ),
        (GOOD, ["--tasks", "y", "--out", "t.csv/x.yaml"], "t.csv/x.yaml: expected a folder to write it in"),
        (GOOD, ["--tasks", "y", "--out", "."], "expected the name of a file, found a folder"),
        (GOOD, ["--tasks", "y", "--out", "there.yaml"], "there.yaml: expected a file that is not there yet"),
        (GOOD, ["--tasks", "y", "--minutes", "0"], "expected a number of minutes above 0"),
        (GOOD, ["--tasks", "y", "--minuts", "3"], "did you mean '--minutes'?"),
    ],
    ids=range(22),
)
def test_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: str | bytes | None,
    options: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.yaml").write_text("mine")
    if content is not None:
        Path("t.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*")}
    try:
        code = main(["new", "t.csv", *options])
    except SystemExit as exit_:
        code = int(str(exit_.code))
    output, errors = capsys.readouterr()
    assert code == 2
    assert output == ""
    assert said in errors
    assert errors.count("\n") == 1
    assert {path: path.read_bytes() for path in tmp_path.rglob("*")} == before


def test_a_file_is_replaced_if_that_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    random: Any = np.random.default_rng(0)
    pa_csv.write_csv(pa.table({"x": random.normal(size=200), "y": random.normal(size=200)}), "t.csv")
    Path("t.yaml").write_text("mine")
    assert main(["new", "t.csv", "--tasks", "y", "--force", "--quiet"]) == 0
    assert Path("t.yaml").read_text().startswith("# t.csv: 200 rows")
