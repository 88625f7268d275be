"""What travels with a job: enough for a cluster that has only the libraries, and not too much."""

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from mtl_search.errors import DataError, SpecError
from mtl_search.search.remote import luggage
from mtl_search.search.remote.luggage import pack
from mtl_search.space import load_document
from mtl_search.sweep import SweepSpec

MakeSweep = Callable[..., dict[str, Any]]


def source(folder: Path) -> object:
    return load_document(folder / "sweep.yaml").get(("data", "source"))


def test_the_package_the_sweep_and_its_data(tiny_sweep: MakeSweep, tiny_file: Path, tmp_path: Path) -> None:
    value = tiny_sweep(data={"source": tiny_file.name})
    pack(SweepSpec.from_value(value, tiny_file.parent), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "start.py", "mtl_search", f"mtl_search-{version('mtl_search')}.dist-info", "sweep.yaml", "data",
    }  # fmt: skip
    assert source(tmp_path) == f"data/{tiny_file.name}"
    assert (tmp_path / "data" / tiny_file.name).read_bytes() == tiny_file.read_bytes()
    assert {**load_document(tmp_path / "sweep.yaml").data, "data": None} == {**value, "data": None}
    assert not [*tmp_path.rglob("__pycache__")]
    command = [sys.executable, "-S", "-c", "import mtl_search, importlib.metadata as m; "
               "print(mtl_search.__file__, m.version('mtl_search'))"]  # fmt: skip
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert found.split() == [str(tmp_path / "mtl_search" / "__init__.py"), version("mtl_search")]


def test_own_modules_travel_with_what_they_import_from_beside_them(
    tiny_sweep: MakeSweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside, luggage_ = tmp_path / "beside", tmp_path / "luggage"
    (beside / "helpers_of_mine").mkdir(parents=True)
    (beside / "helpers_of_mine" / "__init__.py").write_text("WIDTH = 8\n")
    (beside / "unused_of_mine.py").write_text("raise RuntimeError\n")
    (beside / "trunk_of_mine.py").write_text("from helpers_of_mine import WIDTH\n")
    monkeypatch.setattr(luggage, "own_parts", lambda spec: ("trunk_of_mine:Own", "scipy.stats:norm"))
    for name in ("trunk_of_mine", "helpers_of_mine"):
        monkeypatch.setitem(sys.modules, name, type(sys)(name))
        sys.modules[name].__file__ = str(beside / f"{name}.py")
    sys.modules["helpers_of_mine"].__file__ = str(beside / "helpers_of_mine" / "__init__.py")
    luggage_.mkdir()
    pack(SweepSpec.from_value(tiny_sweep(), tmp_path), luggage_)
    there = {path.name for path in luggage_.iterdir()}
    assert {"trunk_of_mine.py", "helpers_of_mine"} <= there
    assert not {"unused_of_mine.py", "scipy"} & there
    assert (luggage_ / "helpers_of_mine" / "__init__.py").is_file()


@pytest.mark.parametrize("uri", ["support2", "s3://bucket/patients.parquet"])
def test_what_is_there_already_stays(tiny_sweep: MakeSweep, tmp_path: Path, uri: str) -> None:
    pack(SweepSpec.from_value(tiny_sweep(data={"source": uri}), tmp_path), tmp_path)
    assert source(tmp_path) == uri
    assert not (tmp_path / "data").exists()


def test_on_a_shared_folder_data_stays_too(tiny_sweep: MakeSweep, tiny_file: Path, tmp_path: Path) -> None:
    spec = SweepSpec.from_value(tiny_sweep(data={"source": tiny_file.name}), tiny_file.parent)
    pack(spec, tmp_path, shared=True)
    assert source(tmp_path) == str(tiny_file.resolve())
    assert not (tmp_path / "data").exists()


def test_data_that_is_too_large_is_refused_with_what_to_do(
    tiny_sweep: MakeSweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(luggage, "LARGEST", 1000)
    with pytest.raises(DataError, match=r"data\.source: expected at most .* found .*--shared"):
        pack(SweepSpec.from_value(tiny_sweep(), tmp_path), tmp_path)


def test_data_that_is_not_there_is_refused(tiny_sweep: MakeSweep, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected a file or folder, found nothing at"):
        pack(SweepSpec.from_value(tiny_sweep(data={"source": "nowhere.csv"}), tmp_path), tmp_path)


def test_a_database_beside_the_sweep_file_is_refused(tiny_sweep: MakeSweep, tmp_path: Path) -> None:
    with pytest.raises(
        SpecError, match="storage: expected an absolute path on the cluster, found sqlite:///x"
    ):
        pack(SweepSpec.from_value(tiny_sweep(storage="sqlite:///x.db"), tmp_path), tmp_path)
    pack(SweepSpec.from_value(tiny_sweep(storage="sqlite:////shared/x.db"), tmp_path), tmp_path)
