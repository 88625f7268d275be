"""A sweep with a Ray of its own: in its dashboard, logs and metrics, and interrupted, with real processes."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from mtl_search.cli import main
from mtl_search.leaderboard import Leaderboard
from mtl_search.monitoring import METRICS, board
from mtl_search.records import TrialState
from tests.conftest import TinySweep

ROOT = Path(__file__).parents[3]
WAIT = 150.0  # seconds; a busy machine takes some for processes to start
NAMED = {"job_name": "seen", "sweep": "seen"}  # the first is a column of the page
TOKEN = Path.home() / ".ray" / "auth_token"


@dataclass(frozen=True)
class Seen:
    """A sweep that is running: what it printed, and where it and Ray keep their files."""

    command: subprocess.Popen[str]
    printed: list[str]
    folder: Path
    ray: Path

    @property
    def process(self) -> psutil.Process:
        return psutil.Process(self.command.pid)

    @property
    def url(self) -> str:
        (line,) = [line for line in self.printed if line.startswith("Ray dashboard: ")]
        return line.split()[2]

    def ask(self, path: str, token: str | None = None) -> Any:
        """What the dashboard answers."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(self.url + path, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def samples(self) -> list[str]:
        """The lines of all metrics ports that are ours."""
        (group,) = json.loads((self.ray / "prom_metrics_service_discovery.json").read_text())
        lines: list[str] = []
        for target in group["targets"]:
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"http://{target}/metrics", timeout=30) as page,
            ):
                lines += page.read().decode().splitlines()
        return [line for line in lines if line.startswith("ray_mtl_search_")]


def until(found: Callable[[], Any]) -> Any:
    """What ``found`` returns, as soon as that is something."""
    end = time.monotonic() + WAIT
    while not (it := found()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.5)
    return it


@pytest.fixture(scope="module")
def sweep(tiny_sweep: TinySweep, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """A sweep with far more trials than it will train, one at a time, on a Ray with room for another sweep.

    The ``python3`` in the PATH of its Ray is not the one that runs it.
    """
    folder = tmp_path_factory.mktemp("seen")
    value = tiny_sweep(name="seen", budget={"trials": 5000}, resources={"cpu": 2})
    (folder / "seen.yaml").write_text(json.dumps(value))
    (folder / "bin").mkdir()
    (folder / "bin" / "python3").symlink_to(Path(sys.executable).resolve())
    temporary = Path(tempfile.mkdtemp(prefix="mtl"))  # Ray's sockets need a short path
    settings = {
        "RAY_TMPDIR": str(temporary),
        "RAY_metrics_report_interval_ms": "1000",
        "RAY_OVERRIDE_RESOURCES": json.dumps({"CPU": 3}),
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "80",
    }
    command = [sys.executable, "-m", "mtl_search.cli", "run", "seen.yaml"]
    with (
        (folder / "errors").open("w") as errors,
        subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **settings},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        assert process.stdout is not None
        printed: list[str] = []
        for line in process.stdout:
            printed.append(line.rstrip("\n"))
            if "dashboard" in line:
                break
        yield Seen(process, printed, folder, temporary / "ray")
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=WAIT)
    shutil.rmtree(temporary, ignore_errors=True)


def test_the_address_is_printed_with_the_way_past_its_first_page(sweep: Seen) -> None:
    assert sweep.printed[-1] == f"Ray dashboard: {sweep.url} (its token: ray get-auth-token)"
    assert max(map(len, sweep.printed)) <= 80
    with pytest.raises(urllib.error.HTTPError, match="401"):
        sweep.ask("/api/jobs/")


