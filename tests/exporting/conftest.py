"""One small sweep with a confirmation for all tests of this folder."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mtl_search.leaderboard import Leaderboard

if TYPE_CHECKING:
    from tests.conftest import TinySweep


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory, tiny_sweep: "TinySweep") -> Leaderboard:
    """A sweep of two tasks, its recommended design confirmed on two seeds and kept."""
    from mtl_search.search import run_sweep
    from mtl_search.sweep import SweepSpec

    budget = {"trials": 4, "reference_trials": 2, "repeats": 1, "finalists": 1, "seeds": 2}
    spec = SweepSpec.from_value(tiny_sweep(budget=budget))
    return run_sweep(spec, tmp_path_factory.mktemp("swept"), inline=True).board


@pytest.fixture
def emptied(swept: Leaderboard, tmp_path: Path) -> Path:
    """The same without its networks."""
    folder = tmp_path / "emptied"
    shutil.copytree(swept.path, folder)
    shutil.rmtree(folder / "networks")
    return folder
