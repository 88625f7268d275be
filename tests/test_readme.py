"""Every code block of the four READMEs runs.

Python blocks run as they stand, a test class among them is run by pytest, and a text block after one is what
it prints. YAML blocks pass ``check``, a fragment together with what else a sweep needs. Of bash lines,
``mtl-search`` commands that only read run as they are, those that train and benchmarks are parsed, and
``make`` targets exist. What is linked is there.
"""

import argparse
import importlib
import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from benchmarks.columns import PATH, columns
from mtl_search.cli import main
from mtl_search.commands import parser
from tests.fixtures.forked import run_python

ROOT = Path(__file__).parent.parent
NAMES = ("README.md", "search_spaces/README.md", "results/README.md", "benchmarks/README.md")
READMES = {name: (ROOT / name).read_text(encoding="utf-8") for name in NAMES}
READING = ("top", "report", "check", "compare", "results")
PICTURE_BYTES = 150_000

# A fragment of a sweep is tried with these; the source is a table that every fragment's columns are in.
REST = {
    "name": "fragment",
    "data": {"source": "visits.csv"},
    "tasks": {"death": "binary", "cost": "regression"},
    "budget": {"trials": 4},
    "trial": {"trunk": {"name": "mlp", "stages": 2}},
}


class Block(NamedTuple):
    """A code block, what is shown of its output, and where it stands."""

    readme: str
    line: int
    language: str
    text: str
    output: str | None


