"""A trained network is a value: what is loaded gives what was saved, bit for bit."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_search.bundle import TrainedNetwork
from mtl_search.data import Dataset
from mtl_search.design import Branching
from mtl_search.errors import BundleError
from mtl_search.training import Score, Training, TrialConfig
from tests.fixtures.data import TINY_TASKS, tiny_dataset

NAMES = tuple(sorted(TINY_TASKS))
VERSIONS = {"torch": "2"}


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Numbers with missing ones, booleans, levels, and all kinds of tasks."""
    return tiny_dataset(160, missing=0.2)


def trained(dataset: Dataset, members: tuple[str, ...] = NAMES, **options: Any) -> TrainedNetwork:
    config = TrialConfig.model_validate(
        {
            "members": members,
            "sharing": Branching.split(members, 2, 1),
            "trunk": {"name": "mlp", "stages": 2, "width": 8},
            "epochs": 1,
            **options,
        }
    )
    one = Training(config, dataset, seed=7, score=Score({n: t.metric for n, t in dataset.tasks.items()}))
    one.run_epoch()
    return TrainedNetwork.of(config, dataset, one.weights(), 7, VERSIONS)


@pytest.mark.parametrize(
    ("members", "options"),
    [
        (NAMES, {}),
        (("ill",), {"encoder": {"name": "table", "numeric": {"name": "ple", "bins": 5}}}),
        (NAMES, {"trunk": {"name": "resnet", "stages": 2, "width": 8, "dropout": 0.3}}),
        (("cost", "ill"), {"weighting": {"name": "fixed", "weights": {"cost": 0.5, "ill": 1.5}}}),
        (("cost",), {"trunk": {"name": "mlp", "stages": 0}, "sharing": "cost"}),
        (NAMES, {"copies": 3}),
    ],
)
def test_what_is_loaded_gives_the_same_outputs(
    dataset: Dataset, tmp_path: Path, members: tuple[str, ...], options: dict[str, Any]
) -> None:
    saved = trained(dataset, members, **options)
    saved.save(tmp_path / "net")
    loaded = TrainedNetwork.load(tmp_path / "net")
    assert (loaded.config, loaded.inputs, loaded.tasks) == (saved.config, saved.inputs, saved.tasks)
    assert (loaded.seed, loaded.versions) == (7, VERSIONS)
    assert dataset.test is not None
    before, after = saved.build()(dataset.test.inputs), loaded.build()(dataset.test.inputs)
    assert list(before) == list(after) == list(members)
    assert all(torch.equal(before[task], after[task]) for task in members)


def test_rows_of_a_table_are_encoded_alike(dataset: Dataset, tmp_path: Path) -> None:
    from tests.fixtures.data import tiny_table

    saved = trained(dataset)
    saved.save(tmp_path / "net")
    table = tiny_table(50, seed=3, missing=0.3)
    before, after = (one.inputs.encode(table) for one in (saved, TrainedNetwork.load(tmp_path / "net")))
    assert before["categorical"].shape[1] > 0
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize(
    "options",
    [
        {"ill": {"kind": "binary", "pos_weight": "balanced", "positive": 0}},
        {"stage": {"kind": "multiclass", "class_weights": "balanced"}},
        {"topics": {"kind": "multilabel"}},
        {"cost": {"kind": "regression", "metric": "mae", "weight": 0.5}},
        {"cost": {"kind": "regression", "role": "auxiliary"}, "ill": "binary"},
    ],
    ids=str,
)
def test_tasks_come_back_with_their_options(tmp_path: Path, options: dict[str, Any]) -> None:
    dataset = tiny_dataset(160, tasks=options)
    members = tuple(sorted(options))
    saved = trained(dataset, members)
    saved.save(tmp_path / "net")
    loaded = TrainedNetwork.load(tmp_path / "net").tasks
    assert loaded == dict(saved.tasks)
    assert [type(task) for task in loaded.values()] == [type(task) for task in saved.tasks.values()]


def test_saving_again_replaces_and_leaves_nothing_else(dataset: Dataset, tmp_path: Path) -> None:
    first, second = trained(dataset, ("cost",)), trained(dataset, ("ill",))
    first.save(tmp_path / "net")
    second.save(tmp_path / "net")
    assert [path.name for path in tmp_path.iterdir()] == ["net"]
    assert list(TrainedNetwork.load(tmp_path / "net").tasks) == ["ill"]


