"""The truth behind a made-up sweep of a hospital's six tasks, and trials drawn from it: nothing was measured.

Two clusters of tasks help each other and hurt the rest; the learning rate has an optimum; every number comes
from a seeded generator.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from mtl_search.leaderboard import TaskInfo
from mtl_search.records import (
    EpochReport,
    Metric,
    MetricKind,
    Phase,
    Resample,
    Role,
    Split,
    TrialRecord,
    TrialState,
    mean_gain,
)

__all__ = ["HOSPITAL", "HospitalWorld"]

_AUROC, _RMSE = MetricKind("auroc", True), MetricKind("rmse", False)
HOSPITAL = (
    TaskInfo("death_180d", "binary", Role.MAIN, _AUROC),
    TaskInfo("dnr", "binary", Role.AUXILIARY, _AUROC),
    TaskInfo("functional_outcome", "multiclass", Role.MAIN, MetricKind("accuracy", True)),
    TaskInfo("hospital_death", "binary", Role.MAIN, _AUROC),
    TaskInfo("log_charges", "regression", Role.MAIN, _RMSE),
    TaskInfo("log_stay", "regression", Role.MAIN, _RMSE),
)
_REFERENCE = {"auroc": 0.78, "rmse": 0.62, "accuracy": 0.55}
_STAGES, _GROUPS = 3, 20
_START = datetime(2025, 3, 1, 8, tzinfo=UTC)
_WEIGHTINGS = ("equal", "fixed", "uncertainty", "pcgrad")
_ERRORS = (
    "non-finite loss of 'log_charges' in epoch 3",
    "CUDA out of memory: tried to allocate 1.50 GiB; <b>width</b> 256, batch_size 4096",
)


@dataclass(slots=True)
class HospitalWorld:
    """The truth behind the made-up measurements."""

    tasks: tuple[TaskInfo, ...]
    effect: float
    rng: np.random.Generator
    clock: datetime = _START
    trained: int = 0

    def search(self, trials: int) -> Iterator[TrialRecord]:
        """The trials of all arms."""
        names = tuple(sorted(task.name for task in self.tasks))
        for name in names:
            yield from (self.trial("single_task", (name,), weighting="equal") for _ in range(8))
        yield from (self.trial("shared_equal", names, split=_STAGES, weighting="equal") for _ in range(24))
        yield from (self.trial("shared_tuned", names, split=_STAGES, weighting="fixed") for _ in range(24))
        yield from (self.trial("pcgrad_shared", names, split=_STAGES, weighting="pcgrad") for _ in range(24))
        for number in range(trials):
            size = int(self.rng.integers(1, len(names) + 1))
            members = tuple(sorted(self.rng.choice(names, size, replace=False)))
            yield self.trial("search", members, explored=number / trials)

    def trial(
        self,
        arm: str,
        members: tuple[str, ...],
        *,
        split: int | None = None,
        weighting: str | None = None,
        explored: float = 0.5,
    ) -> TrialRecord:
        """One trained network; late in a search (``explored`` near 1) its hyperparameters are better."""
        rng, n = self.rng, len(members)
        rate = 10 ** rng.normal(-2.7, 0.7 - 0.4 * explored)
        width = int(rng.choice([64, 128, 256]))
        dropout = float(rng.uniform(0, 0.5))
        split = split or int(rng.integers(1, _STAGES + 1))
        weighting = weighting or (str(rng.choice(_WEIGHTINGS)) if n > 1 else "equal")
        quality = -2.2 * (math.log10(rate) + 2.7) ** 2 - 2 * (dropout - 0.2) ** 2 + 0.4 * (width > 64)
        quality += {"fixed": 0.5, "uncertainty": 0.2, "pcgrad": -0.2}.get(weighting, 0.0) if n > 1 else 0.0
        truth = {t: quality + self._help(t, members, split) for t in members}
        params = {"optimizer.lr": f"{rate:.3g}", "trunk.dropout": f"{dropout:.3f}", "trunk.width": str(width)}
        if n > 1:
            params |= {"branching.split": str(split), "weighting": weighting}
        groups = " / ".join([" ".join(members)] * split + [" | ".join(members)] * (_STAGES - split))
        config = {
            "members": members,
            "branching": groups,
            "trunk": {"name": "mlp", "stages": _STAGES, "width": width, "dropout": round(dropout, 3)},
            "weighting": {"name": weighting},
            "optimizer": {"name": "adamw", "lr": float(f"{rate:.3g}"), "weight_decay": 0.01},
            "batch_size": 256,
            "epochs": 12,
        }
        failed, pruned = rng.random() < 0.03, rng.random() < 0.15 and arm == "search"
        state = TrialState.FAILED if failed else TrialState.PRUNED if pruned else TrialState.COMPLETE
        return self._trained(arm, state, config, params, truth)

    def confirmation(self, networks: Sequence[TrialRecord], n_seeds: int) -> Iterator[TrialRecord]:
        """Each network trained again on the same seeds, with test values that share the test rows' luck."""
        rows = {task.name: self.rng.normal(0, 2.0, _GROUPS) for task in self.tasks}
        for network in networks:
            truth = {m.task: m.gain for m in network.metrics if m.split is Split.TRAIN}
            luck = {t: rows[t] + self.rng.normal(0, 0.6, _GROUPS) for t in truth}
            gains = {t: luck[t].mean() for t in truth}
            left_out = {t: (luck[t].sum() - luck[t]) / (_GROUPS - 1) for t in truth}
            for seed in range(1001, 1001 + n_seeds):
                trained = {t: truth[t] + self.rng.normal(0, 0.4) for t in truth}
                yield self._again(
                    network,
                    seed,
                    [
                        Metric(t, Split.TEST, self._kind(t).name, self._value(t, trained[t] + gains[t]))
                        for t in truth
                    ],
                    [
                        Resample(t, group, self._value(t, trained[t] + float(left_out[t][group])))
                        for t in truth
                        for group in range(_GROUPS)
                    ],
                )

    def alone(self, network: TrialRecord, task: str) -> TrialRecord:
        """The control of a task of ``network``: what it would be without its companions."""
        truth = next(m.gain for m in network.metrics if m.task == task and m.split is Split.TRAIN)
        split = int(network.params.get("branching.split", _STAGES))
        own = {task: truth - self._help(task, network.members, split)}
        config = {**json.loads(network.config), "members": [task], "weighting": {"name": "equal"}}
        return replace(
            network,
            arm="control",
            trial_id=f"{network.trial_id}-{task}",
            config_id=f"{network.config_id}-{task}",
            members=(task,),
            branching=" / ".join([task] * _STAGES),
            weighting="equal",
            config=json.dumps(config),
            metrics=self._metrics(own, own),
        )

    def _help(self, task: str, members: tuple[str, ...], split: int) -> float:
        """What companions bring ``task``: the first half of the tasks are a cluster, the rest another."""
        names = [info.name for info in self.tasks]
        half, at = len(names) / 2, names.index(task)
        alike = [(names.index(other) < half) == (at < half) for other in members if other != task]
        return self.effect * sum(0.4 + 0.3 * split if same else -0.3 * split for same in alike) / 2

    def _trained(
        self,
        arm: str,
        state: TrialState,
        config: Mapping[str, Any],
        params: Mapping[str, str],
        truth: Mapping[str, float],
    ) -> TrialRecord:
        """The record of a trial whose true gains are ``truth``."""
        failed, stopped = state is TrialState.FAILED, state is not TrialState.COMPLETE
        seconds, epochs = float(self.rng.gamma(8, 0.5)) * (0.3 if stopped else 1), 3 if stopped else 12
        self.clock += timedelta(seconds=seconds + 1)
        self.trained += 1
        valid = {t: gain + float(self.rng.normal(0, 0.5)) for t, gain in truth.items()}
        main = {task.name for task in self.tasks if task.role is Role.MAIN}
        score = mean_gain({t: gain for t, gain in valid.items() if t in main})
        size = config["trunk"]["width"] * (1 + config["branching"].count("|"))
        return TrialRecord(
            sweep="synthetic",
            arm=arm,
            phase=Phase.SEARCH,
            trial_id=f"{arm}-{self.trained:05d}",
            config_id=f"config-{self.trained:05d}",
            seed=self.trained,
            state=state,
            members=config["members"],
            branching=config["branching"],
            weighting=config["weighting"]["name"],
            params=params,
            config=json.dumps(config),
            data="0123456789abcdef",
            started=self.clock - timedelta(seconds=seconds),
            finished=self.clock,
            error=str(self.rng.choice(_ERRORS)) if failed else None,
            score=math.nan if failed else score,
            mean_gain=math.nan if failed else score,
            n_params=100 * size,
            flops=220 * size,
            epochs=epochs,
            best_epoch=None if failed else epochs,
            train_seconds=seconds,
            device_seconds=seconds,
            node=f"node-{self.trained % 2}",
            versions={"torch": "2.13.0"},
            metrics=() if failed else self._metrics(truth, valid),
            history=tuple(self._history(valid, config["weighting"]["name"], epochs, seconds)),
        )

    def _metrics(self, truth: Mapping[str, float], valid: Mapping[str, float]) -> tuple[Metric, ...]:
        """Default metrics; the gain stored on train is the truth that the confirmation starts from."""
        return tuple(
            Metric(t, split, self._kind(t).name, self._value(t, gains[t]), truth[t])
            for split, gains in ((Split.TRAIN, truth), (Split.VALID, valid))
            for t in truth
        )

    def _history(
        self, valid: Mapping[str, float], weighting: str, epochs: int, seconds: float
    ) -> Iterator[EpochReport]:
        drift = {t: float(self.rng.normal(0, 0.12)) if weighting != "equal" else 0.0 for t in valid}
        for epoch in range(1, epochs + 1):
            behind = 12 * math.exp(-epoch / 2.5)
            yield EpochReport(
                epoch=epoch,
                train_loss={t: 0.4 + 0.5 * math.exp(-epoch / 3) for t in valid},
                valid={t: self._value(t, gain - behind) for t, gain in valid.items()},
                weights={t: math.exp(drift[t] * math.sqrt(epoch)) for t in valid},
                score=mean_gain({t: gain - behind for t, gain in valid.items()}),
                seconds=seconds / epochs,
            )

    def _again(
        self, network: TrialRecord, seed: int, metrics: list[Metric], resamples: list[Resample]
    ) -> TrialRecord:
        self.clock += timedelta(seconds=network.train_seconds)
        return replace(
            network,
            phase=Phase.CONFIRMATION,
            trial_id=f"confirmation-{network.trial_id}-{seed}",
            seed=seed,
            started=self.clock - timedelta(seconds=network.train_seconds),
            finished=self.clock,
            metrics=tuple(metrics),
            history=(),
            resamples=tuple(resamples),
        )

    def _kind(self, task: str) -> MetricKind:
        return next(info.metric for info in self.tasks if info.name == task)

    def _value(self, task: str, gain: float) -> float:
        """The metric's value at ``gain`` percent over its reference."""
        kind = self._kind(task)
        return _REFERENCE[kind.name] * (1 + (gain if kind.higher_is_better else -gain) / 100)
