"""A bundle is what was confirmed, from its networks or from what was recorded of them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import mtl_search
from mtl_search.bundle import Predictor, TrainedNetwork
from mtl_search.cli import main
from mtl_search.data import Dataset, load_dataset, read_table
from mtl_search.exporting import export
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import Phase, Split
from mtl_search.sweep import load_sweep
from mtl_search.training.evaluation import Evaluator


@pytest.fixture(scope="module")
def bundle(swept: Leaderboard, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(swept.path, tmp_path_factory.mktemp("export") / "model").path


@pytest.fixture(scope="module")
def dataset(swept: Leaderboard) -> Dataset:
    spec = load_sweep(swept.path / "sweep.yaml")
    return load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)


def networks(bundle: Path) -> dict[str, TrainedNetwork]:
    return {path.name: TrainedNetwork.load(path) for path in sorted((bundle / "networks").iterdir())}


def weights_equal(one: TrainedNetwork, other: TrainedNetwork) -> bool:
    return all(torch.equal(one.weights[name], other.weights[name]) for name in one.weights)


def test_it_has_the_confirmed_networks_and_trains_nothing(swept: Leaderboard, bundle: Path) -> None:
    kept = networks(swept.path)
    found = networks(bundle)
    assert found.keys() == kept.keys()
    assert all(weights_equal(found[name], kept[name]) for name in kept)
    assert len({network.seed for network in found.values()}) == 2


def test_networks_say_on_test_what_the_confirmation_measured(
    swept: Leaderboard, bundle: Path, dataset: Dataset
) -> None:
    model = Predictor.load(bundle)
    assert dataset.test is not None
    recorded = {
        (record.config_id, record.seed, metric.task, metric.name): metric.value
        for record in swept.records()
        if record.phase is Phase.CONFIRMATION
        for metric in record.metrics
        if metric.split is Split.TEST
    }
    for ready in model.models:
        config_id = ready.entry.folder.split("/")[1].split("-")[0]
        tasks = {name: dataset.tasks[name] for name in ready.network.members}
        rows = dataset.test.select(tasks)
        for task, values in Evaluator(rows, tasks).all_metrics(ready.network).items():
            for name, value in values.items():
                known = recorded[config_id, ready.entry.seed, task, name]
                assert value == pytest.approx(known, abs=1e-6, nan_ok=True)


def test_predictions_on_test_rows_are_the_mean_of_the_networks(bundle: Path, dataset: Dataset) -> None:
    model = Predictor.load(bundle)
    table = read_table(dataset.name, Path())
    encoded = model.reading.encode(model.reading.prepare(table))
    rows = {tuple(row) for row in encoded["numeric"].tolist()}
    assert dataset.test is not None
    assert {tuple(row) for row in dataset.test.inputs["numeric"].tolist()} <= rows
    with torch.inference_mode():
        outputs = [model_.network(encoded) for model_ in model.models if "cost" in model_.entry.tasks]
    mean = np.mean([model.tasks["cost"].predictions(one["cost"]).numpy() for one in outputs], axis=0)
    assert model.predict(table)["cost"].to_numpy() == pytest.approx(mean, abs=1e-6 * np.abs(mean).max())


def test_what_was_not_kept_is_trained_again_bit_for_bit(
    swept: Leaderboard, bundle: Path, emptied: Path, tmp_path: Path
) -> None:
    steps: list[tuple[int, int]] = []
    made = export(emptied, tmp_path / "model", on_epoch=lambda *step: steps.append(step))
    assert made.trained == made.networks == len(networks(bundle))
    assert all(weights_equal(networks(made.path)[name], one) for name, one in networks(bundle).items())
    assert steps == [(at + 1, len(steps)) for at in range(len(steps))]


def test_final_trains_on_all_rows_and_says_so(
    swept: Leaderboard, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "final"
    assert main(["export", str(swept.path), str(out), "--final", "--seeds", "1"]) == 0
    assert "trained again on all rows" in capsys.readouterr().out
    assert json.loads((out / "model.json").read_text())["design"]["final"] is True
    (found,) = {network.seed for network in networks(out).values()}
    for name, network in networks(out).items():
        confirmed = networks(bundle)[name]
        assert (network.seed, network.config, network.inputs) == (found, confirmed.config, confirmed.inputs)
        assert not weights_equal(network, confirmed)


def test_another_design_by_id_and_by_arm(swept: Leaderboard, tmp_path: Path) -> None:
    alone = next(one for one in swept.design_records() if "single_task" in one.arms)
    made = export(swept.path, tmp_path / "a", design=alone.design_id[:5], seeds=1)
    assert made.design.design_id == alone.design_id
    assert export(swept.path, tmp_path / "b", arm="single_task", networks=2, seeds=1).networks == 2
    assert set(mtl_search.load_model(tmp_path / "a").tasks) == {"cost", "ill"}


@pytest.mark.parametrize(("seeds", "said"), [(1, "is one of these trainings"), (2, "was not measured")])
def test_of_what_was_not_measured_together_the_card_says_so(
    swept: Leaderboard, tmp_path: Path, seeds: int, said: str
) -> None:
    older = tmp_path / "older"
    shutil.copytree(swept.path, older)
    (older / "ensembles.parquet").unlink()
    path = swept.path if seeds == 1 else older
    card = Predictor.load(export(path, tmp_path / "model", seeds=seeds).path).card
    (mine,) = [one for one in swept.summary_records() if one.chosen]
    assert said in card
    assert all(f" | {task.value:.4g} [" in card for task in mine.tasks)
    assert "measured as it predicts" not in card


def test_a_bundle_is_replaced_and_nothing_else(swept: Leaderboard, tmp_path: Path) -> None:
    out = tmp_path / "model"
    export(swept.path, out)
    export(swept.path, out, seeds=1)
    assert {entry.name for entry in tmp_path.iterdir()} == {"model"}
    assert len({network.seed for network in networks(out).values()}) == 1


def test_the_card_says_what_how_good_and_where_it_may_fail(swept: Leaderboard, bundle: Path) -> None:
    card = Predictor.load(bundle).card
    for title in ("What it predicts", "How good it is", "What it learned from", "Limits", "How it was made"):
        assert f"\n## {title}\n" in card
    (mine,) = [one for one in swept.summary_records() if one.chosen]
    for task in mine.tasks:
        (row,) = [
            line
            for line in card.splitlines()
            if line.startswith(f"| `{task.task}` | ") and "is better" in line
        ]
        assert f" | {task.ensemble_value:.4g} [" in row, "this model, of two seeds"
        assert f" | {task.ensemble_gain:+.2f} % [" in row
        assert f" | {task.value:.4g} | " in row, "a network of one seed"
        assert (task.verdict or "the reference itself") in row
    assert "the mean of each network's 2 trainings, and was measured as it predicts" in card
    assert "The licence of the data is not known." in card
    assert "on all rows" not in card
