"""Kinds of planted structures that a search must find; run by ``planted.py``."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.planted_data import (
    Planted,
    planted_auxiliary,
    planted_clusters,
    planted_spoiler,
    planted_tree,
)
from benchmarks.planted_sweep import Row, sweep
from mtl_search.design import Branching, Candidate, Composition, compose
from mtl_search.records import Split
from mtl_search.space.stages import stages_of
from mtl_search.training import Score, Training, TrialConfig

FRESH = range(10_000, 10_003)  # seeds that no sweep trains with


def clusters(seed: int) -> Iterator[Row]:
    """Six tasks in three clusters, sixty trials."""
    return _compare(planted_clusters(seed), seed, trials=60, networks=3)


def scarce(seed: int) -> Iterator[Row]:
    """The same with twenty trials."""
    return _compare(planted_clusters(seed), seed, trials=20, networks=3)


def auxiliary(seed: int) -> Iterator[Row]:
    """A main task, an auxiliary one that helps it and two that do not; seven sets of more than one task."""
    return _compare(planted_auxiliary(seed), seed, trials=12, networks=1)


def spoiler(seed: int) -> Iterator[Row]:
    """Five tasks that help each other and one that spoils every network it is in, twenty trials."""
    return _compare(planted_spoiler(seed), seed, trials=20, networks=2)


def depth(seed: int) -> Iterator[Row]:
    """Four tasks in one network that part before the second stage, before the last or never, all or in pairs.

    Twenty-four trials: one common split or any tree under Optuna's TPE, and any tree at random.
    """
    for truth, (sizes, parting) in PARTINGS.items():
        planted = planted_tree(seed, sizes, parting)
        judge = Judge(planted)
        assert planted.branching is not None
        best = judge.delta_m_of(planted.branching)
        for encoding, sampler in (("split", "tpe"), ("tree", "tpe"), ("tree", "random")):
            budget = {"trials": 24, "reference_trials": 1, "repeats": 1, "finalists": 0}
            space = {"members": "all", "sharing": ENCODINGS[encoding]}
            tables = sweep(
                planted,
                "bayes",
                seed,
                budget=budget,
                networks=1,
                trial=space,
                sampler={"name": sampler},
            )
            trials = tables["trials"]
            branchings = dict(zip(trials["trial_id"], map(Branching.parse, trials["sharing"]), strict=True))
            key = best_design(tables["designs"])["networks"][0]
            searched = trials.query("arm == 'search' and phase == 'search'").set_index("trial_id")
            own = branchings[str(searched["mean_gain"].idxmax())]
            yield {
                "variant": f"{truth} {encoding} {sampler}",
                "found": branchings[key] == planted.branching,
                "found by own": own == planted.branching,
                "gain of planted": best,
                "regret": best - judge.delta_m_of(own),
                "chosen": str(own),
            }


PARTINGS = {
    "early": ((1, 1, 1, 1), 1),
    "middle": ((1, 1, 1, 1), 2),
    "late": ((4,), 3),
    "pairs": ((2, 2), 2),
}
ENCODINGS: Mapping[str, object] = {"split": {"split": {"int": [1, 3]}}, "tree": {"tree": "any"}}
STRATEGIES = {
    "bayes": ("bayes", True),
    "bayes without affinities": ("bayes", False),
    "random": ("random", False),
}


def _compare(planted: Planted, seed: int, *, trials: int, networks: int) -> Iterator[Row]:
    """Whether each strategy's best design has the planted member sets, and its regret."""
    judge = Judge(planted)
    true = {task: members for members in planted.networks for task in members if planted.is_main(task)}
    budget = {"trials": trials, "reference_trials": 1, "repeats": 1, "finalists": 0}
    for name, (strategy, affinities) in STRATEGIES.items():
        tables = sweep(
            planted, strategy, seed, budget=budget, networks=networks, sampler={"affinities": affinities}
        )
        trials_of = tables["trials"].query("phase == 'search' and state == 'complete'")
        sets = dict(zip(trials_of["trial_id"], trials_of["members"].map(tuple), strict=True))
        whole = {task: sets[key] for task, key in dict(best_design(tables["designs"])["serves"]).items()}
        own = own_design(tables, list(true), networks)
        chosen = {task: sets[key] for task, key in own.serves.items()}
        right = [chosen[task] == members for task, members in true.items()]
        searched = [tuple(members) for members in trials_of.query("arm == 'search'")["members"]]
        yield {
            "variant": name,
            "found": whole == true,
            "found by own": all(right),
            "own tasks as planted": float(np.mean(right)),
            "promised by own": own.delta_m,
            "regret": 0.0 if all(right) else judge.delta_m(true) - judge.delta_m(chosen),
            "trainings of planted sets": sum(members in planted.networks for members in searched),
            "chosen": " ".join(sorted({"+".join(members) for members in chosen.values()})),
        }


