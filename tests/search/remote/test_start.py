"""What a job runs: by which Python, and what is said of one that will not do."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mtl_search.search.remote import start as start_module
from mtl_search.search.remote.start import interpreter

START = Path(start_module.__file__)
ANCESTOR = (
    "import subprocess, sys; sys.exit(subprocess.run(sys.argv[2:]).returncode)"  # with one more argument
)


def below_ray(python: str, *command: str) -> list[str]:
    """``command`` as a grandchild of a process that says that Ray's workers are started by ``python``."""
    shell = ["sh", "-c", '"$@"; exit $?', "sh", *command]
    return [sys.executable, "-c", ANCESTOR, f"--python_worker_command={python} setup_worker.py -x", *shell]


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A Python in whose place a script says what it is asked to run."""
    path = tmp_path / "other python"
    path.write_text(f"#!{sys.executable}\nimport json, sys; print(json.dumps(sys.argv[1:]))\n")
    path.chmod(0o755)
    return path


def run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


def test_there_is_no_ray_above_us() -> None:
    assert interpreter() is None
    assert interpreter(2**30) is None


def test_the_python_of_ray_goes_on(other: Path) -> None:
    done = run(below_ray(f'"{other}"', sys.executable, str(START), "run", "a b.yaml", "--address", "auto"))
    assert (done.returncode, done.stderr) == (0, "")
    asked = [str(START), "--by-the-python-of-ray", "run", "a b.yaml", "--address", "auto"]
    assert json.loads(done.stdout) == asked


@pytest.mark.parametrize(
    ("by_ray", "whose"),
    [(False, "in the PATH of the cluster's head node"), (True, "that the cluster's Ray runs by")],
)
def test_a_python_without_our_packages_is_named(tmp_path: Path, by_ray: bool, whose: str) -> None:
    (tmp_path / "start.py").write_bytes(START.read_bytes())
    again = ["--by-the-python-of-ray"] if by_ray else []
    done = run([sys.executable, "-S", str(tmp_path / "start.py"), *again, "run"], PYTHONPATH="")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "mtl-search: the job's Python: expected one with the packages that mtl_search"
    )
    assert (
        f"there is no mtl_search), found {sys.executable} ({sys.version.split()[0]}), {whose}; "
        in done.stderr
    )
    assert f"install it there ({sys.executable} -m pip install ...)" in done.stderr


def test_what_it_runs_is_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "mtl_search.cli", raising=False)
    monkeypatch.setattr(sys, "argv", [])
    with pytest.raises(SystemExit) as ended:
        start_module.start(["--by-the-python-of-ray", "run", "nowhere.yaml"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "mtl-search: nowhere.yaml: expected a sweep file, found no such file\n"


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(start_module, "OLDEST", (99, 0))
    assert start_module.start(["run"]) == 2
    assert "expected Python 99.0 or newer, found " in capsys.readouterr().err


def test_an_older_python_can_read_it() -> None:
    compile_ = "import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 7))"
    assert run([sys.executable, "-c", compile_, str(START)]).returncode == 0
