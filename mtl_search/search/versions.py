"""The versions of what a result depends on."""

import platform
from importlib.metadata import version

__all__ = ["versions"]

PACKAGES = ("mtl_search", "torch", "torchjd", "torchmetrics", "optuna", "ray", "numpy", "pyarrow")


def versions() -> dict[str, str]:
    """Package to version, Python among them."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
