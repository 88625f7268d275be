"""Boosted trees: the numbers of LightGBM by itself, for every kind of task, and as text again."""

from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from sklearn.metrics import roc_auc_score

from mtl_search.bundle.trained_trees import TrainedTrees, load_trained, trained
from mtl_search.data import Dataset, DataSpec, dataset_from_table
from mtl_search.errors import BundleError
from mtl_search.records import Split
from mtl_search.tasks import Binary
from mtl_search.training import TreesConfig, TrialOutcome, run_trial
from mtl_search.training.kinds import begin
from mtl_search.training.score import Score
from tests.fixtures.data import TINY_TASKS, task_configs, tiny_dataset, tiny_table

OPTIONS: dict[str, Any] = {"learning_rate": 0.2, "leaves": 5, "min_rows": 5, "epochs": 3}


def config_of(task: str, **options: Any) -> TreesConfig:
    return TreesConfig.model_validate({"members": (task,), **OPTIONS, **options})


def value(outcome: TrialOutcome, split: Split) -> float:
    (found,) = (one for one in outcome.metrics if one.split is split and one.name in ("rmse", "auroc"))
    return found.value


def test_values_are_those_of_lightgbm_by_itself() -> None:
    """By its own interface, with the same parameters and number of trees. It makes bins of negative and of
    positive numbers apart, so that its numbers must be centred as ours are."""
    table = tiny_table(600, missing=0.0)
    frame = table.select(["age", "pressure", "smoker", "ward", "code", "ill"]).to_pandas()
    parts = np.array(["train", "valid", "test"])[np.arange(600) % 3]
    spec = DataSpec.model_validate({"source": "tiny", "split": {"column": "part"}, "drop": ["part"]})
    named = table.select(frame.columns.tolist()).append_column("part", [parts.tolist()])
    data = dataset_from_table(named, spec, task_configs({"ill": "binary"}))
    training = begin(config_of("ill"), data, seed=3, score=Score({"ill": data.tasks["ill"].metric}))
    while not training.finished:
        training.run_epoch()
    assert data.test is not None
    metrics = training.evaluate(data.test, Split.TEST)
    (ours,) = (one.value for one in metrics if one.name == "auroc")

    of_inputs = frame.drop(columns="ill")
    numeric = data.encoding.numeric
    for name, centre, scale in zip(numeric.columns, numeric.centres, numeric.scales, strict=True):
        of_inputs[name] = ((of_inputs[name].astype(float) - centre) / scale).astype("float32")
    for name in ("ward", "code"):
        of_inputs[name] = of_inputs[name].astype("category")
    task = data.tasks["ill"]
    assert isinstance(task, Binary)
    model = lightgbm.LGBMClassifier(
        learning_rate=0.2,
        num_leaves=5,
        min_child_samples=5,
        n_estimators=10 * training.best.epoch,
        scale_pos_weight=task.pos_weight,
        verbosity=-1,
        n_jobs=1,
    )
    model.fit(of_inputs[parts == "train"], frame["ill"][parts == "train"])
    theirs = np.asarray(model.predict_proba(of_inputs[parts == "test"]))[:, 1]
    assert ours == pytest.approx(roc_auc_score(frame["ill"][parts == "test"], theirs), abs=1e-6)


@pytest.mark.parametrize(
    ("task", "options"),
    [
        *TINY_TASKS.items(),
        ("cost", {"kind": "regression", "loss": "huber"}),
        ("cost", {"kind": "regression", "transform": "log1p"}),
    ],
)
def test_every_kind_is_learned_and_comes_back_from_text(task: str, options: Any, tmp_path: Path) -> None:
    data = tiny_dataset(200, tasks={task: options})
    training = begin(config_of(task), data, seed=0, score=Score({task: data.tasks[task].metric}))
    training.run_epoch()
    first = training.best.score
    while not training.finished:
        training.run_epoch()
    assert training.best.score >= first
    training.restore_best()
    whole = trained(training.config, data, training.weights(), 0, {"mtl_search": "0"})
    whole.save(tmp_path / "trees")
    again = load_trained(tmp_path / "trees")
    assert isinstance(again, TrainedTrees)
    assert (again.config, again.tasks, again.inputs) == (whole.config, whole.tasks, whole.inputs)
    assert not [path for path in (tmp_path / "trees").iterdir() if path.suffix not in (".txt", ".json")]
    assert data.test is not None
    wanted, found = (one.build()(data.test.inputs)[task] for one in (whole, again))
    assert torch.equal(wanted, found)
    no_rows = {kind: values[:0] for kind, values in data.test.inputs.items()}
    assert again.build()(no_rows)[task].shape == (0, *found.shape[1:])
    metric = data.tasks[task].metric
    (said,) = (m.value for m in training.evaluate(data.valid, Split.VALID) if m.name == metric.name)
    assert said == pytest.approx(training.best.valid[task], abs=1e-6)


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("trees.json", ('"model_0"', '"../elsewhere"'), r"names of models, .* found '\.\./elsewhere'"),
        ("trees.json", ('"name": "ill"', '"name": "cost"'), "the task 'ill' alone, found cost"),
        ("trees.json", ('"format": 2', '"format": 3'), "trees in format 2, found format 3"),
        ("model_0.txt", ("num_class=", "classes="), r"lines of version, num_class, .* \(model_0\.txt\)"),
        ("model_0.txt", ("objective=binary", "objective=binarie"), "a model of LightGBM|objective"),
    ],
)
def test_trees_that_were_changed_are_refused(
    dataset: Dataset, tmp_path: Path, file: str, change: tuple[str, str], said: str
) -> None:
    training = begin(config_of("ill"), dataset, seed=0, score=Score({"ill": dataset.tasks["ill"].metric}))
    training.run_epoch()
    trained(training.config, dataset, training.weights(), 0, {}).save(tmp_path / "trees")
    path = tmp_path / "trees" / file
    text = path.read_text()
    assert change[0] in text
    path.write_text(text.replace(*change))
    with pytest.raises(BundleError, match=said):
        TrainedTrees.load(tmp_path / "trees")


def test_the_same_seed_gives_the_same_trees(dataset: Dataset) -> None:
    config = config_of("cost", rows=0.6, columns=0.6)
    scores = [run_trial(config, dataset, seed=seed).score for seed in (1, 1, 2)]
    assert scores[0] == scores[1] != scores[2]


def test_rows_without_weight_do_not_count() -> None:
    """Half of the rows have nonsense for a target, and no weight."""
    table = tiny_table(400, missing=0.0).select(["age", "pressure", "ward", "cost"])
    real = np.arange(400) % 2 == 0
    cost = np.where(real, table["cost"].to_numpy(), np.random.default_rng(0).permutation(400) * 1e4)
    frame = pd.DataFrame({**table.to_pandas(), "cost": cost, "weight": real.astype(float)})
    outcomes = {}
    for block in ({"weight": "weight"}, {"drop": ["weight"]}):
        given = {"source": "tiny", "split": {"valid": 0.2, "test": 0.2, "seed": 0}, **block}
        data = dataset_from_table(
            pa.Table.from_pandas(frame), DataSpec.model_validate(given), task_configs({"cost": "regression"})
        )
        outcomes[next(iter(block))] = value(run_trial(config_of("cost"), data), Split.VALID)
    assert outcomes["weight"] < 0.2 * outcomes["drop"]
    assert outcomes["weight"] < 0.8 * np.std(cost[real])