def test_nobody_reaches_it_from_another_machine(sweep: Seen) -> None:
    until(lambda: any("TrainJob" in one.name() for one in sweep.process.children(recursive=True)))
    listening = []
    for one in (sweep.process, *sweep.process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            found = one.net_connections("inet")
            listening += [it.laddr.ip for it in found if it.status == psutil.CONN_LISTEN]
    assert len(listening) > 5
    assert {*listening} <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def test_every_metric_that_the_board_asks_for_is_on_a_node(sweep: Seen) -> None:
    asked = {*re.findall(r"ray_mtl_search_\w+", json.dumps(board()))}
    until(lambda: asked <= {re.split(r"[{ ]", line)[0] for line in sweep.samples()})
    samples = sweep.samples()
    assert all('sweep="seen"' in line for line in samples)
    for metric in METRICS:
        mine = [line for line in samples if re.split(r"[{ ]", line)[0] == metric.exported]
        assert mine, metric
        assert all(f'{tag}="' in line for line in mine for tag in metric.tags)
    arms = {*re.findall(r'ray_mtl_search_epochs_total{.*arm="(\w+)"', "\n".join(samples))}
    assert "single_task" in arms
    assert {*re.findall(r'slot="(\d+)"', "\n".join(samples))} <= {
        str(slot) for slot in range(os.cpu_count() or 1)
    }


def test_a_gauge_is_there_as_long_as_the_sweep_is(sweep: Seen) -> None:
    """Ray drops after two seconds what nobody sets, and the best design changes seldom."""
    until(lambda: "ray_mtl_search_best_delta_m" in "".join(sweep.samples()))
    for _ in range(8):
        time.sleep(0.5)
        assert "ray_mtl_search_worker_memory_bytes" in "".join(sweep.samples())


def test_jobs_and_actors_have_names_that_people_know(sweep: Seen) -> None:
    token = TOKEN.read_text().strip()
    (job,) = sweep.ask("/api/jobs/", token)
    assert (job["type"], job["status"], job["metadata"]) == ("DRIVER", "RUNNING", NAMED)
    assert "run seen.yaml" in job["entrypoint"]

    def actors() -> list[dict[str, Any]]:
        found = sweep.ask("/api/v0/actors?detail=1", token)["data"]["result"]["result"]
        return [actor for actor in found if actor["repr_name"]]  # known once it is made

    found = until(actors)
    assert {(actor["class_name"], actor["repr_name"]) for actor in found} == {("TrainJob", "TrainJob(seen)")}
    assert len(found) <= (os.cpu_count() or 1), "one a slot"


def test_the_command_finds_it(sweep: Seen) -> None:
    command = [sys.executable, "-m", "mtl_search.cli", "dashboard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{sweep.url}  seen" in done.stdout
    assert "ray get-auth-token" in done.stdout


def test_each_trial_has_a_line_in_its_workers_log(sweep: Seen) -> None:
    logs = sweep.ray / "session_latest" / "logs"
    lines = until(
        lambda: [
            line
            for log in logs.glob("worker-*.out")
            for line in log.read_text().splitlines()
            if "state=" in line
        ]
    )
    line = re.compile(
        r"\d{4}-\d\d-\d\d [\d:,]+ (\S+) arm=\w+ members=[\w,]+ sharing='[^']+' epochs=2/2 score=-?[\d.]+ "
        r"state=complete seconds=[\d.]+"
    )
    trials = [match[1] for text in lines if (match := line.fullmatch(text))]
    assert len(trials) == len(lines), lines
    assert len({*trials}) == len(trials), "one each"


@pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="there is no prometheus (apt install prometheus)"
)
def test_prometheus_answers_what_the_board_asks(sweep: Seen, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    discovery = sweep.ray / "prom_metrics_service_discovery.json"
    nodes = {"files": [str(discovery)], "refresh_interval": "1s"}  # it does not see Ray replace the file
    scrape = {"job_name": "ray", "scrape_interval": "1s", "file_sd_configs": [nodes]}
    (tmp_path / "prometheus.yml").write_text(json.dumps({"scrape_configs": [scrape]}))
    options = [f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data"]
    command = ["prometheus", *options, f"--web.listen-address=127.0.0.1:{port}"]
    queries = [target["expr"] for panel in board()["panels"] for target in panel["targets"]]

    def answer(query: str) -> Any:
        query = query.replace("$sweep", "seen").replace("$__rate_interval", "30s")
        asked = urllib.parse.urlencode({"query": query})
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{asked}", timeout=10) as page,
        ):
            return json.load(page)["data"]["result"]

    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            for query in queries:
                assert until(partial(answer, query)), query
        finally:
            process.terminate()


def test_another_sweep_is_run_there_as_a_job(
    sweep: Seen, tiny_sweep: TinySweep, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sent.yaml").write_text(
        json.dumps(
            tiny_sweep(
                name="sent",
                budget={"trials": 1, "reference_trials": 1},
                references={"catch_up": False},
            )
        )
    )
    results = tmp_path / "results"
    sweep.process.suspend()  # the machine is small
    code = main(["submit", str(tmp_path / "sent.yaml"), "--address", sweep.url, "--results", str(results)])
    sweep.process.resume()
    said = capfd.readouterr()
    assert (code, said.err) == (0, ""), said.out
    first, *lines = said.out.splitlines()
    assert re.fullmatch(rf"sent is job raysubmit_\w+ of {re.escape(sweep.url)}", first)
    assert f"  look    mtl-search watch {results}/sent" in lines
    assert f"The results are in {results}/sent: Parquet tables and report.html." in lines
    assert {record.arm for record in Leaderboard(results / "sent").records()} >= {"single_task", "search"}
    assert main(["watch", str(results / "sent")]) == 0


def test_ctrl_c_is_no_failure_of_what_is_running(sweep: Seen) -> None:
    """The last of these. The signal goes to the whole group, as from a terminal, and workers do not mind."""
    path = sweep.folder / "results" / "seen"
    until(lambda: len(Leaderboard(path).records()) >= 5)
    os.killpg(sweep.command.pid, signal.SIGINT)
    output, _ = sweep.command.communicate(timeout=WAIT)
    errors = (sweep.folder / "errors").read_text()
    assert sweep.command.returncode == 130, errors
    assert "mtl-search resume results/seen" in errors
    assert "Traceback" not in errors + output
    assert {one.state for one in Leaderboard(path).records()} == {TrialState.COMPLETE}
