"""A table in a store whose key is in the environment: no table, log, page or message has it."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pyarrow.fs as pa_fs
import pytest

from mtl_search.cli import main
from mtl_search.leaderboard import Leaderboard
from tests.conftest import TinySweep

WORD = "a/very+secret@word"
Refuse = Callable[..., str]


@pytest.fixture
def uri(server: str, tiny_file: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of the tiny table, whose user and password are named."""
    monkeypatch.setenv("KEY", "some-user")
    monkeypatch.setenv("WORD", WORD)
    address = server.removeprefix("http://")
    store = pa_fs.S3FileSystem(
        access_key="some-user", secret_key=WORD, endpoint_override=address, scheme="http", region="us-east-1"
    )
    with store.open_output_stream("bucket/tables/tiny.parquet") as file:
        file.write(tiny_file.read_bytes())
    options = f"endpoint_override={quote(address, safe='')}&scheme=http&region=us-east-1"
    return "s3://${KEY}:${WORD}@bucket/tables/tiny.parquet?" + options


def without_the_word(text: str) -> str:
    for secret in (WORD, quote(WORD, safe=""), "some-user"):
        assert secret not in text
    return text


def test_a_sweep_over_it(
    uri: str, tiny_sweep: TinySweep, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    budget = {"trials": 2, "reference_trials": 1, "repeats": 0, "finalists": 1, "seeds": 1}
    file = tmp_path / "x.yaml"
    file.write_text(json.dumps(tiny_sweep(data={"source": uri}, budget=budget)))
    results = tmp_path / "results"
    assert main(["check", str(file)]) == 0
    assert main(["run", str(file), "--results", str(results), "--inline", "--quiet"]) == 0
    assert main(["report", str(results / "tiny")]) == 0
    assert main(["resume", str(results / "tiny"), "--trials", "3", "--inline", "--quiet"]) == 0
    assert main(["export", str(results / "tiny"), str(tmp_path / "model")]) == 0
    said = capsys.readouterr()
    without_the_word(said.out + said.err)
    assert "s3://***@bucket/tables/tiny.parquet" in said.out
    assert len(Leaderboard(results / "tiny").records()) > 5
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    for path in written:
        without_the_word(path.read_bytes().decode("latin-1"))
    assert "${WORD}" in (results / "tiny" / "sweep.yaml").read_text()
    card = "".join(path.read_text() for path in (tmp_path / "model").glob("*.md"))
    assert "`tiny.parquet`" in card


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("tiny.parquet", "none.parquet"), "found nothing at bucket/tables/none.parquet"),
        (("${WORD}", "${NOT_THERE}"), "expected the variable NOT_THERE in the environment, found none"),
        (("bucket/", "no-bucket/"), "no-bucket"),
        (("region=", "regio=${WORD}&x="), "expected a URI that pyarrow.fs or fsspec opens"),
        (("${WORD}", WORD), "expected a secret by its name"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("command", ["check", "new"])
def test_what_is_wrong(
    uri: str,
    tiny_sweep: TinySweep,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    change: tuple[str, str],
    said: str,
    command: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    source = uri.replace(*change)
    (tmp_path / "x.yaml").write_text(json.dumps(tiny_sweep(data={"source": source})))
    given = ["check", "x.yaml"] if command == "check" else ["new", source, "--tasks", "cost"]
    assert main(given) == 2
    output = capsys.readouterr()
    assert said in without_the_word(output.out + output.err)


def test_a_table_that_is_only_read(uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A secret in an argument is used and not shown, as in that of ``--results``."""
    written_out = uri.replace("${KEY}", "some-user").replace("${WORD}", quote(WORD, safe=""))
    from mtl_search.data import read_table

    assert read_table(written_out, tmp_path).num_rows == read_table(uri, tmp_path).num_rows > 0
