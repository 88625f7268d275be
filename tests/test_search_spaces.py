"""The sweeps that come with the project can be run, and their budgets mean what they say."""

from pathlib import Path

import pytest

from mtl_search.cli import main
from mtl_search.sweep import load_sweep
from mtl_search.sweep.arms import arms_of

FILES = sorted((Path(__file__).parents[1] / "search_spaces").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_passes_its_check(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "What this budget can show" in shown
    assert shown.splitlines()[-1].startswith("ok")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_its_arms_have_equal_budgets(path: Path) -> None:
    arms = {arm.name: (arm.trials or 0) * len(arm.studies) for arm in arms_of(load_sweep(path))}
    main_tasks = len(load_sweep(path).settings.main_tasks)
    assert arms["search"] >= arms["single_task"] == arms["shared_tuned"] == arms["shared_equal"]
    assert arms["search"] - arms["single_task"] < 2 * main_tasks


def test_references_of_qm9_are_tuned(capsys: pytest.CaptureFixture[str]) -> None:
    """Where sharing can hurt, a verdict must not hang on a reference that was hardly tuned."""
    path = next(path for path in FILES if path.stem == "qm9")
    assert main(["check", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "provisional" not in shown
    assert all(f"\n    {task} " in shown for task in ("u0", "u298", "h298", "g298", "delta_m"))
    weights = {name: task.weight for name, task in load_sweep(path).settings.tasks.items()}
    assert sum(weights.values()) == 9  # four energies that are nearly one count as one
