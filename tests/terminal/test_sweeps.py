"""The sweeps in a folder: how each stands, and what cannot be read."""

import errno
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mtl_search.cli import main
from mtl_search.leaderboard import Leaderboard, only_process
from mtl_search.terminal.sweeps import list_sweeps, show_sweeps
from tests.fixtures.boards import TASKS, synthetic_trial
from tests.fixtures.sweeps import synthetic_sweep

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sweeps that are done, interrupted and just made, and what is none."""
    folder = tmp_path_factory.mktemp("results")
    synthetic_sweep(folder / "done", trials=20, n_seeds=2)
    synthetic_sweep(folder / "größe [b]", trials=20, confirmed=False)
    Leaderboard.create(folder / "made", TASKS)
    (folder / "tables").mkdir()
    (folder / "tables" / "subsets.parquet").touch()
    (folder / "notes.txt").touch()
    return folder


def shown(folder: Path, capsys: Capture) -> str:
    show_sweeps(folder)
    return capsys.readouterr().out


def listed(folder: Path, capsys: Capture) -> dict[str, Any]:
    assert main(["results", str(folder), "--json"]) == 0
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


def test_each_sweep_says_how_it_stands(folder: Path, capsys: Capture) -> None:
    said = shown(folder, capsys)
    board = Leaderboard(folder / "done")
    (best,) = (row for row in board.summary_records() if row.chosen)
    ends = f"[{best.delta_m_low:+z.2f}, {best.delta_m_high:+z.2f}]"
    assert f"done       done         {len(board.trials())} trials" in said
    assert (
        f"  {best.design_id}: 3 networks, {best.delta_m:+.2f} % {ends} on test: no difference shown" in said
    )
    assert f"ensemble of {best.ensemble_size}: {best.ensemble_delta_m:+.2f} %" in " ".join(said.split())
    assert "größe [b]  interrupted  " in said
    assert "on valid, not confirmed" in said
    assert f"  go on with: mtl-search resume '{folder}/größe [b]'" in said
    assert "made       interrupted  0 trials\n  no design yet" in said
    assert "tables" not in said


@pytest.mark.parametrize(
    ("options", "said"), [((), "gr\\xf6\\xdfe [b]"), (("--json",), "gr\\u00f6\\u00dfe [b]")]
)
def test_what_a_terminal_cannot_show_is_no_reason_to_stop(
    folder: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], said: str
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", stream)
    assert main(["results", str(folder), *options]) == 0
    stream.flush()
    assert said in stream.buffer.getvalue().decode("ascii")


def test_a_sweep_at_work_comes_first(folder: Path, capsys: Capture) -> None:
    assert [one.path.name for one in list_sweeps(folder)[0]][-1] == "made"
    with only_process(folder / "made"):
        assert shown(folder, capsys).startswith("made       running      0 trials\n")


def test_the_age_is_that_of_the_last_trial(tmp_path: Path, capsys: Capture) -> None:
    trial = synthetic_trial("search-0")
    Leaderboard.create(tmp_path / "x", TASKS).record(trial)
    show_sweeps(tmp_path, trial.finished + timedelta(hours=3))
    assert "1 trial, the last 3 h ago" in capsys.readouterr().out


def test_programs_get_the_same(folder: Path, capsys: Capture) -> None:
    value = listed(folder, capsys)
    assert value["unreadable"] == []
    rows = {row["name"]: row for row in value["sweeps"]}
    assert {name: row["state"] for name, row in rows.items()} == {
        "done": "done",
        "größe [b]": "interrupted",
        "made": "interrupted",
    }
    assert rows["made"]["design"] is None
    (best,) = (row for row in Leaderboard(folder / "done").summary_records() if row.chosen)
    design = rows["done"]["design"]
    assert (design["design_id"], design["delta_m_test"]) == (best.design_id, best.delta_m)
    assert rows["größe [b]"]["design"]["delta_m_test"] is None


def test_a_sweep_itself_is_listed_alone(folder: Path, capsys: Capture) -> None:
    assert [row["name"] for row in listed(folder / "done", capsys)["sweeps"]] == ["done"]


def test_without_any_sweep(tmp_path: Path, capsys: Capture) -> None:
    assert shown(tmp_path, capsys).startswith(f"no sweep in {tmp_path}")
    assert listed(tmp_path, capsys) == {"sweeps": [], "unreadable": []}


def garbage(path: Path) -> None:
    (path / "trials.log").unlink()
    (path / "trials.parquet").write_bytes(b"PAR1 and then nothing")


def other_version(path: Path) -> None:
    table = pq.read_table(path / "designs.parquet")
    table = table.replace_schema_metadata({**table.schema.metadata, b"mtl_search.version": b"1"})
    pq.write_table(table, path / "designs.parquet")


def another_table(path: Path) -> None:
    pq.write_table(pa.table({"x": [1]}), path / "designs.parquet")


def only_the_file(path: Path) -> None:
    for left in path.iterdir():
        left.unlink()
    (path / "sweep.yaml").write_text("name: x")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (garbage, "trials.parquet: expected a Parquet file"),
        (other_version, "designs.parquet: expected schema version"),
        (another_table, "designs.parquet: expected table 'designs'"),
        (only_the_file, "without trials.log and without table 'trials'"),
    ],
)
def test_what_cannot_be_read_is_named_beside_the_rest(
    tmp_path: Path, capsys: Capture, damage: Callable[[Path], None], said: str
) -> None:
    for name in ("broken", "whole"):
        Leaderboard.create(tmp_path / name, TASKS)
    damage(tmp_path / "broken")
    assert main(["results", str(tmp_path)]) == 0
    output, errors = capsys.readouterr()
    first, _, _, last = output.splitlines()
    assert first.startswith("whole  ")
    assert last.startswith(f"cannot be read: {tmp_path / 'broken'}")
    assert said in last
    assert errors == ""
    (row,) = listed(tmp_path, capsys)["unreadable"]
    assert row["folder"] == str(tmp_path / "broken")
    assert said in row["error"]


def test_what_may_not_be_read_is_named(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Path.is_file

    def is_file(path: Path) -> bool:  # a stat in a folder of another user
        if path.parent.name == "made":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return plain(path)

    monkeypatch.setattr(Path, "is_file", is_file)
    said = shown(folder, capsys)
    assert f"cannot be read: {folder / 'made' / 'trials.log'}: expected a file that can be read" in said
    assert "done       done  " in said


def test_links_that_lead_in_a_circle_are_no_sweeps(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert listed(tmp_path, capsys) == {"sweeps": [], "unreadable": []}


@pytest.mark.parametrize("kind", ["nothing", "file"])
def test_a_folder_that_is_none(tmp_path: Path, capsys: Capture, kind: str) -> None:
    path = tmp_path / "x"
    if kind == "file":
        path.touch()
    assert main(["results", str(path)]) == 2
    assert capsys.readouterr().err.startswith(
        f"mtl-search: {path}: expected a folder with sweeps in it, found"
    )
