"""The check: everything about a sweep that can be known before it runs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mtl_search.data import load_dataset
from mtl_search.design import Branching
from mtl_search.sweep import SweepSpec
from mtl_search.terminal.checking import check_json, show_check
from tests.fixtures.data import tiny_table

TinySpec = Callable[..., SweepSpec]


@pytest.fixture
def checked(tiny_spec: TinySpec, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What is shown of a tiny sweep."""

    def check(seed: int = 0, **changes: Any) -> str:
        spec = tiny_spec(**changes)
        dataset = load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)
        show_check(spec, dataset, seed=seed)
        return capsys.readouterr().out

    return check


def test_the_data(checked: Callable[..., str], tiny_spec: TinySpec) -> None:
    shown = checked()
    spec = tiny_spec()
    dataset = load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)
    assert dataset.fingerprint in shown
    assert (
        f"{len(dataset.train)} train, {len(dataset.valid)} valid, {len(dataset.test or ())} test rows"
        in shown
    )
    assert "numeric inputs: age, pressure, smoker" in shown
    assert "categorical inputs (levels): ward (4), code (3)" in shown
    assert "with a missing-indicator: pressure" in shown


def test_the_tasks_with_their_labels_by_split(checked: Callable[..., str], tiny_spec: TinySpec) -> None:
    spec = tiny_spec()
    dataset = load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)
    lines = checked().splitlines()
    for name, task in dataset.tasks.items():
        counts = [str(int(rows.labelled[name].sum())) for rows in dataset.splits.values()]
        assert any(line.split() == [name, task.kind, "main", task.metric.name, *counts] for line in lines)
        assert f"  {name}: {task.describe()}" in lines


def test_each_arm_with_its_parameters(checked: Callable[..., str]) -> None:
    shown = checked(arms={"mine": {"members": "all", "weighting": {"name": "pcgrad"}}})
    blocks = {block.split(":")[0].split("\n")[0]: block for block in shown.split("Arm ")[1:]}
    assert list(blocks) == ["single_task", "shared_equal", "shared_tuned", "mine", "search"]
    assert "2 trials for each of 2 studies" in blocks["single_task"]
    assert all("optimizer.lr" in block and "0.001 to 0.1, log" in block for block in blocks.values())
    assert "weighting.weights.cost" in blocks["shared_tuned"]
    assert "sharing.split" in blocks["mine"]
    assert "members.cost" in blocks["search"]
    assert "sharing.split" not in blocks["shared_equal"]


def test_arms_under_a_budget_of_hours(checked: Callable[..., str]) -> None:
    shown = checked(budget={"trials": None, "hours": 1.5})
    assert "Arm search: as time allows" in shown
    assert "trials\n" not in shown.splitlines()[-1]


def test_the_size_of_the_space(checked: Callable[..., str]) -> None:
    # three sets of two tasks; both together may split at 1 or 2
    shown = checked()
    assert "Size of arm search: 3 sets of members, 4 networks by members and sharing" in shown
    # one network of both, or two that share the tasks in any way
    assert "designs of at most 2 networks" in shown


def test_a_sampled_trial_with_its_tree(checked: Callable[..., str]) -> None:
    shown = checked(trial={"members": "all", "sharing": {"split": 1}})
    assert "A sampled trial: " in shown
    assert Branching.split(("cost", "ill"), 2, 1).draw() in shown
    assert '"name": "mlp"' in shown
    assert "batch_size: 64" in shown


def test_the_seed_picks_the_sample(checked: Callable[..., str]) -> None:
    assert checked(seed=1) == checked(seed=1)
    assert checked(seed=1) != checked(seed=2)


def test_it_ends_with_the_total(checked: Callable[..., str]) -> None:
    assert checked().splitlines()[-1] == "ok: <sweep> can be run, about 19 trials (15 to 21)"


def test_names_with_brackets_are_shown_whole(checked: Callable[..., str], tmp_path: Path) -> None:
    # rich takes [bold] for a style and [/x] for its end
    table = tiny_table(160, missing=0.0)
    names = {"age": "age [years]", "pressure": "[bold]", "ward": "[/ward]"}
    table = table.rename_columns([names.get(name, name) for name in table.column_names])
    constant = pa.array(["x"] * len(table))
    pq.write_table(table.append_column("[red] id", constant), tmp_path / "own.parquet")
    shown = checked(data={"source": str(tmp_path / "own.parquet")})
    for name in (*names.values(), "[red] id"):
        assert name in shown


def test_what_the_data_s_check_noticed(checked: Callable[..., str], tmp_path: Path) -> None:
    table = tiny_table(160, missing=0.0)
    identifiers = pa.array([f"patient {number}" for number in range(len(table))])
    pq.write_table(table.append_column("record", identifiers), tmp_path / "own.parquet")
    shown = checked(data={"source": str(tmp_path / "own.parquet")})
    assert any("note:" in line and "record" in line for line in shown.splitlines())


@pytest.mark.parametrize("finalists", [0, 1])
def test_programs_get_the_same(checked: Callable[..., str], tiny_spec: TinySpec, finalists: int) -> None:
    changes = {"budget": {"finalists": finalists, "seeds": 3}}
    shown, spec = checked(**changes), tiny_spec(**changes)
    dataset = load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)
    value = json.loads(check_json(spec, dataset))
    assert value["data"]["rows"] == {split.value: len(rows) for split, rows in dataset.splits.items()}
    assert value["data"]["numeric"] == ["age", "pressure", "smoker"]
    assert [task["name"] for task in value["tasks"]] == ["cost", "ill"]
    assert f"  {value['size']['designs']:,} designs of at most 2 networks" in shown
    assert {arm["name"] for arm in value["arms"]} >= {"single_task", "search"}
    for parameter in value["arms"][-1]["parameters"]:
        assert f"{parameter['name']} " in shown
        assert parameter["range"] in shown
    assert f"{value['planned']['total']['expected']} trials" in shown
    assert (
        sum(part["expected"] for part in value["planned"]["parts"]) == value["planned"]["total"]["expected"]
    )
    assert (value["smallest_shown"] is None) is (finalists == 0)
