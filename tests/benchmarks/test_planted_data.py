from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.planted_data import (
    LinearStages,
    Planted,
    Sample,
    planted_auxiliary,
    planted_clusters,
    planted_independent,
    planted_narrow,
    planted_pairs,
    planted_spoiler,
    planted_tree,
)
from mtl_search.data import Dataset
from mtl_search.design import Branching
from mtl_search.records import Role, Split
from mtl_search.search import resume_sweep, run_sweep
from mtl_search.sweep import SweepSpec
from mtl_search.testing.trunk_suite import TrunkSuite
from mtl_search.training import Score, Training, TrialConfig

PLANTS = [
    planted_clusters,
    planted_independent,
    planted_pairs,
    planted_narrow,
    planted_auxiliary,
    planted_spoiler,
    planted_tree,
]
SMALL = Sample(train=80, held_out=100)


def held_out(planted: Planted) -> NDArray[np.float64]:
    """The exact labels of test, rows x tasks."""
    return np.stack([values.numpy() for values in planted.dataset.test.targets.values()], axis=1)


def error_of_pooled(planted: Planted, labels_of: list[str], task: str) -> float:
    """Test error of least squares for ``task`` on the train labels of several tasks together."""
    train, test = planted.dataset.train, planted.dataset.test
    inputs, targets = [], []
    for name in labels_of:
        known = train.labelled[name].numpy()
        inputs.append(train.inputs["numeric"].numpy()[known])
        targets.append(train.targets[name].numpy()[known])
    weights = np.linalg.lstsq(np.concatenate(inputs), np.concatenate(targets), rcond=None)[0]
    return np.sqrt(np.mean((test.inputs["numeric"].numpy() @ weights - test.targets[task].numpy()) ** 2))


@pytest.mark.parametrize("plant", PLANTS)
def test_a_seed_is_a_dataset(plant: Callable[..., Any]) -> None:
    first = plant(1, sample=SMALL)
    assert plant(1, sample=SMALL).dataset.fingerprint == first.dataset.fingerprint
    assert plant(2, sample=SMALL).dataset.fingerprint != first.dataset.fingerprint
    assert first.dataset.tasks.keys() == first.tasks.keys()
    assert not first.dataset.warnings


def test_a_cluster_measures_one_thing_and_clusters_meet_at_60_degrees() -> None:
    planted = planted_clusters(sample=Sample(held_out=20_000))
    correlations_TT = np.corrcoef(held_out(planted).T)
    same_TT = np.kron(np.eye(3), np.ones((2, 2)))
    np.testing.assert_allclose(correlations_TT, np.where(same_TT > 0, 1.0, 0.5), atol=0.03)


def test_independent_tasks_have_nothing_in_common() -> None:
    planted = planted_independent(sample=Sample(held_out=20_000))
    np.testing.assert_allclose(np.corrcoef(held_out(planted).T), np.eye(4), atol=0.03)
    assert planted.networks == (("a1",), ("b1",), ("c1",), ("d1",))


def test_train_labels_are_noisy_and_missing_as_asked() -> None:
    planted = planted_clusters(sizes=(2,), sample=Sample(train=20_000, noise=0.5, missing=0.4))
    train, test = planted.dataset.train, planted.dataset.test
    shares = [known.float().mean().item() for known in train.labelled.values()]
    assert shares == pytest.approx([0.6, 0.6], abs=0.02)
    both = (train.labelled["a1"] & train.labelled["a2"]).float().mean().item()
    assert both == pytest.approx(0.36, abs=0.02)  # of other rows for each task
    tasks, known = planted.dataset.tasks, train.labelled["a1"]
    assert tasks["a1"].truths(train.targets["a1"][known]).var().item() == pytest.approx(1.25, abs=0.05)
    assert tasks["a1"].truths(test.targets["a1"]).var().item() == pytest.approx(1.0, abs=0.2)
    assert all(known.all() for known in test.labelled.values())


@pytest.mark.parametrize("seed", range(3))
def test_a_spoiler_hurts_and_everybody_else_helps(seed: int) -> None:
    planted, alike = planted_spoiler(seed), ["a1", "a2", "a3", "a4", "a5"]
    together = error_of_pooled(planted, alike, "a1")
    assert together < error_of_pooled(planted, ["a1"], "a1")
    assert error_of_pooled(planted, [*alike, "b1"], "a1") > together