def test_a_save_that_fails_leaves_what_was_there(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = trained(dataset, ("cost",))
    network.save(tmp_path / "net")

    def full(*args: object, **options: object) -> int:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="no space"):
        trained(dataset, ("ill",)).save(tmp_path / "net")
    assert [path.name for path in tmp_path.iterdir()] == ["net"]
    assert list(TrainedNetwork.load(tmp_path / "net").tasks) == ["cost"]


def test_what_a_killed_process_left_is_never_read_and_goes_with_the_next_save(
    dataset: Dataset, tmp_path: Path
) -> None:
    left = tmp_path / ".net.4711.partial"
    left.mkdir()
    (left / "weights.safetensors").write_bytes(b"half")
    assert not (tmp_path / "net").exists()
    trained(dataset, ("cost",)).save(tmp_path / "net")
    assert [path.name for path in tmp_path.iterdir()] == ["net"]


def test_no_folder_and_another_format_are_errors_of_the_user(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"expected network\.json"):
        TrainedNetwork.load(tmp_path / "nothing")
    trained(dataset, ("cost",)).save(tmp_path / "net")
    file = tmp_path / "net" / "network.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 99}))
    with pytest.raises(BundleError, match="found format 99"):
        TrainedNetwork.load(tmp_path / "net")


@pytest.mark.parametrize("part", ["trunk", "task"])
def test_a_class_of_ones_own_that_is_not_here_is_an_error_of_the_user(
    dataset: Dataset, tmp_path: Path, part: str
) -> None:
    trained(dataset).save(tmp_path / "net")
    path = tmp_path / "net" / "network.json"
    described = json.loads(path.read_text())
    if part == "trunk":
        described["config"]["trunk"] = {"name": "no_such_module:Trunk", "stages": 2}
    else:
        described["tasks"][0]["kind"] = "no_such_module:Task"
    path.write_text(json.dumps(described))
    message = rf"network.json: .*expected a {part}'s module:Class, found 'no_such_module:.*PYTHONPATH"
    with pytest.raises(BundleError, match=message):
        TrainedNetwork.load(tmp_path / "net")


def test_damaged_weights_are_errors_of_the_user(dataset: Dataset, tmp_path: Path) -> None:
    trained(dataset, ("cost",)).save(tmp_path / "net")
    weights = tmp_path / "net" / "weights.safetensors"
    for content in (b"", b"garbled", weights.read_bytes()[:-1]):
        weights.write_bytes(content)
        with pytest.raises(BundleError, match=r"weights\.safetensors"):
            TrainedNetwork.load(tmp_path / "net")


def test_both_files_have_the_mode_that_the_umask_says(dataset: Dataset, tmp_path: Path) -> None:
    trained(dataset, ("cost",)).save(tmp_path / "net")
    modes = {path.stat().st_mode for path in (tmp_path / "net").iterdir()}
    (tmp_path / "plain").touch()
    assert modes == {(tmp_path / "plain").stat().st_mode}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"width": 9},
            r"weights.safetensors: expected float32 of shape \(9,\) as body.*, found .* \(8,\)",
        ),
        ({"stages": 3}, r"expected float32 of shape .*, found nothing"),
        ({"stages": 1}, r"expected nothing as .*, found float32"),
        ({"width": 2**20, "stages": 1000}, r"weights.safetensors: expected|layers of a size"),
    ],
    ids=str,
)
def test_weights_of_another_network_are_an_error_of_the_user(
    dataset: Dataset, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    trained(dataset, ("cost",)).save(tmp_path / "net")
    path = tmp_path / "net" / "network.json"
    described = json.loads(path.read_text())
    described["config"]["trunk"] |= change
    described["config"]["sharing"] = " / ".join(["cost"] * described["config"]["trunk"]["stages"])
    path.write_text(json.dumps(described))
    with pytest.raises(BundleError, match=said):
        TrainedNetwork.load(tmp_path / "net")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "recursion|expected"),
        ('{"format": ' + "9" * 5000 + "}", "expected"),
        ('{"format": 2}', r"network.json: config: expected what mtl_search wrote, found Field required"),
        ('{"format": 2, "config": {}, "more": 1}', "expected"),
        ("[]", "expected"),
    ],
    ids=lambda text: text[:20],
)
def test_other_json_is_an_error_of_the_user(dataset: Dataset, tmp_path: Path, text: str, said: str) -> None:
    trained(dataset, ("cost",)).save(tmp_path / "net")
    (tmp_path / "net" / "network.json").write_text(text)
    with pytest.raises(BundleError, match=said):
        TrainedNetwork.load(tmp_path / "net")
