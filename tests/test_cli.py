"""The command line: what is imported when, exit codes, what is printed where."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from mtl_search.cli import main
from mtl_search.leaderboard import Leaderboard

TinySweep = Callable[..., dict[str, Any]]
Write = Callable[..., Path]
Capture = pytest.CaptureFixture[str]

HEAVY = ("torch", "ray", "optuna", "pandas", "scipy", "torchjd", "sklearn", "plotly")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture
def write(tiny_sweep: TinySweep, tmp_path: Path) -> Write:
    """Writes a tiny sweep with some changes; the file."""

    def to_file(**changes: Any) -> Path:
        path = tmp_path / "x.yaml"
        with path.open("w") as file:
            YAML().dump(tiny_sweep(**changes), file)
        return path

    return to_file


@pytest.fixture
def finished(write: Write, results: Path, capsys: Capture) -> Path:
    """A sweep that was run once for all tests that only look at it."""
    path = results / "tiny"
    if not path.exists():
        assert main(["run", str(write()), "--results", str(results), "--inline", "--quiet"]) == 0
        assert capsys.readouterr() == (f"{path}\n", ""), "quiet prints the path alone"
    return path


def imported(*arguments: str) -> tuple[int, str, set[str]]:
    """Run a command in a process of its own: exit code, output, and the heavy packages it imported."""
    script = (
        "import sys\n"
        "from mtl_search.cli import main\n"
        "code = 0\n"
        "try:\n"
        "    code = main(sys.argv[1:])\n"
        "except SystemExit as exit_:\n"
        "    code = exit_.code\n"
        f"print(); print(*(name for name in {HEAVY} if name in sys.modules))\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    output, names, _ = done.stdout.rsplit("\n", 2)
    return done.returncode, output, set(names.split())


# what is imported


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        (),
        ("run", "--help"),
        ("top", "--help"),
    ],
    ids=" ".join,
)
def test_help_imports_nothing_that_takes_time(arguments: tuple[str, ...]) -> None:
    code, output, heavy = imported(*arguments)
    assert (code, heavy) == (0, set())
    assert output.startswith("usage: mtl-search")


def test_every_command_explains_itself(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = re.findall(r"^    ([a-z]+)(?: |$)", capsys.readouterr().out, re.MULTILINE)
    assert {"check", "run", "top", "completion"} <= set(commands)
    for command in commands:
        with pytest.raises(SystemExit):
            main([command, "--help"])
        output = capsys.readouterr().out
        assert output.startswith(f"usage: mtl-search {command} ")
        assert max(map(len, output.splitlines())) <= 80


def test_the_version(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr() == (f"mtl-search {version('mtl_search')}\n", "")


def test_the_shell_completes_commands_options_and_folders(tmp_path: Path, capsys: Capture) -> None:
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    (tmp_path / "sweep-1").mkdir()
    for words, found in (("re", "resume"), ("run --tri", "--trials"), ("evaluate ./sw", "./sweep-1")):
        line = ["mtl-search", *words.split()]
        ask = f"COMP_WORDS=({' '.join(line)}); COMP_CWORD={len(line) - 1}\n_shtab_mtl_search\n"
        done = subprocess.run(
            ["bash", "-c", script + ask + 'printf "%s\n" "${COMPREPLY[@]}"'],
            cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert found in done.stdout.split()


def test_the_package_itself_imports_nothing() -> None:
    script = f"import sys, mtl_search; print(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("options", [(), ("--json",)], ids=str)
def test_top_imports_no_torch_and_no_ray(finished: Path, options: tuple[str, ...]) -> None:
    code, output, heavy = imported("top", str(finished), *options)
    assert code == 0
    assert "search" in output
    assert heavy <= {"pandas", "scipy"}


def test_a_file_that_is_not_there_is_told_without_ray(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom mtl_search.cli import main\n"
        "code = main(['run', 'nothing.yaml', '--inline'])\n"
        "sys.exit(100 if 'ray' in sys.modules else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "mtl-search: nothing.yaml: expected a sweep file, found no such file\n"


# run


def test_a_run_ends_with_designs_and_what_to_do_next(write: Write, tmp_path: Path, capsys: Capture) -> None:
    code = main(["run", str(write()), "--results", str(tmp_path / "out"), "--inline"])
    output, errors = capsys.readouterr()
    assert (code, errors) == (0, "")
    path = tmp_path / "out" / "tiny"
    assert output.startswith("tiny: ")
    assert "Designs: the recommended one (*)" in output
    assert f"mtl-search top {path}" in output
    assert (path / "report.html").is_file()


def test_name_and_trials(write: Write, tmp_path: Path) -> None:
    options = ["--results", str(tmp_path), "--name", "other", "--trials", "1", "--inline", "--quiet"]
    assert main(["run", str(write()), *options]) == 0
    arms = Leaderboard(tmp_path / "other").frame("trials")["arm"].value_counts()
    assert arms["search"] == 1


def test_a_confirmed_run(write: Write, tmp_path: Path, capsys: Capture) -> None:
    file = write(budget={"finalists": 1, "seeds": 2, "trials": 1, "reference_trials": 1})
    assert main(["run", str(file), "--results", str(tmp_path), "--inline"]) == 0
    assert "on test: mean of 2 new seeds" in capsys.readouterr().out


def test_when_nothing_succeeds(write: Write, tmp_path: Path, capsys: Capture) -> None:
    blows_up = {"name": "sgd", "lr": 1e30, "momentum": 0.0}
    file = write(trial={"optimizer": blows_up, "epochs": 3}, budget={"trials": 1, "reference_trials": 1})
    code = main(["run", str(file), "--results", str(tmp_path), "--inline", "--quiet"])
    output, errors = capsys.readouterr()
    assert (code, output) == (1, f"{tmp_path / 'tiny'}\n")
    assert errors.startswith("mtl-search: all of the first 7 trials failed, the last with: the loss of task")
    assert errors.count("\n") == 1


def test_when_some_fail(write: Write, tmp_path: Path, capsys: Capture) -> None:
    optimizer = {"name": "sgd", "lr": {"categorical": [1e-3, 1e30]}, "momentum": 0.0}
    file = write(trial={"optimizer": optimizer, "epochs": 3}, budget={"reference_trials": 4})
    code = main(["run", str(file), "--results", str(tmp_path), "--inline"])
    states = Leaderboard(tmp_path / "tiny").frame("trials")["state"].value_counts()
    assert {"complete", "failed"} <= set(states.index)
    assert code == 0
    assert f"{states['failed']} of {states.sum()} trials failed" in capsys.readouterr().out


# resume


def test_resume_extends_the_budget(write: Write, tmp_path: Path, capsys: Capture) -> None:
    assert main(["run", str(write()), "--results", str(tmp_path), "--inline", "--quiet"]) == 0
    path = tmp_path / "tiny"
    assert main(["resume", str(path), "--trials", "5", "--inline"]) == 0
    assert Leaderboard(path).frame("trials")["arm"].value_counts()["search"] == 5
    assert "Designs: the recommended one (*)" in capsys.readouterr().out


def test_resume_of_what_is_done(finished: Path, capsys: Capture) -> None:
    before = len(Leaderboard(finished).trials())
    assert main(["resume", str(finished), "--inline", "--quiet"]) == 0
    assert capsys.readouterr() == (f"{finished}\n", "")
    assert len(Leaderboard(finished).trials()) == before


@pytest.fixture
def interrupting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Sends this process Ctrl-C when the n-th trial is recorded."""
    count = iter(range(1, 1000))
    at: list[int] = []
    plain = Leaderboard.record

    def record(self: Leaderboard, *trials: Any) -> None:
        plain(self, *trials)
        if next(count) in at:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Leaderboard, "record", record)
    before = signal.getsignal(signal.SIGINT)
    yield at.append
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("quiet", [True, False])
def test_ctrl_c_says_how_to_go_on(
    write: Write, tmp_path: Path, capsys: Capture, interrupting: Callable[[int], None], quiet: bool
) -> None:
    interrupting(3)
    options = ["--results", str(tmp_path), "--inline", *(["--quiet"] if quiet else [])]
    code = main(["run", str(write()), *options])
    output, errors = capsys.readouterr()
    assert code == 130
    assert errors == f"interrupted; go on with: mtl-search resume {tmp_path / 'tiny'}\n"
    assert (output == f"{tmp_path / 'tiny'}\n") is quiet
    assert len(Leaderboard(tmp_path / "tiny").trials()) == 3