@pytest.mark.parametrize("seed", range(5))
def test_labels_of_the_cluster_help_and_those_of_others_hurt(seed: int) -> None:
    planted = planted_clusters(seed)
    alone = error_of_pooled(planted, ["a1"], "a1")
    assert error_of_pooled(planted, ["a1", "a2"], "a1") < 0.95 * alone
    assert error_of_pooled(planted, ["a1", "b1"], "a1") > alone
    assert error_of_pooled(planted, ["a1", "a2", "b1"], "a1") > error_of_pooled(planted, ["a1", "a2"], "a1")


def error_of_network(
    planted: Planted, members: tuple[str, ...], lr: float, seed: int = 0
) -> NDArray[np.float64]:
    """Test error of each of ``members`` in one network that shares everything."""
    optimizer = {"name": "adamw", "lr": lr, "weight_decay": 0.01}
    branching = str(Branching.shared(members, 1))
    trial = {**planted.trial, "optimizer": optimizer, "members": members, "sharing": branching}
    training = Training(
        TrialConfig.model_validate(trial), planted.dataset, seed=seed, score=score(planted.dataset)
    )
    while not training.finished:
        training.run_epoch()
    training.restore_best()
    assert planted.dataset.test is not None
    metrics = training.evaluate(planted.dataset.test, Split.TEST)
    return np.array([metric.value for metric in metrics if metric.name == "rmse"])


def score(dataset: Dataset) -> Score:
    return Score({name: task.metric for name, task in dataset.tasks.items()})


@pytest.mark.parametrize("seed", range(4))
def test_networks_of_a_pair_are_plainly_better_and_one_of_all_is_worse(seed: int) -> None:
    planted = planted_pairs(seed)
    assert planted.networks == (("a1", "a2"), ("b1", "b2"))
    alone = np.concatenate([error_of_network(planted, (task,), 0.2) for task in planted.tasks])
    paired = np.concatenate([error_of_network(planted, pair, 0.2) for pair in planted.networks])
    together = error_of_network(planted, tuple(planted.tasks), 0.2)
    assert np.mean(1 - paired / alone) > 0.1
    assert np.mean(1 - together / alone) < -0.1


def test_one_learning_rate_in_five_is_good_and_sharing_does_nothing() -> None:
    planted = planted_narrow()
    low, high = planted.trial["optimizer"]["lr"]["float"]
    rates = np.geomspace(low, high, 15)
    errors = np.array([error_of_network(planted, ("a1",), rate)[0] for rate in rates])
    assert 0.1 < np.mean(errors < 1.5 * errors.min()) < 0.35
    assert np.median(errors) > 3 * errors.min()
    alone = np.mean(
        [[error_of_network(planted, (t,), 0.05, k)[0] for t in planted.tasks] for k in range(3)], 0
    )
    together = [error_of_network(planted, tuple(planted.tasks), 0.05, k) for k in range(3)]
    assert np.mean(1 - np.mean(together, 0) / np.mean(alone, 0)) == pytest.approx(0, abs=0.04)


def test_one_auxiliary_task_helps_the_main_one() -> None:
    planted = planted_auxiliary()
    assert planted.networks == (("a1", "a2"),)
    assert [name for name, task in planted.dataset.tasks.items() if task.role is Role.MAIN] == ["a1"]
    assert [name for name in planted.tasks if planted.is_main(name)] == ["a1"]
    alone = error_of_pooled(planted, ["a1"], "a1")
    assert error_of_pooled(planted, ["a1", "a2"], "a1") < alone < error_of_pooled(planted, ["a1", "b1"], "a1")


@pytest.mark.parametrize(
    ("sizes", "parting", "branching"),
    [
        ((1, 1, 1), 1, "a1 b1 c1 / a1 | b1 | c1 / a1 | b1 | c1"),
        ((3,), 3, "a1 a2 a3 / a1 a2 a3 / a1 a2 a3"),
        ((2, 1), 2, "a1 a2 b1 / a1 a2 b1 / a1 a2 | b1"),
    ],
)
def test_clusters_of_a_tree_part_where_they_are_told_to(
    sizes: tuple[int, ...], parting: int, branching: str
) -> None:
    planted = planted_tree(sizes=sizes, parting=parting, sample=SMALL)
    assert str(planted.branching) == branching
    trunk: Any = planted.trial["trunk"]
    assert trunk.stages == planted.branching.n_stages
    assert planted.networks == (planted.branching.members,)


