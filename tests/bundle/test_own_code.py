"""Classes of one's own in a bundle or a sweep: their code is run by those who asked for it, and named."""

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import mtl_search
from mtl_search.bundle.description import hashes
from mtl_search.cli import main
from mtl_search.errors import BundleError
from mtl_search.leaderboard import Leaderboard
from tests.fixtures.data import tiny_table

SWEEP = Path(__file__).parents[2] / "results" / "support2"
MODULE = """
import pathlib
from mtl_search.model.trunks.mlp import MlpConfig
from mtl_search.model import Trunk
pathlib.Path(__file__).with_suffix(".ran").touch()

class Mine(Trunk):
    stages: int = 2
    width: int = 8

    def stage_out(self, index, spec):
        return MlpConfig(stages=2, width=8).stage_out(index, spec)

    def build_stage(self, index, spec):
        return MlpConfig(stages=2, width=8).build_stage(index, spec)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that can be imported and leaves a trace when it is."""
    path = tmp_path / "modules" / f"own_{tmp_path.name.rstrip('0123456789').rstrip('_')[-20:]}.py"
    path.parent.mkdir()
    path.write_text(MODULE)
    monkeypatch.syspath_prepend(path.parent)
    return path


def has_run(module: Path) -> bool:
    return module.with_suffix(".ran").exists()


def with_own_trunk(bundle: Path, module: Path) -> Path:
    """The bundle as if its networks had a trunk of this module's, which it vouches for."""
    for path in bundle.glob("networks/*/network.json"):
        described = json.loads(path.read_text())
        described["config"]["trunk"] = {"name": f"{module.stem}:Mine", "stages": 2, "width": 8}
        path.write_text(json.dumps(described))
    model = bundle / "model.json"
    model.write_text(json.dumps({**json.loads(model.read_text()), "files": hashes(bundle)}))
    return bundle


def test_a_bundle_runs_code_only_if_it_may(
    folder: Path, module: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bundle = with_own_trunk(shutil.copytree(folder, tmp_path / "model"), module)
    said = rf"network\.json: config\.trunk.*: expected .* without code to import, found '{module.stem}:Mine'"
    with pytest.raises(BundleError, match=f"{said}; .*--allow-own-code"):
        mtl_search.load_model(bundle)
    assert not has_run(module)
    with caplog.at_level(logging.WARNING):
        model = mtl_search.load_model(bundle, own_code=True)
    assert has_run(module)
    assert caplog.messages == [f"importing {module.stem}:Mine: code that a file names is run"]
    whole = mtl_search.load_model(folder)
    assert model.predict(tiny_table(20)).equals(whole.predict(tiny_table(20)))
    with pytest.raises(BundleError, match=said):
        mtl_search.load_model(bundle)  # what was allowed once is not allowed for good


def test_check_says_what_it_imports_and_the_readme_whom_to_trust(
    tiny_sweep: Callable[..., dict[str, Any]],
    module: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    value = tiny_sweep(trial={"trunk": {"name": f"{module.stem}:Mine", "stages": 2, "width": 8}})
    (tmp_path / "x.yaml").write_text(json.dumps(value))
    assert main(["check", str(tmp_path / "x.yaml")]) == 0
    assert caplog.messages == [f"importing {module.stem}:Mine: code that a file names is run"]
    readme = " ".join((SWEEP.parents[1] / "README.md").read_text(encoding="utf-8").split())
    assert "Resume only folders you trust" in readme


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_so_do_the_commands(
    command: str, folder: Path, module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = with_own_trunk(shutil.copytree(folder, tmp_path / "model"), module)
    pq.write_table(tiny_table(30), tmp_path / "t.parquet")
    out = [str(tmp_path / "out.csv")] if command == "predict" else ["--bootstrap", "0"]
    arguments = [command, str(bundle), str(tmp_path / "t.parquet"), *out]
    assert main(arguments) == 2
    assert not has_run(module)
    assert "--allow-own-code" in capsys.readouterr().err
    assert main([*arguments, "--allow-own-code"]) == 0
    assert has_run(module)


def test_who_reads_a_sweep_runs_nothing_of_it(
    module: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wherever a class is named: in a trial's configuration, a kept network, the sweep file."""
    path, name = tmp_path / "sweeps" / "one", f"{module.stem}:Mine"
    shutil.copytree(SWEEP, path)
    trials = pq.read_table(path / "trials.parquet")
    configs = [config.replace('"name":"mlp"', f'"name":"{name}"') for config in trials["config"].to_pylist()]
    assert f'"{name}"' in configs[0]
    at = trials.column_names.index("config")
    pq.write_table(trials.set_column(at, trials.schema.field("config"), [configs]), path / "trials.parquet")
    export = ["export", str(path), str(tmp_path / "model"), "--design"]
    designs = [one.design_id for one in Leaderboard(path).design_records()]
    assert main([*export, designs[-1]]) == 2  # whose networks were not kept
    assert name in capsys.readouterr().err
    sweep_file = path / "sweep.yaml"
    sweep_file.write_text(sweep_file.read_text().replace("name: mlp", f"name: '{name}'"))
    for command in ("top", "report", "compare", "watch --once", "results"):
        assert main([*command.split(), str(path.parent if command == "results" else path)]) == 0
    capsys.readouterr()
    assert main(export[:3]) == 2
    assert f"name without code to import, found '{name}'" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()
    assert not has_run(module)
