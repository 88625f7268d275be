"""Networks that several workers cannot train are told with their place, before anything starts."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtl_search.cli import main
from mtl_search.errors import SpecError
from mtl_search.search import check_teams, resume_sweep, run_sweep
from mtl_search.search.preparing import teams
from mtl_search.sweep import load_sweep
from tests.conftest import TinySweep

MakeBench = Callable[..., Any]
NORMALISED = {"name": "tests.fixtures.parts:Normalised", "stages": 2}
MLP = {"name": "mlp", "stages": 2, "width": 8}
SAID = (
    "expected a network without batch normalisation, whose statistics would be of a part of the batch "
    "(resources: a trial of several workers), found BatchNorm1d at "
)
TWO = {"workers": 2, "gpu": 0}


def test_one_worker_trains_them(bench: MakeBench) -> None:
    made = bench(trial={"trunk": NORMALISED})
    check_teams(made.spec, made.dataset)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"trial": {"trunk": NORMALISED}}, "trial.trunk"),
        ({"trial": {"trunk": {"one_of": [MLP, NORMALISED]}}}, "trial.trunk.one_of[1]"),
        (
            {"trial": {"trunk": {**NORMALISED, "batch": {"categorical": [False, True]}}}},
            "trial.trunk",
        ),
        ({"arms": {"mine": {"trunk": NORMALISED}}}, "arms.mine.trunk"),
        ({"arms": {"mine": {"trunk": NORMALISED, "sharing": {"name": "mmoe"}}}}, "arms.mine.trunk"),
    ],
    ids=str,
)
def test_wherever_one_may_be_chosen(bench: MakeBench, changes: dict[str, Any], place: str) -> None:
    made = bench(resources=TWO, **changes)
    with pytest.raises(SpecError) as caught:
        check_teams(made.spec, made.dataset)
    assert str(caught.value) == f"<sweep>: {place}: {SAID}stage0.1"


@pytest.mark.parametrize(
    "trunk",
    [MLP, {**NORMALISED, "batch": False}, {"one_of": [MLP, {"name": "cnn", "stages": 2}]}],
    ids=["without", "switched off", "does not fit the data"],
)
def test_others_are_taken(bench: MakeBench, trunk: dict[str, Any]) -> None:
    made = bench(resources=TWO, trial={"trunk": trunk})
    check_teams(made.spec, made.dataset)


def test_networks_of_the_same_layers_are_built_once(
    bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many ends the other ranges have."""
    built: list[object] = []
    parts = teams._parts
    monkeypatch.setattr(teams, "_parts", lambda *given: built.append(given) or parts(*given))  # type: ignore[func-returns-value]
    made = bench(resources=TWO, trial={"trunk": {**MLP, "width": {"categorical": [4, 8]}}})
    check_teams(made.spec, made.dataset)
    assert len(built) == 2


def test_commands_say_so_before_anything_is_there(
    tiny_sweep: TinySweep, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, results = tmp_path / "x.yaml", tmp_path / "results"
    value = tiny_sweep(resources=TWO, trial={"trunk": NORMALISED})
    file.write_text("\n".join(["{"] + [f'"{k}": {json.dumps(v)},' for k, v in value.items()] + ["}"]))
    line = 2 + list(value).index("trial")
    for command in (["check", str(file)], ["run", str(file), "--results", str(results)]):
        assert main(command) == 2
        said = capsys.readouterr()
        assert f"mtl-search: {file}:{line}: trial.trunk: {SAID}stage0.1\n" in said.err
        assert said.out == ""
        assert not results.exists()


def test_a_sweep_that_is_to_go_on_with_more_workers(tiny_sweep: TinySweep, tmp_path: Path) -> None:
    value = tiny_sweep(trial={"trunk": NORMALISED}, budget={"trials": 1, "reference_trials": 1})
    (tmp_path / "x.yaml").write_text(json.dumps(value))
    path = run_sweep(load_sweep(tmp_path / "x.yaml"), tmp_path, inline=True).path
    edited = (path / "sweep.yaml").read_text().replace("gpu: 0", "gpu: 0, workers: 2")
    (path / "sweep.yaml").write_text(edited)
    with pytest.raises(SpecError, match=r"sweep.yaml:\d+: trial.trunk: .*BatchNorm1d"):
        resume_sweep(path)