def test_directions_of_a_tree_are_spread_over_a_plane() -> None:
    sample = Sample(train=1000, held_out=20_000, inputs=12, noise=0.0, missing=0.0)
    planted = planted_tree(sizes=(2, 1, 1), sample=sample)
    correlations_TT = np.abs(np.corrcoef(held_out(planted).T))
    expected_TT = np.full((4, 4), 0.5)  # 60 degrees
    expected_TT[:2, :2] = expected_TT[2, 2] = expected_TT[3, 3] = 1.0
    np.testing.assert_allclose(correlations_TT, expected_TT, atol=0.03)
    assert np.linalg.matrix_rank(held_out(planted), tol=1.0) == 2


@pytest.mark.parametrize("parting", [1, 2, 3])
def test_stages_narrow_where_clusters_part(parting: int) -> None:
    trunk: Any = planted_tree(sizes=(1, 1), parting=parting).trial["trunk"]
    assert trunk.widths == {1: (3, 1, 1), 2: (12, 3, 1), 3: (12, 12, 3)}[parting]


class TestLinearStages(TrunkSuite):
    def trunk(self) -> LinearStages:
        return LinearStages(widths=(4, 2, 1))


def test_a_search_finds_an_easy_cluster(tmp_path: Path) -> None:
    planted = planted_clusters(sizes=(2, 1), sample=Sample(noise=1.0, missing=0.5, held_out=300))
    spec = SweepSpec.from_value(
        {
            "name": "easy",
            "data": {"source": "planted"},
            "tasks": planted.tasks,
            "objective": {"max_networks": 2},
            "budget": {"trials": 10, "reference_trials": 1, "repeats": 1, "finalists": 0},
            "resources": {"gpu": 0},
            "pruner": "none",
            "trial": {
                **planted.trial,
                "members": {"subset": {"min": 1, "max": 3}},
                "sharing": "shared",
                "optimizer": {"name": "adamw", "lr": 0.1},
            },
        }
    )
    board = run_sweep(spec, tmp_path, dataset=planted.dataset, inline=True).board
    members = board.frame("trials").set_index("trial_id")["members"]
    designs = board.frame("designs")
    best = designs[designs["arms"].map(lambda arms: "search" in arms)].sort_values("delta_m").iloc[-1]
    assert {tuple(members[key]) for key in best["networks"]} == set(planted.networks)


def test_a_sweep_of_an_own_trunk_with_affinities_from_its_start_to_its_confirmation(tmp_path: Path) -> None:
    planted = planted_tree(sizes=(2, 1), sample=SMALL)
    budget = {"trials": 3, "reference_trials": 1, "repeats": 1, "finalists": 1, "seeds": 2}
    spec = SweepSpec.from_value(
        {
            "name": "own",
            "data": {"source": "planted"},
            "tasks": planted.tasks,
            "objective": {"max_networks": 2},
            "budget": budget,
            "resources": {"gpu": 0},
            "pruner": "none",
            "trial": {**planted.trial, "epochs": 2, "sharing": {"tree": "any"}},
        }
    )
    run_sweep(spec, tmp_path, dataset=planted.dataset, inline=True)
    board = resume_sweep(tmp_path / "own", trials=4, dataset=planted.dataset, inline=True).board
    trials = board.frame("trials")
    assert set(trials["state"]) == {"complete"}
    assert set(trials["phase"]) == {"search", "replication", "confirmation"}
    assert (
        trials.query("phase == 'search'").groupby("arm").size()[["shared_equal", "search"]] == [3, 4]
    ).all()
    measured = trials[trials["affinities"].map(len) > 0]
    assert set(measured["arm"]) == {"shared_equal"}
    assert set(measured["phase"]) == {"search"}
    names = [record.affinities for record in board.records() if record.affinities]
    assert len(names) == 3
    assert set(names[0]) == {(s, t) for s in planted.tasks for t in planted.tasks if s != t}
