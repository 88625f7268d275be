"""What export and predict refuse: one line that names the place, what is expected and what was found."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest

from mtl_search.cli import main
from tests.fixtures.data import tiny_table

SUPPORT2 = str(Path(__file__).parents[2] / "results" / "support2")
TABLE = tiny_table(30, seed=1).drop_columns(["topics"])
Change = Callable[[Path], object]


def refused(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> str:
    """The message of a command that must fail and leave ``folder`` as it was."""
    before = sorted(folder.rglob("*"))
    try:
        code = main(list(arguments))
    except SystemExit as exit_:  # of the parser
        code = int(exit_.code or 0)
    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert sorted(folder.rglob("*")) == before
    (line,) = said.err.splitlines()
    assert line.startswith("mtl-search: ")
    assert "expected " in line
    assert "found " in line
    return line


def changed(name: str, column: list[object] | None) -> pa.Table:
    """The table with another column, or without it."""
    at = TABLE.column_names.index(name)
    return TABLE.remove_column(at) if column is None else TABLE.set_column(at, name, pa.array(column))


def csv(text: str) -> Change:
    return lambda path: path.with_suffix(".csv").write_text(text)


def parquet(table: pa.Table) -> Change:
    return lambda path: pa_parquet.write_table(table, path.with_suffix(".parquet"))


def latin(row: str) -> bytes:
    """The row with another ward, in an older encoding."""
    cells = row.split(",")
    cells[TABLE.column_names.index("ward")] = "größe"
    return ",".join(cells).encode("latin-1")


ROW = ",".join(f"{value if value is not None else ''}" for value in TABLE.slice(0, 1).to_pylist()[0].values())
HEAD = ",".join(TABLE.column_names)


@pytest.mark.parametrize(
    ("make", "name", "says"),
    [
        (parquet(changed("age", None)), "t.parquet", ["t.parquet: column 'age'", "numbers, as in training"]),
        (parquet(changed("ward", None)), "t.parquet", ["column 'ward'", "text, as in training ('east', "]),
        (
            parquet(changed("age", ["x"] * 30)),
            "t.parquet",
            ["column 'age'", "found values of type string ('x'"],
        ),
        (parquet(changed("age", [[1]] * 30)), "t.parquet", ["column 'age'", "found values of type list"]),
        (parquet(changed("age", [float("inf")] * 30)), "t.parquet", ["column 'age'", "30 infinite values"]),
        (
            parquet(changed("code", [1] * 30)),
            "t.parquet",
            ["column 'code'", "found values of type int64 (1, 1"],
        ),
        (parquet(changed("code", [True] * 30)), "t.parquet", ["column 'code'", "values of type bool"]),
        (parquet(changed("smoker", ["yes"] * 30)), "t.parquet", ["column 'smoker'", "values of type string"]),
        (parquet(TABLE.rename_columns({"age": "Age"})), "t.parquet", ["column 'age'", "did you mean 'Age'?"]),
        (parquet(TABLE), "none.parquet", ["none.parquet", "nothing at"]),
        (lambda path: path.mkdir(), "t", ["no Parquet file in the folder"]),
        (lambda path: path.with_suffix(".xlsx").write_bytes(b"x"), "t.xlsx", ["t.xlsx", ".parquet"]),
        (lambda path: path.with_suffix(".parquet").write_bytes(b"x"), "t.parquet", ["t.parquet"]),
        (lambda path: path.with_suffix(".feather").write_bytes(b"xyz"), "t.feather", ["t.feather"]),
        (csv(""), "t.csv", ["t.csv", "an empty file"]),
        (csv(f"{HEAD}\n{ROW}\n".replace("age", "years")), "t.csv", ["t.csv: column 'age'", "no column"]),
        (csv(f"{HEAD},age\n{ROW},1\n"), "t.csv", ["column 'age'", "two columns of that name"]),
        (csv(f"{HEAD}\n{ROW}\nold{ROW[ROW.index(',') :]}\n"), "t.csv", ["column 'age'", "'old"]),
        (
            lambda path: path.with_suffix(".csv").write_bytes(f"{HEAD}\n{ROW}\n".encode() + latin(ROW)),
            "t.csv",
            ["t.csv: column 'ward'", "text in UTF-8"],
        ),
        (csv(f"{HEAD}\n{ROW},1,2\n"), "t.csv", ["t.csv", "Expected 9 columns, got 11"]),
        (lambda path: None, "no://where", ["no://where", "a URI"]),
    ],
)
def test_tables_that_cannot_be_predicted(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], make: Change, name: str, says: list[str]
) -> None:
    make(tmp_path / "t")
    source = name if "://" in name else str(tmp_path / name)
    line = refused(capsys, tmp_path, "predict", str(folder), source, str(tmp_path / "out.parquet"))
    assert all(part in line for part in says), line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["t.parquet", "out.xlsx"], ["out.xlsx", "expected a file ending in .parquet or .csv or .feather"]),
        (["t.parquet", "out"], ["out", "ending in"]),
        (["t.parquet", "nowhere/out.csv"], ["nowhere", "a folder that is there"]),
        (["t.parquet", "folder.csv"], ["folder.csv", "found a folder"]),
        (["folder.csv", "folder.csv/out.csv"], ["out.csv", "outside of the folder that is predicted"]),
        (["t.parquet", "t.parquet"], ["t.parquet", "another file than the table"]),
        (["t.parquet", "out.csv", "--keep", "id"], ["--keep", "no column 'id'"]),
        (
            ["t.parquet", "out.csv", "--keep", "ill"],
            ["--keep", "named otherwise than the predictions", "'ill'"],
        ),
        (["t.parquet", "out.csv", "--keep", "age,age"], ["--keep", "'age' twice"]),
        (["t.parquet", "out.csv", "--keep", "lists"], ["--keep", "that the file can hold", "list<"]),
        (["t.parquet", "out.csv", "--device", "tpu"], ["--device", "cpu"]),
        (["t.parquet", "out.csv", "--device", "cuda:99"], ["--device", "cuda where there is a GPU"]),
        (["t.parquet", "out.csv", "--batch", "0"], ["--batch", "a whole number from 1"]),
        (["t.parquet"], ["predict", "OUT"]),
    ],
)
def test_options_of_predict(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: list[str]
) -> None:
    lists = pa.array([[at] for at in range(len(TABLE))])
    pa_parquet.write_table(TABLE.append_column("lists", lists), tmp_path / "t.parquet")
    (tmp_path / "folder.csv").mkdir()
    files = [str(tmp_path / one) if "." in one or one == "out" else one for one in arguments]
    line = refused(capsys, tmp_path, "predict", str(folder), *files)
    assert all(part in line for part in says), line


def edit(**changes: object) -> Change:
    def change(bundle: Path) -> None:
        path = bundle / "model.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return change


WEIGHTS = "networks/cost-3/weights.safetensors"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            edit(format=3, versions={"mtl_search": "9.1"}),
            ["a bundle in format 2", "format 3", "mtl_search 9.1"],
        ),
        (edit(format=1), ["found format 1; made by an earlier mtl_search: export it again"]),
        (edit(format=None), ["model.json", "format None"]),
        (edit(tasks=[]), ["model.json: tasks"]),
        (edit(inputs={}), ["model.json: inputs.inputs"]),
        (edit(files={}), ["model.json", "files of networks/"]),
        (edit(files={"../t.parquet": "0" * 64}), ["model.json", "within the bundle", "../t.parquet"]),
        (edit(files={"/etc/hostname": "0" * 64}), ["model.json", "within the bundle", "/etc/hostname"]),
        (lambda bundle: (bundle / "model.json").unlink(), ["a bundle, as mtl-search export makes it"]),
        (lambda bundle: shutil.rmtree(bundle), ["no such folder"]),
        (lambda bundle: (bundle / "model.json").write_text("{"), ["model.json", "JSON"]),
        (lambda bundle: (bundle / WEIGHTS).unlink(), [f"the file {WEIGHTS}", "copy the whole folder"]),
        (
            lambda bundle: (bundle / WEIGHTS).write_bytes(b"x"),
            [WEIGHTS, "SHA-256", "another content"],
        ),
    ],
)
def test_bundles_that_are_not_whole(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Change, says: list[str]
) -> None:
    shutil.copytree(folder, tmp_path / "model")
    pa_parquet.write_table(TABLE, tmp_path / "t.parquet")
    change(tmp_path / "model")
    arguments = [str(tmp_path / name) for name in ("model", "t.parquet", "out.csv")]
    line = refused(capsys, tmp_path, "predict", *arguments)
    assert all(part in line for part in says), line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing", "out"], ["nothing", "the folder of a sweep", "no such folder"]),
        (["full", "out"], ["full", "the folder of a sweep"]),
        ([SUPPORT2, "full"], ["full", "a bundle to replace", "a folder with other things in it"]),
        ([SUPPORT2, "full/note.txt"], ["note.txt", "found a file"]),
        ([SUPPORT2, "out", "--design", "zzz"], ["--design", "the id of a design", "'zzz'"]),
        (
            [SUPPORT2, "out", "--arm", "shared"],
            ["--arm", "an arm that has a design", "did you mean 'shared_"],
        ),
        (
            [SUPPORT2, "out", "--arm", "single_task", "--networks", "1"],
            ["--networks", "found 1; it has 5"],
        ),
        ([SUPPORT2, "out", "--networks", "2"], ["--networks", "--arm ARM with it"]),
        ([SUPPORT2, "out", "--seeds", "9"], ["--seeds", "at most 3", "found 9"]),
        ([SUPPORT2, "out", "--seeds", "many"], ["--seeds", "a whole number from 1"]),
        ([SUPPORT2, "out", "--final", "--device", "tpu"], ["--device", "cpu"]),
        ([SUPPORT2, "out", "--design", "a", "--arm", "b"], ["--arm", "either --arm or --design", "both"]),
    ],
)
def test_options_of_export(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: list[str]
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note.txt").write_text("mine")
    ours = {"out", "full", "full/note.txt", "nothing"}
    paths = [str(tmp_path / one) if one in ours else one for one in arguments]
    line = refused(capsys, tmp_path, "export", *paths)
    assert all(part in line for part in says), line
