"""Luggage: a folder with all that a sweep needs on a cluster that has only the libraries."""

import shutil
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from mtl_search.data import is_local_file
from mtl_search.data.cache import as_size
from mtl_search.errors import DataError
from mtl_search.search.preparing.own_modules import own_parts
from mtl_search.sweep.file import SWEEP_FILE
from mtl_search.sweep.spec import SweepSpec
from mtl_search.sweep.storage import anchored

__all__ = ["LARGEST", "START", "pack"]

LARGEST = 100 * 2**20  # bytes of data; Ray itself takes packages of 512 MiB, and keeps them in memory
OURS = Path(__file__).parents[2]
START = "start.py"  # what the job runs; it stands alone, beside the package
DATA = "data"
CACHES = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


def pack(spec: SweepSpec, folder: Path, *, shared: bool = False) -> None:
    """Copy this package, the sweep file, the user's own modules and local data into ``folder``.

    ``shared``: paths are the same on the cluster, so that data stays where it is. `DataError` for data that
    is not there or too large to travel; `SpecError` for a database in a file beside the sweep file.
    """
    if (text := spec.settings.storage) is not None and anchored(text, spec.base) != text:
        hint = "the job's own folder is deleted with it"
        raise spec.document.error(("storage",), "an absolute path on the cluster", text, hint)
    shutil.copytree(OURS, folder / OURS.name, ignore=CACHES)
    shutil.copy(Path(__file__).with_name(START), folder / START)
    _as_installed(folder)
    for module in _own_modules(spec):
        _copy(module, folder / module.name)
    value: dict[str, Any] = dict(spec.document.data)
    value["data"] = _sent(spec, folder, shared)
    yaml = YAML()
    yaml.width = 110
    with (folder / SWEEP_FILE).open("wb") as file:
        yaml.dump(value, file)


def _as_installed(folder: Path) -> None:
    """Let Python know the version of what it finds in ``folder``, which trials record."""
    said = version("mtl_search")
    known = folder / f"mtl_search-{said}.dist-info"
    known.mkdir()
    (known / "METADATA").write_text(f"Metadata-Version: 2.1\nName: mtl_search\nVersion: {said}\n")


def _own_modules(spec: SweepSpec) -> Iterator[Path]:
    """The files and folders of the modules that the sweep names and of those beside them which these have
    imported; what is installed has to be so on the cluster."""
    named = {path.partition(":")[0].partition(".")[0] for path in own_parts(spec)}
    places = {name: place for name in list(sys.modules) if (place := _place(name)) is not None}
    beside = {places[name].parent for name in named if name in places}
    yield from sorted(place for place in places.values() if place.parent in beside)


def _place(name: str) -> Path | None:
    """Where a module's source is; None if it is a part of another, ours, of Python or installed."""
    file = getattr(sys.modules[name], "__file__", None)
    if "." in name or name in ("__main__", "mtl_search") or not file:
        return None
    path = Path(file).resolve()
    installed = (Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "purelib", "platlib"))
    if any(path.is_relative_to(one) for one in installed):
        return None
    return path.parent if path.name == "__init__.py" else path


def _sent(spec: SweepSpec, folder: Path, shared: bool) -> dict[str, Any]:
    """The data block as the cluster reads it."""
    data: dict[str, Any] = dict(spec.document.data["data"])  # type: ignore[call-overload]  # it was checked
    source = data["source"]
    if not is_local_file(source):
        return data
    path = (spec.base / Path(source).expanduser()).resolve()
    place = spec.document.place(("data", "source"))
    if not path.exists():
        raise DataError(place, "a file or folder", f"nothing at {path}")
    if shared:
        return {**data, "source": str(path)}
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    if (size := sum(file.stat().st_size for file in files)) > LARGEST:
        hint = (
            "put it where all nodes can read it and say its URI (s3://...), or, if this path is the same "
            "there, say --shared"
        )
        raise DataError(place, f"at most {as_size(LARGEST)} that travels with the job", as_size(size), hint)
    (folder / DATA).mkdir()
    _copy(path, folder / DATA / path.name)
    return {**data, "source": f"{DATA}/{path.name}"}


def _copy(path: Path, to: Path) -> None:
    if path.is_dir():
        shutil.copytree(path, to, ignore=CACHES)
    else:
        shutil.copy(path, to)