def test_ctrl_c_before_anything_began(
    write: Write, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mtl_search.search.preparing.data.load_dataset", interrupted)
    assert main(["run", str(write()), "--results", str(tmp_path / "out"), "--inline"]) == 130
    assert not (tmp_path / "out").exists()
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [("run", "x.yaml"), ("submit", "x.yaml", "--address", "a", "--results", "b")]
)
def test_a_name_that_no_folder_may_have_is_one_of_its_option(
    command: tuple[str, ...], capsys: Capture
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([*command, "--name", "../x"])
    said = capsys.readouterr().err
    assert said.startswith(f"mtl-search: {command[0]}: --name: expected up to 100 letters, digits")
    assert "found '../x'" in said


def test_a_process_that_is_asked_to_end_does_so_as_by_ctrl_c(
    write: Write, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, plain = signal.getsignal(signal.SIGTERM), Leaderboard.record

    def record(self: Leaderboard, *trials: Any) -> None:
        plain(self, *trials)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Leaderboard, "record", record)
    assert main(["run", str(write()), "--results", str(tmp_path), "--inline", "--quiet"]) == 130
    assert "mtl-search resume" in capsys.readouterr().err
    assert len(Leaderboard(tmp_path / "tiny").trials()) == 1
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_what_cannot_be_written_is_one_message(
    write: Write, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    plain, count = Leaderboard.record, iter(range(100))

    def record(self: Leaderboard, *trials: Any) -> None:
        if next(count) == 3:
            raise OSError(code, os.strerror(code), str(self.path / "log.jsonl"))
        plain(self, *trials)

    options = ["--results", str(tmp_path), "--inline", "--quiet"]
    with monkeypatch.context() as patch:
        patch.setattr(Leaderboard, "record", record)
        assert main(["run", str(write()), *options]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"log.jsonl: expected room and permission to write, found {os.strerror(code)}" in said
    assert main(["resume", str(tmp_path / "tiny"), "--inline", "--quiet"]) == 0
    states = Leaderboard(tmp_path / "tiny").frame("trials")["state"]
    assert set(states) == {"complete"}


@pytest.mark.parametrize("command", [["top", "x" * 300], ["clean", "loop/x"]], ids=["long", "loop"])
def test_a_path_that_no_file_can_have_is_one_message(
    command: list[str], tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")
    assert main(command) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "resume" not in said, "nothing was recorded"


def test_a_folder_in_the_place_of_the_page_is_one_message(
    finished: Path, tmp_path: Path, capsys: Capture
) -> None:
    path = tmp_path / "copy"
    shutil.copytree(finished, path)
    (path / "report.html").unlink()
    (path / "report.html").mkdir()
    assert main(["report", str(path)]) == 2
    assert capsys.readouterr().err.endswith("report.html: expected a path to a file, found Is a directory\n")
    assert not [one for one in path.iterdir() if one.name.endswith(".partial")]


def test_a_sweep_without_a_confirmed_design_is_no_success(
    write: Write, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mtl_search.search.jobs import Job

    def conclude(self: Job, *ignored: Any) -> Any:
        if self.read_test:
            raise MemoryError("no room")
        return plain(self, *ignored)

    plain = Job.conclude
    options = ["--results", str(tmp_path), "--inline", "--quiet"]
    path = write(budget={"repeats": 1, "finalists": 1, "seeds": 1})
    with monkeypatch.context() as patch:
        patch.setattr(Job, "conclude", conclude)
        assert main(["run", str(path), *options]) == 1
    said = capsys.readouterr().err
    assert "no design was confirmed" in said
    assert "MemoryError: no room" in said
    assert main(["resume", str(tmp_path / "tiny"), "--inline", "--quiet"]) == 0


# check, top, report


def test_check_writes_nothing(write: Write, tmp_path: Path, capsys: Capture) -> None:
    file = write()
    assert main(["check", str(file)]) == 0
    output, errors = capsys.readouterr()
    assert (errors, output.splitlines()[-1]) == ("", f"ok: {file} can be run, about 19 trials (15 to 21)")
    assert sorted(tmp_path.iterdir()) == [file]


def test_check_has_a_seed(write: Write, capsys: Capture) -> None:
    shown = []
    for seed in ("1", "1", "2"):
        assert main(["check", str(write()), "--seed", seed]) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1] != shown[2]


def test_top_shows_as_many_as_asked_for(finished: Path, capsys: Capture) -> None:
    for n in (1, 4):
        assert main(["top", str(finished), "-n", str(n)]) == 0
        output = capsys.readouterr().out
        designs, trials = output.split("Trials, by")
        assert len(re.findall(r"^  \S+-\d+: ", trials, re.MULTILINE)) == n
        there = min(n, len(Leaderboard(finished).designs()))
        assert len(re.findall(r"^[* ] [0-9a-f]{8} ", designs, re.MULTILINE)) == there


def test_top_as_json(finished: Path, capsys: Capture) -> None:
    assert main(["top", str(finished), "--json", "-n", "2", "--arm", "search"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert len(value["trials"]) == 2
    assert {row["arm"] for row in value["trials"]} == {"search"}
    assert all("search" in row["arms"] for row in value["designs"])


def test_top_of_an_arm_that_is_not_there(finished: Path, capsys: Capture) -> None:
    assert main(["top", str(finished), "--arm", "serch"]) == 2
    expected = "mtl-search: --arm: expected an arm of this sweep, found 'serch'; did you mean 'search'?\n"
    assert capsys.readouterr() == ("", expected)


def test_report_says_where_it_is(finished: Path, capsys: Capture) -> None:
    assert main(["report", str(finished)]) == 0
    (page,) = capsys.readouterr().out.splitlines()
    assert Path(page).read_text().startswith("<!")


@pytest.mark.parametrize("option", ["-n 1000", "--json"])
def test_a_reader_that_has_seen_enough(option: str, finished: Path) -> None:
    # as of `mtl-search top DIR | head -1`
    command = f"{sys.executable} -m mtl_search.cli top {finished} {option} | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_the_command_is_installed() -> None:
    from importlib.metadata import entry_points

    (found,) = entry_points(group="console_scripts", name="mtl-search")
    assert found.load() is main
