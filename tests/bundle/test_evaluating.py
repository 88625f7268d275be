"""Evaluations: the metrics of the tasks themselves, intervals over common samples, and what is left out."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from mtl_search.bundle import Predictor
from mtl_search.bundle.evaluating import Evaluation, evaluate_predictions
from mtl_search.bundle.evaluating import evaluate as evaluate_bundle
from mtl_search.data import DataSpec
from mtl_search.data.labels import Labels, read_labels
from mtl_search.terminal.evaluated import evaluation_json, show_evaluation
from tests.fixtures.bundles import tiny_bundle
from tests.fixtures.data import TINY_TASKS, task_configs, tiny_table

ROWS = 160
CONFIGS = task_configs(TINY_TASKS)
TASKS = {name: config.fit(name, [tiny_table(ROWS)[name]]) for name, config in CONFIGS.items()}
OUTPUTS = {
    name: torch.randn(ROWS, task.n_outputs, generator=torch.Generator().manual_seed(1))
    for name, task in TASKS.items()
}
PREDICTIONS = {name: task.predictions(OUTPUTS[name]) for name, task in TASKS.items()}


def labels(table: pa.Table | None = None, **spec: str) -> Labels:
    table = tiny_table(ROWS) if table is None else table
    return read_labels(table, DataSpec(source="new", **spec), CONFIGS, TASKS)  # type: ignore[arg-type]


def evaluate(found: Labels, bootstrap: int | None = 20) -> Evaluation:
    return evaluate_predictions(TASKS, PREDICTIONS, found, bootstrap=bootstrap)


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate(labels(), bootstrap=200)


def test_values_are_the_metrics_of_the_labelled_rows(evaluation: Evaluation) -> None:
    found = labels()
    assert [one.task for one in evaluation.tasks] == [*TINY_TASKS]
    for one in evaluation.tasks:
        labelled_N = found.labelled[one.task]
        expected = TASKS[one.task].evaluate(
            OUTPUTS[one.task][labelled_N], found.targets[one.task][labelled_N]
        )
        assert {name: each.value for name, each in one.metrics.items()} == pytest.approx(expected)
        assert (one.rows, one.missing) == (int(labelled_N.sum()), int((~labelled_N).sum()))
        assert one.default in one.metrics
        assert one.higher_is_better.keys() == one.metrics.keys()


def test_intervals_lie_around_their_values(evaluation: Evaluation) -> None:
    for one in evaluation.tasks:
        for each in one.metrics.values():
            assert each.low < each.value < each.high
    (auroc,) = (one.metrics["auroc"] for one in evaluation.tasks if one.task == "ill")
    n = int(labels().labelled["ill"].sum())
    assert auroc.high - auroc.low == pytest.approx(2 * 1.96 / np.sqrt(3 * n), rel=0.3), (
        "of chance: Hanley 1982"
    )


def test_groups_are_drawn_whole_and_weights_count() -> None:
    weighed = tiny_table(ROWS).append_column("w", pa.array(1.0 + np.arange(ROWS) % 3))
    found = evaluate(labels(weighed, group="patient", weight="w"))
    assert found.weighted
    assert found.units == len(set(weighed["patient"].to_pylist())) < found.rows == ROWS
    repeated = weighed.take(pa.array(np.arange(ROWS).repeat(1 + np.arange(ROWS) % 3)))
    expected = evaluate_predictions(
        TASKS,
        {name: p.repeat_interleave(1 + torch.arange(ROWS) % 3, 0) for name, p in PREDICTIONS.items()},
        labels(repeated),
        bootstrap=0,
    )
    for one, other in zip(found.tasks, expected.tasks, strict=True):
        values = {name: each.value for name, each in one.metrics.items()}
        assert values == pytest.approx({name: each.value for name, each in other.metrics.items()}, rel=1e-4)


def test_without_samples_there_is_no_interval_and_none_in_json() -> None:
    found = evaluate(labels(), bootstrap=0)
    task = json.loads(evaluation_json(found))["tasks"][0]
    assert task["metrics"]["auroc"]["low"] is None
    assert task["metrics"]["auroc"]["value"] == found.tasks[0].metrics["auroc"].value


def test_a_single_unit_has_no_interval() -> None:
    at = tiny_table(ROWS).column_names.index("patient")
    found = evaluate(
        labels(tiny_table(ROWS).set_column(at, "patient", pa.array([1] * ROWS)), group="patient")
    )
    assert (found.units, found.bootstrap) == (1, 0)
    assert all(np.isnan(each.low) for one in found.tasks for each in one.metrics.values())


def test_it_is_shown_in_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ill = [2, 7, *[0, 1] * 78, None, None]
    table = tiny_table(ROWS).drop_columns(["ill", "stage"]).append_column("ill", pa.array(ill))
    found = evaluate(labels(table, group="patient", weight="w"))
    show_evaluation(found, "a/folder/labelled.csv")
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    flat = " ".join(text.split())
    for expected in (
        "a/folder/labelled.csv: 160 rows in 40 groups",
        "95 % intervals from 20 samples of groups, seed 0",
        "note: task 'stage' is not judged: no column 'stage'",
        "ill: 2 rows without a label are left out",
        "ill: labels that training has not seen are left out: '2' (1), '7' (1)",
        "average_precision",
    ):
        assert expected in flat


def test_a_bundle_is_judged_without_the_rows_of_weight_zero(tmp_path: Path) -> None:
    model = Predictor.load(tiny_bundle(tmp_path / "model"))
    rules = model.description.data.model_copy(update={"weight": "w"})
    model = replace(model, description=model.description.model_copy(update={"data": rules}))
    weights = np.arange(ROWS) % 4
    table = tiny_table(ROWS).append_column("w", pa.array(weights))
    found = evaluate_bundle(model, table, bootstrap=0)
    assert found.notes == ("40 rows of weight 0 in column 'w' left out",)
    expected = evaluate_bundle(model, table.filter(pa.array(weights > 0)), bootstrap=0)
    assert evaluation_json(replace(found, notes=())) == evaluation_json(expected)
    assert (found.rows, found.weighted) == (120, True)
    predicted = model.predict(table, as_="arrow")["cost"].to_numpy()
    known = table["cost"].is_valid().to_numpy() & (weights > 0)
    errors = np.abs(predicted - table["cost"].to_numpy())[known]
    (cost,) = (one for one in found.tasks if one.task == "cost")
    assert cost.metrics["mae"].value == pytest.approx(np.average(errors, weights=weights[known]), rel=1e-5)
