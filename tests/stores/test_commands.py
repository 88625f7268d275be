"""Commands on a URI: what they print, what they leave, what they say when something is wrong."""

import json
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from mtl_search.cli import main
from mtl_search.errors import LeaderboardError, StoreError
from mtl_search.leaderboard import Leaderboard
from mtl_search.stores import new_home
from mtl_search.stores.store import Store
from tests.fixtures.boards import TASKS, synthetic_trial

FINISHED = Path(__file__).parents[2] / "results" / "support2"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def finished(memory: str) -> str:
    """The URI of a sweep that came to its end."""
    store = Store.at(memory).below("support2")
    for path in FINISHED.rglob("*"):
        if path.is_file() and path.name != "report.html":
            store.write(path.relative_to(FINISHED).as_posix(), path.read_bytes())
    return f"{memory}/support2"


@pytest.fixture
def sweep_file(tiny_sweep: Callable[..., dict[str, Any]], tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    blocks = {"budget": {"trials": 1, "reference_trials": 1, "finalists": 1, "seeds": 1}}
    with path.open("w") as file:
        YAML().dump(tiny_sweep(**blocks, trial={"epochs": 1}), file)
    return path


@pytest.mark.parametrize("command", ["top", "top --json", "compare", "compare --json"])
def test_what_is_read_is_what_a_folder_says(command: str, finished: str, capsys: Capture) -> None:
    assert main([*command.split(), finished]) == 0
    there = capsys.readouterr().out
    assert main([*command.split(), str(FINISHED)]) == 0
    here = capsys.readouterr().out
    unwrapped = [" ".join(said.split()).replace(str(FINISHED), finished) for said in (here, there)]
    assert unwrapped[0].replace("- ", "-") == unwrapped[1].replace("- ", "-")


def test_the_page_is_put_beside_its_tables_and_names_the_uri(finished: str, capsys: Capture) -> None:
    assert main(["report", finished]) == 0
    assert capsys.readouterr().out == f"{finished}/report.html\n"
    page = Store.at(finished).read("report.html").decode()
    assert f"mtl-search export {finished} model" in page
    assert "/tmp/" not in page


def test_the_sweeps_below_a_uri(finished: str, memory: str, capsys: Capture) -> None:
    Store.at(memory).write("begun/sweep.yaml", b"name: begun\n")
    Store.at(memory).write("other/notes.txt", b"")
    assert main(["results", memory, "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["folder"] for one in listed["sweeps"]] == [finished]
    (broken,) = listed["unreadable"]
    assert broken["folder"] == f"{memory}/begun"
    assert broken["error"].startswith(f"{memory}/begun: expected the folder of a sweep")
    assert main(["results", finished]) == 0
    assert capsys.readouterr().out.startswith("support2  done")


@pytest.mark.parametrize("options", [[], ["--once"]], ids=str)
def test_a_sweep_is_watched(options: list[str], finished: str, capsys: Capture) -> None:
    assert main(["watch", finished, *options]) == 0
    assert re.search(r"^confirmation: \d+ of", capsys.readouterr().out, re.MULTILINE)


def test_a_sweep_runs_goes_on_and_is_taken_home(
    place: Callable[[str], str], sweep_file: Path, tmp_path: Path, capsys: Capture
) -> None:
    results = place("s3")
    assert main(["run", str(sweep_file), "--results", results, "--inline", "--quiet"]) == 0
    assert capsys.readouterr().out == f"{results}/tiny\n"
    names = {*Store.at(results).below("tiny").entries()}
    assert {"sweep.yaml", "trials.log", "trials.parquet", "report.html", "journal.log"} <= names
    assert any(name.startswith("networks/") for name in names)
    resume = ["resume", f"{results}/tiny", "--trials", "2", "--inline"]
    assert main(resume) == 0
    said = capsys.readouterr().out
    assert f"mtl-search resume {results}/tiny --trials N" in said
    assert os.path.realpath("/tmp") not in said
    assert main(["export", f"{results}/tiny", str(tmp_path / "model"), "--quiet"]) == 0
    bundle = Store.at(results).below("model")
    for path in (tmp_path / "model").rglob("*"):
        if path.is_file():
            bundle.write(path.relative_to(tmp_path / "model").as_posix(), path.read_bytes())
    data = YAML(typ="safe").load(sweep_file)["data"]["source"]
    out = tmp_path / "out.csv"
    assert main(["predict", f"{results}/model", data, str(out), "--quiet"]) == 0
    assert out.read_text().count("\n") > 100
    assert main(["evaluate", f"{results}/model", data, "--bootstrap", "0", "--json"]) == 0


def test_secrets_are_used_and_not_shown(
    server: str, capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    options = f"endpoint_override={server.removeprefix('http://')}&scheme=http&region=us-east-1"
    results = f"s3://name:geheim@bucket/secret?{options}"
    home = new_home(results, "tiny")
    with home.alone(new=True):
        (home.folder / "sweep.yaml").write_text("name: tiny\n")
        board = Leaderboard.create(home.folder, TASKS, home.publish)
        board.record(synthetic_trial("single_task.age-0", arm="single_task"))
    with pytest.raises(LeaderboardError) as taken:
        home.check_free()
    sweep = f"s3://name:geheim@bucket/secret/tiny?{options}"
    for command in ("top", "report", "results"):
        assert main([command, sweep]) == 0
    said = capsys.readouterr()
    resume = f"mtl-search resume {shlex.quote(f's3://***@bucket/secret/tiny?{options}')}"
    assert f"go on with: {resume}" in said.out
    content = [Store.at(results).read(name).decode("latin1") for name in Store.at(results).entries()]
    texts = (said.out, said.err, caplog.text, str(taken.value), *content)
    assert not any("geheim" in text for text in texts)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            ["top", "memory://nowhere/x"],
            "memory://nowhere/x: expected the folder of a sweep, found none there",
        ),
        (
            ["results", "memory://nowhere"],
            "memory://nowhere: expected a folder with sweeps in it",
        ),
        (["top", "ftpx://a/b"], "ftpx://a/b: expected a URI that pyarrow.fs or fsspec opens"),
        (
            ["watch", "oss://a/b"],
            "a URI that pyarrow.fs or fsspec opens, found Install ossfs",
        ),
        (["resume", "memory://nowhere/x", "--inline"], "expected the folder of a sweep, found none there"),
        (
            ["predict", "memory://nowhere/x", "a.csv", "b.csv"],
            "memory://nowhere/x: expected a folder",
        ),
        (
            ["export", "memory://nowhere/x", "s3://me:xyz@b/model"],
            "found a URI: s3://***@b/model",
        ),
        (["clean", "s3://b"], "expected a path, found a URI: s3://b"),
        (
            ["submit", "x.yaml", "--address", "http://localhost:1", "--results", "s3://me:xyz@bucket/x"],
            "a URI without a secret, which Ray's dashboard would show, found s3://***@bucket/x",
        ),
        (
            ["run", "x.yaml", "--results", "s3://me:xyz@bucket/x"],
            "--results: expected a URI without a secret",
        ),
        (["resume", "s3://bucket/x?token=xyz"], "DIR: expected a URI without a secret"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_one_line_says_what_is_wrong(command: list[str], said: str, capsys: Capture) -> None:
    try:
        code = main(command)
    except SystemExit as ended:
        code = int(ended.code or 0)
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert "xyz" not in err


def test_a_network_that_goes_away_ends_the_sweep_in_one_line(
    memory: str, sweep_file: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, left = Store.write, [30]

    def shaky(store: Store, name: str, content: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise StoreError(store.place, "a store that answers", "no network")
        write(store, name, content)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "write", shaky)
        assert main(["run", str(sweep_file), "--results", memory, "--inline", "--quiet"]) == 2
    resume = f"mtl-search resume {memory}/tiny"
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"mtl-search: {memory}/tiny: expected a store that answers, found no network; "
        f"what was recorded is kept; go on with: {resume}"
    )
    assert main([*resume.split()[1:], "--inline", "--quiet"]) == 0