def read_blocks(readme: str) -> list[Block]:
    text = READMES[readme]
    pattern = re.compile(r"^```(\w+)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)
    return [
        Block(readme, text.count("\n", 0, found.start()) + 1, *found.groups())
        for found in pattern.finditer(text)
    ]


BLOCKS = [block for readme in READMES for block in read_blocks(readme)]
ANSWERS = "# pandas\n"  # what a block of answers begins with, all of which test_questions.py runs
LINES = {
    f"{block.readme}: {line.partition('#')[0].strip()}": line
    for block in BLOCKS
    if block.language == "bash"
    for line in block.text.splitlines()
    if line
}


def of(language: str) -> list[object]:
    """The blocks of a language, as parameters of a test."""
    return [
        pytest.param(block, id=f"{block.readme}:{block.line}")
        for block in BLOCKS
        if block.language == language and not block.text.startswith(ANSWERS)
    ]


def test_no_block_is_of_a_language_that_is_not_tried() -> None:
    assert {block.language for block in BLOCKS} == {"bash", "python", "yaml", "text"}
    fences = sum(len(re.findall(r"^```", text, re.MULTILINE)) for text in READMES.values())
    assert fences == 2 * (len(BLOCKS) + sum(block.output is not None for block in BLOCKS))


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the committed sweeps and results, and tables of the user's, to run in."""
    shutil.copytree(ROOT / "search_spaces", tmp_path / "search_spaces")
    for name in ("support2", "qm9", "animal_scenes", "turkish_web", "spoken_commands"):
        if (ROOT / "results" / name).is_dir():
            shutil.copytree(ROOT / "results" / name, tmp_path / "results" / name)
    shutil.copytree(ROOT / "results" / "support2", tmp_path / "results" / "patients")
    random = np.random.default_rng(0)
    visits = pd.DataFrame(random.normal(size=(400, 5)), columns=["age", "cost", "stay", "IC50 (nM)", "pulse"])
    visits["death"] = (visits["age"] + random.normal(size=400) > 0).astype(int)
    visits["zip"] = random.integers(10_000, 10_005, 400)
    visits["discharge_note"] = "stable"
    extra = {
        "stage": random.choice(["low", "mid", "high"], 400),
        "survey_weight": random.uniform(0.5, 2.0, 400),
    }
    visits = visits.assign(cost=np.exp(visits["cost"]), **extra)
    visits["patient"], visits["visit"] = np.arange(400) // 2, np.arange(400) % 2
    visits.to_csv(tmp_path / "visits.csv", index=False)
    visits.drop(columns=["patient", "visit", *extra]).to_csv(tmp_path / "patients.csv", index=False)
    (tmp_path / "patients.yaml").write_text(
        next(block.text for block in BLOCKS if block.text.startswith("name: patients")), encoding="utf-8"
    )
    (tmp_path / "counts.py").write_text(
        next(block.text for block in BLOCKS if "class Counts(Task)" in block.text), encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("block", of("python"))
def test_python_blocks_run_and_print_what_is_shown(
    block: Block, clone: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = clone / "test_block.py"
    file.write_text(block.text, encoding="utf-8")
    arguments, output = [str(file)], tmp_path_factory.mktemp("output") / "output"
    if re.search(r"^class Test", block.text, re.MULTILINE):
        arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
    code = run_python(arguments, clone, output)
    printed = output.read_text(encoding="utf-8")
    assert code == 0, printed
    if block.output is not None:
        assert [line.rstrip() for line in printed.splitlines()] == [
            line.rstrip() for line in block.output.splitlines()
        ]


@pytest.mark.parametrize("block", of("yaml"))
def test_yaml_blocks_are_sweeps(block: Block, clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = clone / "block.yaml"
    path.write_text(block.text, encoding="utf-8")
    written = YAML(typ="safe").load(block.text)
    if "name" not in written:
        YAML().dump({**REST, **written}, path)
    assert main(["check", "block.yaml"]) == 0
    assert "can be run" in capsys.readouterr().out


class Parsed(Exception):
    """A benchmark has read its options."""


def try_benchmark(module: str, arguments: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a benchmark until it has read its options."""
    parse = argparse.ArgumentParser.parse_args

    def stop(self: argparse.ArgumentParser) -> None:
        parse(self)
        raise Parsed

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", stop)
    monkeypatch.setattr(sys, "argv", [module, *arguments])
    with pytest.raises(Parsed):
        importlib.import_module(module).main()


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_bash_lines_run_or_are_commands(
    line: str, clone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program, *arguments = shlex.split(line, comments=True)
    if program == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in arguments)
    elif program == "optuna-dashboard":
        assert entry_points(group="console_scripts", name=program)
        assert [Path(name).name for name in arguments] == ["journal.log"]
    elif program == "python":
        assert arguments[0] == "-m"
        try_benchmark(arguments[1], arguments[2:], monkeypatch)
    else:
        assert program == "mtl-search"
        assert parser().parse_args(arguments).command
        if arguments[0] in READING and not any("://" in argument for argument in arguments):
            assert main(arguments) == 0
            assert capsys.readouterr().out


@pytest.mark.parametrize("readme", READMES)
def test_what_is_linked_is_there(readme: str) -> None:
    text = re.sub(r"^```.*?^```", "", READMES[readme], flags=re.DOTALL | re.MULTILINE)
    headings = {
        re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.*)$", text, re.M)
    }
    linked = re.findall(r"\]\((?!https?:)(.*?)\)", text) + re.findall(r'src="(.*?)"', text)
    for link in linked:
        path, _, heading = link.partition("#")
        assert (ROOT / readme).parent.joinpath(path).exists(), link
        assert not heading or path or heading in headings, link


def test_pictures_are_small_and_fetch_nothing() -> None:
    for picture in (ROOT / ".github" / "pictures").iterdir():
        assert picture.stat().st_size < PICTURE_BYTES, picture.name
        if picture.suffix == ".svg":
            assert not re.search(
                r"url\(\"?http|@font-face|@import|href=", picture.read_text(encoding="utf-8")
            )


def test_the_page_for_newcomers_is_short() -> None:
    assert len(READMES["README.md"].splitlines()) <= 200


def test_columns_are_those_of_the_schema() -> None:
    """Where they are not: ``python -m benchmarks.columns`` writes them."""
    assert PATH.read_text(encoding="utf-8").endswith(columns())
