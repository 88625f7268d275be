"""One made-up sweep for the tests of the page, made once."""

from pathlib import Path

import pytest

from mtl_search.report.tables import Tables
from tests.fixtures.sweeps import synthetic_sweep


@pytest.fixture(scope="session")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sweep with a confirmation."""
    path = tmp_path_factory.mktemp("sweep")
    synthetic_sweep(path, trials=60)
    return path


@pytest.fixture(scope="session")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sweep that was stopped before its confirmation."""
    path = tmp_path_factory.mktemp("interrupted")
    synthetic_sweep(path, trials=30, confirmed=False)
    return path


@pytest.fixture(scope="session")
def tables(sweep: Path) -> Tables:
    return Tables.read(sweep)


@pytest.fixture(scope="session")
def unconfirmed(interrupted: Path) -> Tables:
    return Tables.read(interrupted)
