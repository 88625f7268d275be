"""Every code block of the README runs.

Python blocks run as they stand, a test class among them is run by pytest, and a text block after one is what
it prints. YAML blocks pass ``check``. Of bash blocks ``mtl-search`` commands that only read run as they are,
those that train are parsed, ``make`` targets exist.
"""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mtl_search.cli import main, parser

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(
    r"^```(\w+)\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)
SHOWN = re.findall(
    r"^```python\n((?:(?!```).*\n)*)```\n\n```text\n((?:(?!```).*\n)*)```",
    (ROOT / "README.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
READING = ("top", "report", "check")


def blocks(language: str) -> list[str]:
    return [text for found, text in BLOCKS if found == language]


def test_no_block_is_of_a_language_that_is_not_tried() -> None:
    assert {language for language, _ in BLOCKS} <= {"bash", "python", "yaml", "text"}
    assert all(blocks(language) for language in ("bash", "python", "yaml"))


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the committed results and sweeps, to run in."""
    shutil.copytree(ROOT / "search_spaces", tmp_path / "search_spaces")
    for name in ("support2", "qm9"):
        if (ROOT / "results" / name).is_dir():
            shutil.copytree(ROOT / "results" / name, tmp_path / "results" / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("block", blocks("python"))
def test_python_blocks_run(block: str, clone: Path) -> None:
    file = clone / "test_block.py"
    file.write_text(block, encoding="utf-8")
    command = [sys.executable, str(file)]
    if re.search(r"^class Test", block, re.MULTILINE):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("block", "output"), SHOWN)
def test_output_that_is_shown_is_what_comes_out(block: str, output: str, clone: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", block], cwd=clone, capture_output=True, text=True, check=True
    )
    assert [line.rstrip() for line in done.stdout.splitlines()] == [
        line.rstrip() for line in output.splitlines()
    ]


@pytest.mark.parametrize("block", blocks("yaml"))
def test_yaml_blocks_are_sweeps(block: str, clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (clone / "block.yaml").write_text(block, encoding="utf-8")
    assert main(["check", "block.yaml"]) == 0
    assert "can be run" in capsys.readouterr().out


@pytest.mark.parametrize("line", [line for block in blocks("bash") for line in block.splitlines() if line])
def test_bash_lines_run_or_are_commands(line: str, clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program, *arguments = shlex.split(line, comments=True)
    if program == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in arguments)
    else:
        assert program == "mtl-search"
        assert parser().parse_args(arguments).command
        if arguments[0] in READING:
            assert main(arguments) == 0
            assert capsys.readouterr().out
