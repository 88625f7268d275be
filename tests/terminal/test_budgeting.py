"""What a budget can show, said before it is spent."""

from collections.abc import Callable
from typing import Any

import pytest

from mtl_search.analysis.power import smallest_before
from mtl_search.data import Dataset, load_dataset
from mtl_search.sweep import SweepSpec
from mtl_search.terminal.budgeting import completed, reference_words, show_budget, task_labels
from mtl_search.terminal.words import plain_console

TinySpec = Callable[..., SweepSpec]


def data_of(spec: SweepSpec) -> Dataset:
    return load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)


@pytest.fixture
def shown(tiny_spec: TinySpec, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def show(**changes: Any) -> str:
        spec = tiny_spec(**changes)
        show_budget(plain_console(soft_wrap=True), spec, data_of(spec))
        return capsys.readouterr().out

    return show


def budget(**changes: Any) -> dict[str, Any]:
    return {"trials": 3, "reference_trials": 12, "finalists": 1, "seeds": 5, **changes}


def test_a_budget_whose_references_are_tuned(tiny_spec: TinySpec) -> None:
    spec = tiny_spec(budget=budget(), pruner="none")
    assert reference_words(spec) == ["references: 12 trials a task, all train to their end"]


@pytest.mark.parametrize("pruner", ["none", {"name": "asha", "min_epochs": 1, "reduction_factor": 3}])
def test_a_budget_that_leaves_a_verdict_provisional_says_what_would_do(
    tiny_spec: TinySpec, pruner: object
) -> None:
    few = reference_words(tiny_spec(budget=budget(reference_trials=6), pruner=pruner, trial={"epochs": 9}))
    assert few == [
        "references: 6 trials a task, all train to their end",
        "  a verdict will be provisional; reference_trials: 10 would do",
    ]
    enough = tiny_spec(budget=budget(reference_trials=10), pruner=pruner, trial={"epochs": 9})
    assert reference_words(enough) == ["references: 10 trials a task, all train to their end"]


def test_a_pruner_stops_some_beyond_them(tiny_spec: TinySpec) -> None:
    pruner = {"name": "asha", "min_epochs": 1, "reduction_factor": 3}
    spec = tiny_spec(budget=budget(reference_trials=40), pruner=pruner, trial={"epochs": 9})
    (line,) = reference_words(spec)
    assert (
        line == f"references: 40 trials a task, of which about {completed(spec, 40):.0f} train to their end"
    )


@pytest.mark.parametrize(
    ("pruner", "complete"),
    [
        ("none", 40),
        ({"name": "asha", "min_epochs": 3, "reduction_factor": 3}, 40),  # no rung before the last epoch
        ({"name": "asha", "min_epochs": 1, "reduction_factor": 3}, 19),
        ({"name": "asha", "min_epochs": 1, "reduction_factor": 3, "startup_trials": 20}, 26),
        ({"name": "median", "min_epochs": 1}, 25),
        ({"name": "hyperband", "min_epochs": 1, "reduction_factor": 3}, 40),
    ],
)
def test_what_each_pruner_leaves(tiny_spec: TinySpec, pruner: object, complete: int) -> None:
    assert completed(tiny_spec(pruner=pruner, trial={"epochs": 3}), 40) == pytest.approx(complete, abs=0.7)


def test_under_a_budget_of_hours(tiny_spec: TinySpec) -> None:
    spec = tiny_spec(budget=budget(trials=None, hours=1.0))
    assert "as time allows" in reference_words(spec)[0]


def test_the_smallest_differences_of_tasks_and_of_delta_m(shown: Callable[..., str]) -> None:
    lines = shown(budget=budget()).splitlines()
    rows = {line.split()[0]: line.split() for line in lines if line.endswith("% ")}
    assert set(rows) == {"cost", "ill", "delta_m"}
    smallest = {name: float(row[-2]) for name, row in rows.items()}
    assert 0 < smallest["delta_m"] < max(smallest["cost"], smallest["ill"])
    assert all(len(line) <= 80 for line in lines)


def test_only_the_number_of_test_labels_is_read(tiny_spec: TinySpec) -> None:
    spec = tiny_spec(budget=budget())
    data = data_of(spec)
    assert data.test is not None
    before = task_labels(data, ("cost", "ill"))
    for name in ("cost", "ill"):
        data.test.targets[name].zero_()
    after = task_labels(data, ("cost", "ill"))
    for name, task in before.items():
        assert task.units == after[name].units == int(data.test.labelled[name].sum())
        assert task.difference_error == after[name].difference_error


def test_groups_are_the_units(tiny_spec: TinySpec, shown: Callable[..., str]) -> None:
    grouped = {"group": "patient", "drop": ["topics", "stage"]}
    data = data_of(tiny_spec(data=grouped))
    assert data.test is not None
    by_group = task_labels(data, ("cost",))["cost"].units
    assert 0 < by_group < int(data.test.labelled["cost"].sum())
    assert "test groups" in shown(budget=budget(), data=grouped)


def test_weights_of_tasks_count(tiny_spec: TinySpec) -> None:
    tasks = tiny_spec().document.data["tasks"]
    weighed = {"cost": {"kind": "regression", "weight": 0.25}, "ill": tasks["ill"]}
    labels = task_labels(data_of(tiny_spec(tasks=weighed)), ("cost", "ill"))
    assert [task.weight for task in labels.values()] == [0.25, 1.0]
    equal = task_labels(data_of(tiny_spec()), ("cost", "ill"))
    alike = [[1, 0], [0, 1]]
    assert smallest_before(labels, alike, 5)[1] != smallest_before(equal, alike, 5)[1]


@pytest.mark.parametrize("change", [{"finalists": 0}, {"seeds": 1}, {"seeds": 0}])
def test_without_a_confirmation_nothing_can_be_shown(
    shown: Callable[..., str], change: dict[str, int]
) -> None:
    assert "no difference can be shown" in shown(budget=budget(**change))
