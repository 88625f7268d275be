"""One bundle for all tests of this folder, and rows that it has not seen."""

from pathlib import Path

import pyarrow as pa
import pytest

import mtl_search
from mtl_search.bundle import Predictor
from tests.fixtures.bundles import tiny_bundle
from tests.fixtures.data import tiny_table


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of every kind of task."""
    return tiny_bundle(tmp_path_factory.mktemp("bundle") / "model")


@pytest.fixture(scope="session")
def model(folder: Path) -> Predictor:
    """The bundle in use."""
    return mtl_search.load_model(folder)


@pytest.fixture(scope="session")
def table() -> pa.Table:
    """97 rows."""
    return tiny_table(97, seed=5, missing=0.3)
