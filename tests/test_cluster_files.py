"""The files that start a cluster: as far as that goes without one, they are what their readers expect."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from importlib.metadata import requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from ruamel.yaml import YAML

from mtl_search.commands import parse

FOLDER = Path(__file__).parents[1] / "search_spaces" / "cluster"
FILES = sorted(FOLDER.iterdir())
COMMAND = re.compile(r"\bmtl-search (?:run|resume|submit|watch) [^`#&\n]*")


def loaded(name: str) -> Any:
    return YAML(typ="safe").load(FOLDER / name)


def commands(path: Path) -> Iterator[str]:
    """What the file and its comments have people or nodes run."""
    for found in COMMAND.findall(path.read_text(encoding="utf-8")):
        yield found.replace("$address:$port", "10.0.0.1:6379").replace("$name", "sweep")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_its_commands_are_ours(path: Path) -> None:
    found = [*commands(path)]
    assert found
    for line in found:
        _, *arguments = shlex.split(line)
        assert parse(arguments).command is not None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_sweeps_that_it_names_are_there(path: Path) -> None:
    for name in re.findall(r"search_spaces/[\w/]+\.(?:yaml|sh)", path.read_text(encoding="utf-8")):
        assert (FOLDER.parents[1] / name).is_file()


def test_ray_up_accepts_its_file() -> None:
    config = loaded("aws.yaml")
    spec = find_spec("ray")
    assert spec is not None
    assert spec.origin is not None
    schema = json.loads((Path(spec.origin).parent / "autoscaler" / "ray-schema.json").read_text())
    jsonschema.validate(config, schema)
    assert config["head_node_type"] in config["available_node_types"]
    assert config["max_workers"] >= config["available_node_types"]["worker"]["max_workers"]
    for started in (config["head_start_ray_commands"], config["worker_start_ray_commands"]):
        assert "RAY_AUTH_MODE=token" in started[-1]


def test_the_job_of_kuberay_is_whole() -> None:
    job = loaded("rayjob.yaml")
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    cluster = job["spec"]["rayClusterSpec"]
    assert cluster["authOptions"] == {"mode": "token"}
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    for pod in (group["template"]["spec"] for group in groups):
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in pod["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} == volumes
            assert container["resources"]["limits"] == container["resources"]["requests"]
    for group in cluster["workerGroupSpecs"]:
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    mounts = {mount["mountPath"] for mount in groups[0]["template"]["spec"]["containers"][0]["volumeMounts"]}
    assert all(f"{path}/" in job["spec"]["entrypoint"] for path in mounts)


def test_its_versions_are_those_that_this_project_takes() -> None:
    cluster = loaded("rayjob.yaml")["spec"]["rayClusterSpec"]
    ray = next(one for one in map(Requirement, requires("mtl_search") or ()) if one.name == "ray")
    assert Version(cluster["rayVersion"]) in ray.specifier
    assert cluster["rayVersion"] == version("ray")
    assert f"rayproject/ray:{cluster['rayVersion']}-py3" in (FOLDER / "rayjob.yaml").read_text()


def test_bash_reads_the_script_of_slurm() -> None:
    script = FOLDER / "slurm.sh"
    assert subprocess.run(["bash", "-n", str(script)], capture_output=True, check=False).returncode == 0
    lines = script.read_text().splitlines()
    options = [at for at, line in enumerate(lines) if line.startswith("#SBATCH")]
    first = next(at for at, line in enumerate(lines) if line and not line.startswith("#"))
    assert max(options) < first, "Slurm reads none after the first command"
