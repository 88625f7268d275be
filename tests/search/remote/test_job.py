"""Jobs of a cluster: who answers at its address, what is followed until its end, the exit code."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, final

import pytest
from ray.job_submission import JobStatus

from mtl_search.cli import main
from mtl_search.errors import ResourceError
from mtl_search.search.remote import Job, Jobs, job
from tests.conftest import TinySweep

Capture = pytest.CaptureFixture[str]
URL = "http://127.0.0.1:8265"


@final
@dataclass
class Cluster:
    """Ray's client, of a cluster whose job prints a line each time that somebody looks."""

    status: JobStatus = JobStatus.SUCCEEDED
    code: int | None = 0
    silent: int = 0  # looks without an answer
    young: int = 0  # jobs that it cannot take yet
    submitted: dict[str, Any] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    looks: int = 0

    def submit_job(self, **options: Any) -> str:
        self.young -= 1
        if self.young >= 0:
            raise RuntimeError("Request failed with status code 503: No available agent to submit job.")
        self.submitted = options
        self.files = {path.name for path in Path(options["runtime_env"]["working_dir"]).iterdir()}
        return "raysubmit_1"

    def get_job_info(self, number: str) -> Any:
        self.looks += 1
        if 1 < self.looks <= 1 + self.silent:
            raise ConnectionError("no route")
        over = self.looks > 2 + self.silent
        status = self.status if over else JobStatus.RUNNING
        return SimpleNamespace(status=status, driver_exit_code=self.code if over else None, message="why")

    def get_job_logs(self, number: str) -> str:
        return "".join(f"line {at}\n" for at in range(1, self.looks + 1))


@final
class Answer(BaseHTTPRequestHandler):
    """A dashboard with a token, or something else."""

    def do_GET(self) -> None:
        allowed = self.headers["Authorization"] == "Bearer right"
        self.send_response(200 if allowed else 401)
        self.end_headers()
        self.wfile.write(self.server.page)  # type: ignore[attr-defined]

    def log_message(self, *ignored: object) -> None:
        """Nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "right")
    server = HTTPServer(("127.0.0.1", 0), Answer)
    server.page = json.dumps({"ray_version": "2.60.0"}).encode()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_cluster_that_answers(server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "10.255.255.1:6379")  # which Ray's client would ask instead
    address = f"127.0.0.1:{server.server_port}"
    assert Jobs.at(address).url == Jobs.at(f"http://{address}/").url == f"http://{address}"


@pytest.mark.parametrize(("token", "found"), [("", "none;"), ("wrong", "none that it accepts;")])
def test_without_its_token_it_is_said_where_to_get_it(
    server: HTTPServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, token: str, found: str
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", token)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "none"))
    with pytest.raises(ResourceError, match=f"expected a token for http.*found {found} .*ray get-auth-token"):
        Jobs.at(f"http://127.0.0.1:{server.server_port}")


def test_something_else_that_answers(server: HTTPServer) -> None:
    server.page = b"<html>"  # type: ignore[attr-defined]
    with pytest.raises(ResourceError, match="found something else at"):
        Jobs.at(f"http://127.0.0.1:{server.server_port}")


def test_a_closed_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ResourceError, match=f"found nobody at http://127.0.0.1:{port}"):
        Jobs.at(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(
    "address",
    ["auto", "ray://host:10001", "host", "ftp://host:1", "a b:1", "host:0", "host:99999", "http://host:1/x"],
)
def test_no_address_of_a_dashboard(address: str) -> None:
    with pytest.raises(ResourceError, match=r"--address: expected http://HOST:8265"):
        Jobs.at(address)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (JobStatus.SUCCEEDED, 0, 0),
        (JobStatus.SUCCEEDED, None, 0),
        (JobStatus.FAILED, 2, 2),
        (JobStatus.FAILED, -9, 137),
        (JobStatus.STOPPED, None, 130),
    ],
)
def test_its_log_is_handed_on_and_its_exit_code(status: JobStatus, code: int | None, expected: int) -> None:
    said: list[str] = []
    jobs = Jobs(URL, Cluster(status, code, silent=3))
    assert jobs.follow(Job("raysubmit_1", URL), said.append, lambda seconds: None) == expected
    assert "".join(said).split("\n") == [*(f"line {at}" for at in range(1, 7)), ""], "each once"


def test_a_job_that_never_began_says_why() -> None:
    said: list[str] = []
    jobs = Jobs(URL, Cluster(JobStatus.FAILED, None))
    assert jobs.follow(Job("raysubmit_1", URL), said.append, lambda seconds: None) == 1
    assert said[-1] == "why\n"


def test_a_cluster_that_is_gone_is_not_followed_for_ever() -> None:
    jobs = Jobs(URL, Cluster(silent=1000))
    with pytest.raises(ResourceError, match="found no route; try: ray job logs --follow"):
        jobs.follow(Job("raysubmit_1", URL), lambda text: None, lambda seconds: None)


@pytest.mark.parametrize("detach", [True, False])
def test_the_command(
    detach: bool,
    tiny_sweep: TinySweep,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    (tmp_path / "x.yaml").write_text(json.dumps(tiny_sweep()))
    cluster = Cluster(JobStatus.FAILED, 1, young=2)
    monkeypatch.setattr(Jobs, "at", lambda address: Jobs(address, cluster))
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    options = ["--address", URL, "--results", "/shared/results", "--name", "mine", "--trials", "5"]
    code = main(["submit", str(tmp_path / "x.yaml"), *options, *["--detach"] * detach])
    assert code == (0 if detach else 1)
    command = "python3 start.py run sweep.yaml --results /shared/results --address auto"
    assert cluster.submitted["entrypoint"] == command
    assert cluster.submitted["metadata"] == {"job_name": "mine", "sweep": "mine"}
    assert {"mtl_search", "start.py", "sweep.yaml", "data"} <= cluster.files
    first, *others = capsys.readouterr().out.splitlines()
    assert first == f"mine is job raysubmit_1 of {URL}"
    assert others[:3] == [
        f"  follow  ray job logs --follow --address {URL} raysubmit_1",
        f"  stop    ray job stop --address {URL} raysubmit_1",
        "  look    mtl-search watch /shared/results/mine",
    ]
    assert others[3:] == ([] if detach else ["line 1", "line 2", "line 3"])


def test_ctrl_c_ends_the_following_alone_and_says_so(
    tiny_sweep: TinySweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def ctrl_c(*ignored: object) -> int:
        raise KeyboardInterrupt

    (tmp_path / "x.yaml").write_text(json.dumps(tiny_sweep()))
    monkeypatch.setattr(Jobs, "at", lambda address: Jobs(address, Cluster()))
    monkeypatch.setattr(Jobs, "follow", ctrl_c)
    assert main(["submit", str(tmp_path / "x.yaml"), "--address", URL, "--results", "/results"]) == 130
    stop = f"ray job stop --address {URL} raysubmit_1"
    assert capsys.readouterr().err == f"tiny goes on as job raysubmit_1; to end it: {stop}\n"


def test_a_cluster_that_takes_no_job_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "PATIENCE", -1.0)
    with pytest.raises(ResourceError, match=r"expected a cluster that takes jobs at .* found .*No available"):
        Jobs(URL, Cluster(young=1)).submit("x", ["run"], tmp_path)


def test_results_that_would_be_deleted_with_the_job_are_refused(tmp_path: Path, capsys: Capture) -> None:
    assert main(["submit", "x.yaml", "--address", URL, "--results", "results"]) == 2
    assert "--results: expected an absolute path on the cluster" in capsys.readouterr().err
