"""Wrong input: exit code 2, one message that names the place, no traceback, nothing written."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from mtl_search.cli import main
from mtl_search.leaderboard import Leaderboard
from mtl_search.sweep import load_sweep
from tests.fixtures.data import tiny_table

TinySweep = Callable[..., dict[str, Any]]
Table = Callable[[pa.Table], pa.Table]
Write = Callable[[dict[str, Any]], Path]
Capture = pytest.CaptureFixture[str]


def refused(capsys: Capture, *arguments: object) -> str:
    """Run a command that must refuse its input; what it said."""
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as exit_:  # argparse's way
        code = int(str(exit_.code))
    output, errors = capsys.readouterr()
    assert code == 2
    assert output == ""
    assert "Traceback" not in errors
    return errors


def run(capsys: Capture, file: Path, *options: object) -> str:
    """What ``run`` says as it refuses ``file``: one line, and nothing is written."""
    results = file.parent / "results"
    before = {path: path.stat().st_mtime_ns for path in file.parent.rglob("*")}
    said = refused(capsys, "run", file, "--results", results, "--inline", "--quiet", *options)
    assert said.startswith("mtl-search: ")
    assert said.count("\n") == 1, "one message, in one line"
    assert {path: path.stat().st_mtime_ns for path in file.parent.rglob("*")} == before
    return said


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(value: dict[str, Any]) -> Path:
        path = tmp_path / "x.yaml"
        with path.open("w", encoding="utf-8") as file:
            YAML().dump(value, file)
        return path

    return to_file


# the sweep file as a file

BOMB = b"a: &a [b, b, b, b, b, b, b, b, b]\n" + b"".join(
    b"%c: &%c [%s]\n" % (at, at, b", ".join([b"*%c" % (at - 1)] * 9)) for at in b"bcdefghijklm"
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "x.yaml"),
        (b"", "x.yaml"),
        (b"# nothing but a comment\n", "x.yaml"),
        (b"name: caf\xe9\n", "UTF-8"),
        (b"- a\n- b\n", "a mapping"),
        (b"just text\n", "a mapping"),
        (b"name: [a, b\ndata: x\n", "x.yaml:"),
        (b"name: a\n\tdata: b\n", "x.yaml:2"),
        (b"name: a\ndata: {source: b}\nname: c\n", "'name' in lines 1 and 3"),
        (
            b"trial:\n  epochs: 3\n  batch_size: 8\n  epochs: 4\n",
            "x.yaml:4: trial: expected each key once, found 'epochs' in lines 2 and 4",
        ),
        (b"name: &a b\nother: *c\n", "x.yaml:"),
        (b"name: !!python/object:os.system x\n", "x.yaml:"),
        (b"a: 1\n---\nb: 2\n", "x.yaml"),
        (b"name: a\n1: b\n", "x.yaml"),
        (b"name: \x00\n", "x.yaml"),
        (b"a: " + b"[" * 5000 + b"]" * 5000, "x.yaml:1: expected at most 50 levels, found more"),
        (b"a:\n  " + b"- " * 5000 + b"b\n", "x.yaml:2: expected at most 50 levels, found more"),
        (b"a: " + b"{b: " * 5000, "x.yaml:1: expected at most 50 levels, found more"),
        (BOMB, "x.yaml:1: a: expected each value written out, found a reference (& or *)"),
        (b"a: " + b"9" * 5000, "x.yaml:1: a: expected a finite number, found 99999"),
        (b"a: 0x" + b"f" * 5000, "x.yaml:1: a: expected a block of a sweep file"),
        (b"a" * 1000 + b": b", "x.yaml:1: expected keys of at most 200 characters, found 'aaa"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_files_that_are_no_sweep(capsys: Capture, tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "x.yaml"
    if content is not None:
        file.write_bytes(content)
    assert said in run(capsys, file)


def test_a_folder_is_no_sweep(capsys: Capture, tmp_path: Path) -> None:
    folder = tmp_path / "x.yaml"
    folder.mkdir()
    assert "x.yaml" in run(capsys, folder)


# what it says

NO_SUCH_GPU = {"resources": {"gpu": 99}}


def rate(lr: object) -> dict[str, Any]:
    return {"trial": {"optimizer": {"name": "adamw", "lr": lr}}}


def weights(values: object) -> dict[str, Any]:
    return {"trial": {"weighting": {"name": "fixed", "weights": values}}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"budgets": {"trials": 3}}, "budgets: expected a block of a sweep file, found 'budgets'"),
        ({"data": {"sorce": "x"}}, "data.sorce"),
        ({"data": {"source": None}}, "data.source"),
        ({"data": {"split": {"valid": 0.9, "test": 0.2}}}, "data.split"),
        ({"tasks": {"ill": "binery"}}, "did you mean 'binary'?"),
        ({"tasks": {"ill": {"kind": "binary", "metric": "rmse"}}}, "tasks.ill.metric"),
        ({"budget": {"trials": -4}}, "budget.trials"),
        ({"budget": {"trials": 2.5}}, "budget.trials"),
        ({"budget": {"trials": 10**20}}, "budget.trials: expected a whole number, found 1e+20"),
        ({"budget": {"hours": 1}}, "either trials or hours"),
        ({"name": "../outside"}, "name"),
        ({"name": "/tmp/outside"}, "name"),
        ({"name": "a b"}, "name"),
        (NO_SUCH_GPU, "resources.gpu"),
        ({"resources": {"cpu": 0}}, "resources.cpu"),
        ({"constraints": {"n_params": 5}}, "constraints"),
        ({"objective": {"max_networks": 0}}, "objective.max_networks"),
        ({"objective": {"max_networks": 10**9}}, "objective.max_networks: expected a number of at most 1000"),
        ({"sampler": {"name": "tpo"}}, "did you mean 'tpe'?"),
        ({"sampler": {"members": "composed"}}, "it is called 'grouping' now"),
        ({"pruner": {"name": "asha", "reduction_factor": 1}}, "pruner.reduction_factor"),
        ({"arms": {"shared_equal": {"members": "all"}}}, "a name of your own"),
        ({"arms": {"mine": {"epoch": 3}}}, "did you mean 'epochs'?"),
        ({"trial": {"epoch": 3}}, "did you mean 'epochs'?"),
        ({"trial": {"epochs": {"int": [5, 2]}}}, "trial.epochs"),
        ({"trial": {"epochs": {"int": [0, 5]}}}, "trial.epochs"),
        ({"trial": {"epochs": {"integer": [2, 5]}}}, "trial.epochs"),
        ({"trial": {"epochs": "30"}}, "trial.epochs"),
        ({"trial": {"batch_size": {"categorical": []}}}, "trial.batch_size"),
        ({"trial": {"batch_size": {"categorical": [8, 8]}}}, "trial.batch_size"),
        (rate({"float": [0.1, 0.01]}), "trial.optimizer.lr"),
        (rate({"float": [0.0, 0.1], "log": True}), "trial.optimizer.lr"),
        (rate({"float": [0.1, 0.2], "lg": True}), "trial.optimizer.lr"),
        (rate({"float": [0.1, 0.2, 0.3]}), "trial.optimizer.lr"),
        (rate("high"), "trial.optimizer.lr"),
        ({"trial": {"optimizer": {"name": "adma"}}}, "trial.optimizer"),
        ({"trial": {"weighting": {"name": "pcgrd"}}}, "did you mean 'pcgrad'?"),
        (weights({"cost": 1.0}), "trial.weighting"),
        (weights({"cost": 1.0, "ill": -1.0}), "trial.weighting"),
        (weights({"simplex": [10, 0.1]}), "trial.weighting"),
        ({"trial": {"trunk": None}}, "trial.trunk"),
        ({"trial": {"trunk": {"name": "mlp", "stages": 2, "dropout": 1.5}}}, "trial.trunk.dropout"),
        (
            {"trial": {"trunk": {"name": "cnn", "stages": 2}}},
            "trial: expected a map for a cnn, as",
        ),
        (
            {"trial": {"trunk": {"name": "mlp", "stages": 10**6}}},
            "trial.trunk.stages: expected a whole number of stages, from 0 to 1000, found 1000000",
        ),
        (
            {"trial": {"trunk": {"name": "mlp", "stages": {"int": [1, 10**12]}}}},
            "trial.trunk.stages: expected a whole number of stages, from 0 to 1000, found {int:",
        ),
        (
            {"trial": {"trunk": {"name": "mlp", "width": 10**12, "stages": 2}}},
            "trial.trunk.width: expected a number of at most 1048576, found 1000000000000",
        ),
        (
            {"trial": {"trunk": {"name": "resnet", "blocks": {"int": [1, 10**9]}, "stages": 2}}},
            "trial.trunk.blocks: expected a number of at most 1000",
        ),
        (
            {"trial": {"trunk": {"name": "mlp", "stages": 2, "embedding_dim": 8}}},
            "trial.trunk.embedding_dim: expected a known key, found 'embedding_dim'; it belongs to encoder:",
        ),
        ({"trial": {"encoder": {"name": "table", "embedding_dim": 0}}}, "trial.encoder.embedding_dim"),
        ({"trial": {"encoder": {"name": "table", "embedding_dim": 10**9}}}, "at most 1048576 or 'auto'"),
        ({"trial": {"encoder": "tabel"}}, "did you mean 'table'?"),
        (
            {"trial": {"encoder": {"name": "tests.fixtures.parts:Tokens"}}},
            "expected a vector for an mlp, found",
        ),
        (
            {
                "trial": {
                    "encoder": {"name": "tests.fixtures.parts:Tokens"},
                    "trunk": {"name": "tests.fixtures.parts:Stepwise", "stages": 2},
                    "copies": {"categorical": [1, 8]},
                }
            },
            "trial: expected a vector for copies, found a sequence",
        ),
        ({"trial": {"copies": 0}}, "trial.copies"),
        ({"trial": {"copies": {"int": [0, 8]}}}, "trial.copies"),
        (
            {"trial": {"branching": "shared"}},
            "trial.branching: expected a known key, found 'branching'; it is",
        ),
        ({"trial": {"members": {"subset": {"min": 1, "max": 3}}}}, "trial.members"),
        ({"trial": {"members": {"subset": {"min": 0, "max": 2}}}}, "trial.members"),
        ({"trial": {"members": ["cost", "coast"]}}, "did you mean 'cost'?"),
        ({"trial": {"members": ["cost", "cost"]}}, "trial.members"),
        ({"trial": {"members": "some"}}, "trial.members"),
        ({"trial": {"sharing": {"split": {"int": [1, 3]}}}}, "trial.sharing"),
        ({"trial": {"sharing": {"split": 0}}}, "trial.sharing"),
        ({"trial": {"sharing": {"split": {"int": [1, 10**12]}}}}, "a split point from 1 to 2"),
        ({"trial": {"sharing": {"name": "mmoe", "start": {"int": [0, 10**12]}}}}, "a start from 0 to 1"),
        ({"trial": {"sharing": {"name": "mmoe", "experts": {"int": [2, 10**12]}}}}, "at most 1000"),
        ({"trial": {"sharing": {"tree": "some"}}}, "trial.sharing"),
        ({"trial": {"sharing": "cost | ill / cost ill"}}, "trial.sharing"),
        ({"trial": {"sharing": "cost age / cost | age"}}, "trial.sharing"),
        ({"trial": {"precision": "float16"}}, "trial.precision"),
    ],
    ids=str,
)
def test_sweeps_that_cannot_be_run(
    capsys: Capture, tiny_sweep: TinySweep, write: Write, changes: dict[str, Any], said: str
) -> None:
    file = write(tiny_sweep(**changes))
    message = run(capsys, file)
    assert said in message
    if changes != NO_SUCH_GPU:  # which is a matter of the machine, not of the file
        assert re.match(r"mtl-search: \S*x\.yaml(:\d+)?: ", message)
        assert message == refused(capsys, "check", file), "the check finds the same"


def test_a_syntax_error_in_a_module_of_the_users_own(
    capsys: Capture, tiny_sweep: TinySweep, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_unfinished.py").write_text("class Mine(:\n")
    monkeypatch.syspath_prepend(tmp_path)
    file = write(tiny_sweep(trial={"trunk": {"name": "own_unfinished:Mine", "stages": 2}}))
    message = run(capsys, file)
    assert re.search(r"x\.yaml:\d+: trial\.trunk", message)
    assert "SyntaxError: invalid syntax (own_unfinished.py, line 1)" in message


# the data


def without(name: str) -> Table:
    return lambda table: table.drop_columns([name])


def with_column(name: str, make: Callable[[int], Any]) -> Table:
    def change(table: pa.Table) -> pa.Table:
        values = pa.array(make(len(table)))
        index = table.column_names.index(name) if name in table.column_names else None
        return table.append_column(name, values) if index is None else table.set_column(index, name, values)

    return change


def splits(n: int) -> list[str]:
    return ["train"] * (n - 40) + ["valid"] * 20 + ["test"] * 20


def new_class_in_test(table: pa.Table) -> pa.Table:
    stages = with_column("stage", lambda n: ["i", "ii"] * (n // 2 - 1) + ["i", "iv"])(table)
    return with_column("split", splits)(stages)


def no_label_in_valid(table: pa.Table) -> pa.Table:
    labels = with_column("cost", lambda n: [float(i) for i in range(n - 40)] + [None] * 20 + [1.0] * 20)
    return with_column("split", splits)(labels(table))


def by(column: str) -> dict[str, Any]:
    """Changes of a sweep so that ``column`` says which rows are in which split."""
    return {"data": {"split": {"column": column, "valid": None, "test": None, "seed": 0}}}


@pytest.mark.parametrize(
    ("table", "changes", "said"),
    [
        (without("cost"), {}, "no column 'cost'"),
        (None, {"tasks": {"coast": "regression"}}, "did you mean 'cost'?"),
        (None, {"data": {"drop": ["patient", "topic"]}}, "did you mean 'topics'?"),
        (None, {"data": {"drop": ["patient", "cost"]}}, "'cost', which is also under drop"),
        (None, {"data": {"group": "cost"}}, "'cost', which is also under group"),
        (None, {"data": {"group": "pateint"}}, "did you mean 'patient'?"),
        (None, by("ill"), "'ill', which is also under split.column"),
        (None, by("ward"), "ward"),
        (None, by("splot"), "no column 'splot'"),
        (with_column("cost", lambda n: ["much"] * n), {}, "cost"),
        (with_column("cost", lambda n: [1.0, float("inf")] * (n // 2)), {}, "cost"),
        (with_column("ill", lambda n: [float(i % 3) for i in range(n)]), {}, "ill"),
        (with_column("age", lambda n: [1.0, float("inf")] * (n // 2)), {}, "age"),
        (with_column("split", lambda n: ["train"] * n), by("split"), "split"),
        (with_column("split", lambda n: ["train", "valid", "tset", "test"] * (n // 4)), by("split"), "tset"),
        (lambda table: table.slice(0, 0), {}, "at least one row"),
        (lambda table: table.slice(0, 1), {}, "row"),
        (lambda table: table.select(["cost", "ill"]), {"data": {"drop": []}}, "input"),
    ],
)
def test_tables_that_cannot_be_used(
    capsys: Capture,
    tiny_sweep: TinySweep,
    write: Write,
    tmp_path: Path,
    table: Table | None,
    changes: dict[str, Any],
    said: str,
) -> None:
    rows = tiny_table(160, missing=0.0)
    pq.write_table(rows if table is None else table(rows), tmp_path / "own.parquet")
    file = write(on_own_table(tiny_sweep(**changes)))
    message = run(capsys, file)
    assert "own.parquet" in message
    assert said in message
    assert message == refused(capsys, "check", file), "the check finds the same"


def on_own_table(sweep: dict[str, Any]) -> dict[str, Any]:
    sweep["data"]["source"] = "own.parquet"
    if "stage" in sweep["tasks"]:
        sweep["data"]["drop"].remove("stage")
    split = sweep["data"]["split"]
    sweep["data"]["split"] = {key: value for key, value in split.items() if value is not None}
    return sweep


@pytest.mark.parametrize(
    ("table", "changes", "task", "said"),
    [
        (with_column("cost", lambda n: [7.0] * n), {}, "cost", "only 7.0"),
        (with_column("cost", lambda n: [None] * n), {}, "cost", "no label"),
        (with_column("ill", lambda n: [1.0] * n), {}, "ill", "two classes"),
        (with_column("ill", lambda n: [None] * n), {}, "ill", "no label"),
        (new_class_in_test, {"tasks": {"stage": "multiclass"}, **by("split")}, "stage", "'iv'"),
        (no_label_in_valid, by("split"), "cost", "a label in every split"),
    ],
)
def test_a_task_that_cannot_be_judged_is_left_out_and_the_others_go_on(
    capsys: Capture,
    tiny_sweep: TinySweep,
    write: Write,
    tmp_path: Path,
    table: Table,
    changes: dict[str, Any],
    task: str,
    said: str,
) -> None:
    pq.write_table(table(tiny_table(160, missing=0.0)), tmp_path / "own.parquet")
    file = write(on_own_table(tiny_sweep(**changes)))
    assert main(["check", str(file)]) == 0
    shown = capsys.readouterr().out
    assert f"task {task!r} is left out" in shown
    assert said in shown
    if task != "stage":
        return
    assert main(["run", str(file), "--results", str(tmp_path), "--inline", "--quiet"]) == 0
    (folder,) = (path.parent for path in tmp_path.glob("*/sweep.yaml"))
    assert Leaderboard(folder).tasks()["task"].to_pylist() == ["cost", "ill"]
    assert load_sweep(folder / "sweep.yaml").settings.all_tasks == ("cost", "ill", "stage"), "for a resume"
    capsys.readouterr()
    assert main(["resume", str(folder), "--inline", "--quiet"]) == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("gone.parquet", None),
        ("empty.parquet", b""),
        ("empty.csv", b""),
        ("short.parquet", b"PAR1"),
        ("garbage.parquet", bytes(range(256)) * 20),
        ("text.parquet", b"age,cost\n1,2\n"),
        ("garbage.feather", b"\x00" * 400),
        ("ragged.csv", b"age,cost,ill\n1,2,0\n3,4\n"),
        ("twice.csv", b"age,cost,cost,ill\n1,2,3,0\n3,4,5,1\n"),
        ("header.csv", b"age,cost,ill\n"),
        ("latin.csv", b"age,cost,ill,n\n1,2,0,caf\xe9\n3,4,1,x\n"),
        ("table.xlsx", b"PK"),
        ("table", b"age,cost\n"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_files_that_are_no_table(
    capsys: Capture,
    tiny_sweep: TinySweep,
    write: Write,
    tmp_path: Path,
    name: str,
    content: bytes | None,
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert name in run(capsys, write(tiny_sweep(data={"source": name, "drop": None})))


def test_a_parquet_file_that_was_cut_short(
    capsys: Capture, tiny_sweep: TinySweep, write: Write, tmp_path: Path
) -> None:
    path = tmp_path / "own.parquet"
    pq.write_table(tiny_table(160), path)
    whole = path.read_bytes()
    for kept in (len(whole) - 1, len(whole) // 2, 10):
        path.write_bytes(whole[:kept])
        assert "own.parquet" in run(capsys, write(tiny_sweep(data={"source": "own.parquet"})))


def test_damage_inside_a_parquet_file(
    capsys: Capture, tiny_sweep: TinySweep, write: Write, tmp_path: Path
) -> None:
    path = tmp_path / "own.parquet"
    pq.write_table(tiny_table(160), path, compression="zstd")
    damaged = np.frombuffer(path.read_bytes(), np.uint8).copy()
    damaged[40:400] ^= 0xFF
    path.write_bytes(damaged.tobytes())
    assert "own.parquet" in run(capsys, write(tiny_sweep(data={"source": "own.parquet"})))


def test_a_folder_without_parts(capsys: Capture, tiny_sweep: TinySweep, write: Write, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    assert "parts" in run(capsys, write(tiny_sweep(data={"source": "parts"})))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("supprt2", "did you mean 'support2'?"),
        ("nowhere://x/y.parquet", "a URI"),
        ("~nobody/x.parquet", "x.parquet"),
        ("http://127.0.0.1:1/x.csv", "127.0.0.1:1"),
    ],
)
def test_sources_that_lead_nowhere(
    capsys: Capture, tiny_sweep: TinySweep, write: Write, source: str, said: str
) -> None:
    message = run(capsys, write(tiny_sweep(data={"source": source})))
    assert said in message


# options and folders


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--trials", "-4"), "expected a whole number from 1, found '-4'"),
        (("--trials", "0"), "found '0'"),
        (("--trials", "many"), "found 'many'"),
        (("--trials", "2.5"), "found '2.5'"),
        (("--nonsense",), "--nonsense"),
        (("--trials",), "--trials"),
        (("again.yaml",), "again.yaml"),
    ],
    ids=str,
)
def test_options_that_make_no_sense(
    capsys: Capture, tiny_sweep: TinySweep, write: Write, options: tuple[str, ...], said: str
) -> None:
    file = write(tiny_sweep())
    errors = refused(capsys, "run", file, "--results", file.parent / "results", *options)
    assert said in errors
    assert not (file.parent / "results").exists()


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "a/b", "", ".", "..", "a b", "x" * 200])
def test_names_that_escape_the_results(
    capsys: Capture, tiny_sweep: TinySweep, write: Write, name: str
) -> None:
    assert "name" in run(capsys, write(tiny_sweep()), "--name", name)


def test_results_that_are_there(capsys: Capture, tiny_sweep: TinySweep, write: Write) -> None:
    file = write(tiny_sweep())
    (file.parent / "results" / "tiny").mkdir(parents=True)
    (file.parent / "results" / "tiny" / "notes.txt").touch()
    message = run(capsys, file)
    assert "no sweep of this name yet" in message
    assert f"mtl-search resume {file.parent / 'results' / 'tiny'}" in message


def test_results_in_a_file(capsys: Capture, tiny_sweep: TinySweep, write: Write) -> None:
    file = write(tiny_sweep())
    (file.parent / "results").write_text("mine")
    assert "a folder that can be made" in run(capsys, file)


@pytest.mark.parametrize("command", ["resume", "top", "report", "compare"])
@pytest.mark.parametrize("kind", ["nothing", "file", "empty", "other"])
def test_folders_without_a_sweep(capsys: Capture, tmp_path: Path, command: str, kind: str) -> None:
    path = tmp_path / "sweep"
    if kind == "file":
        path.write_text("x")
    elif kind in ("empty", "other"):
        path.mkdir()
    if kind == "other":
        (path / "trials").mkdir()
        (path / "trials" / "notes.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    message = refused(capsys, command, path)
    assert message.startswith("mtl-search: ")
    assert str(path) in message
    assert message.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("chek",), "COMMAND: expected one of new, check, run,"),
        (("chek",), "found 'chek'; did you mean 'check'?"),
        (("--vresion",), "found '--vresion'; did you mean '--version'?"),
        (("run",), "run: expected FILE, found nothing; see mtl-search run --help"),
        (("resume",), "resume: expected DIR, found nothing"),
        (("run", "x.yaml", "--trails", "3"), "found '--trails'; did you mean '--trials'?"),
        (("run", "x.yaml", "--trial", "3"), "found '--trial'; did you mean '--trials'?"),
        (("top",), "top: expected DIR, found nothing"),
        (("top", "x", "-n", "0"), "top: -n: expected a whole number from 1, found '0'"),
        (("compare",), "compare: expected DIR, found nothing"),
        (("completion", "bsh"), "SHELL: expected one of bash, zsh, fish,"),
    ],
    ids=str,
)
def test_commands_that_make_no_sense(capsys: Capture, arguments: tuple[str, ...], said: str) -> None:
    message = refused(capsys, *arguments)
    assert message.startswith("mtl-search: ")
    assert said in message
    assert message.count("\n") == 1
