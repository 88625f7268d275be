"""The web service of this package's README, run as it stands there: a real server, two clients at once."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

import mtl_search
from mtl_search.data import bundled_tables
from mtl_search.exporting import export

ROOT = Path(mtl_search.__file__).parents[1]
README = (ROOT / "mtl_search" / "bundle" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
ROWS = pq.read_table(bundled_tables()["support2"]).slice(0, 60).to_pandas()
PATIENCE = 60  # seconds until the server must answer

Reply = list[dict[str, Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a bundle, a table, and the README's service."""
    folder = tmp_path_factory.mktemp("service")
    export(ROOT / "results" / "support2", folder / "model", seeds=1)
    ROWS.to_csv(folder / "new_customers.csv", index=False)
    (folder / "service.py").write_text(BLOCKS[1], encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """Where the service answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    command = [sys.executable, "-m", "uvicorn", "service:app", *address]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            wait_for(port, server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def wait_for(port: int, server: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    server.kill()
    raise AssertionError(server.communicate()[1])


def post(url: str, rows: Reply) -> tuple[int, Any]:
    body = json.dumps(rows).encode()
    request = urllib.request.Request(f"{url}/predict", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def as_json(frame: pd.DataFrame) -> Reply:
    return json.loads(frame.to_json(orient="records", double_precision=15))


def test_the_first_example_predicts_a_table(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    exec(compile(BLOCKS[0], "README.md", "exec"), names)
    assert len(names["predictions"]) == len(ROWS)
    assert "hospital_death" in capsys.readouterr().out


def test_two_clients_at_once_get_the_predictions_of_their_rows(url: str, folder: Path) -> None:
    rows = as_json(ROWS)
    expected = mtl_search.load_model(folder / "model").predict(ROWS)

    def client(offset: int) -> Reply:
        found = []
        for at in range(offset, len(rows), 2):
            status, reply = post(url, [rows[at]])
            assert status == 200, reply
            found += reply
        return found

    with ThreadPoolExecutor(2) as clients:
        for offset, found in enumerate(clients.map(client, (0, 1))):
            wanted = expected[offset::2].reset_index(drop=True)
            pd.testing.assert_frame_equal(pd.DataFrame(found), wanted, rtol=1e-5, check_dtype=False)


def test_what_is_wrong_is_said_with_its_column(url: str) -> None:
    rows = as_json(ROWS.iloc[:2])
    for row in rows:
        del row["age"]
    status, reply = post(url, rows)
    assert status == 422
    assert "column 'age'" in reply["detail"]