def own_design(tables: Mapping[str, pd.DataFrame], tasks: list[str], networks: int) -> Composition:
    """The best design of the search's own networks and of single tasks."""
    networks_of = tables["trials"].query("phase == 'search' and arm in ('search', 'single_task')")
    gains = tables["metrics"].query("split == 'valid' and metric == 'rmse'")
    gains = gains[gains["trial_id"].isin(networks_of["trial_id"])]
    candidates = [
        Candidate(str(key), dict(zip(rows["task"], rows["gain"], strict=True)), n_params=0)
        for key, rows in gains[gains["task"].isin(tasks)].groupby("trial_id")
    ]
    return compose(candidates, tasks, max_networks=networks)[-1]


def best_design(designs: pd.DataFrame) -> pd.Series:
    """The best design of the networks of all arms."""
    pooled = designs[designs["arms"].map(lambda arms: "pooled" in arms)]
    return pooled.sort_values("delta_m", kind="stable").iloc[-1]


class Judge:
    """What member sets are worth on test: the mean over fresh seeds, at the middle of every range."""

    def __init__(self, planted: Planted) -> None:
        self.planted = planted
        self.values = cache(self._values)

    def delta_m(self, serving: Mapping[str, tuple[str, ...]]) -> float:
        """Mean gain of these tasks in percent over each of them alone."""
        gains = [
            1 - self.values(members)[task] / self.values((task,))[task] for task, members in serving.items()
        ]
        return 100 * float(np.mean(gains))

    def delta_m_of(self, branching: Branching) -> float:
        """Of all tasks in one network."""
        together = self.values(branching.members, branching)
        return 100 * float(np.mean([1 - together[task] / self.values((task,))[task] for task in together]))

    def _values(self, members: tuple[str, ...], branching: Branching | None = None) -> dict[str, float]:
        trial: Any = _middle(self.planted.trial)
        tree = branching or Branching.shared(members, stages_of(trial["trunk"]))
        config = TrialConfig.model_validate({**trial, "members": members, "sharing": str(tree)})
        runs = [self._errors(config, seed) for seed in FRESH]
        return {task: float(np.mean([run[task] for run in runs])) for task in members}

    def _errors(self, config: TrialConfig, seed: int) -> dict[str, float]:
        """The root mean squared error of each member on test."""
        dataset = self.planted.dataset
        score = Score({task: dataset.tasks[task].metric for task in config.members})
        training = Training(config, dataset, seed=seed, score=score)
        while not training.finished:
            training.run_epoch()
        training.restore_best()
        assert dataset.test is not None
        metrics = training.evaluate(dataset.test, Split.TEST)
        return {metric.task: metric.value for metric in metrics if metric.name == "rmse"}


def _middle(node: object) -> object:
    """A block of a sweep file with the middle of each range of numbers (all of them logarithmic)."""
    if isinstance(node, Mapping):
        if "float" in node:
            return float(np.sqrt(np.prod(node["float"])))
        return {key: _middle(value) for key, value in node.items()}
    return node
