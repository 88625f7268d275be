"""Recording: what becomes of a job and its outcome."""

import platform
from importlib.metadata import version

from mtl_search.search.ledger.recording import versions


def test_versions_are_those_installed() -> None:
    found = versions()
    assert found["python"] == platform.python_version()
    assert found.keys() > {"mtl_search", "torch", "torchjd", "torchmetrics", "optuna", "ray"}
    assert all(found[name] == version(name) for name in found.keys() - {"python"})
