"""``mtl-search dashboard``: what is running where, and the board's file."""

import json
from pathlib import Path

import pytest

from mtl_search.cli import main
from mtl_search.monitoring import board
from mtl_search.terminal.dashboards import show_dashboards


def test_the_board_is_written_and_written_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "board.json"
    file.write_text('{"uid": "mtl_search", "title": "of an older version"}')
    assert main(["dashboard", "--grafana", str(file)]) == 0
    assert str(file) in capsys.readouterr().out
    assert json.loads(file.read_text()) == board()
    assert [*tmp_path.iterdir()] == [file]


def test_a_dash_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dashboard", "--grafana", "-"]) == 0
    assert json.loads(capsys.readouterr().out) == board()


@pytest.mark.parametrize("text", ["mine", '{"uid": "theirs"}', "[]", "\xff\xfe"])
def test_another_file_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    file = tmp_path / "board.json"
    file.write_text(text, encoding="latin-1")
    assert main(["dashboard", "--grafana", str(file)]) == 2
    assert "found another file" in capsys.readouterr().err
    assert file.read_text(encoding="latin-1") == text


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dashboard", "--grafana", str(tmp_path / "no" / "board.json")]) == 2
    assert "a file in a folder that exists" in capsys.readouterr().err


def test_nothing_runs(capsys: pytest.CaptureFixture[str]) -> None:
    show_dashboards([])
    assert "No Ray dashboard answers" in capsys.readouterr().out


def test_what_runs_is_named_by_its_sweeps(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    show_dashboards([("http://127.0.0.1:8266", ["a[b]", "c"]), ("http://127.0.0.1:8267", [])])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["http://127.0.0.1:8266  a[b], c", "http://127.0.0.1:8267  no sweep of ours"]
    assert "ssh -L 8266:127.0.0.1:8266 HOST" in "\n".join(lines)
    assert "ray get-auth-token" in "\n".join(lines)
