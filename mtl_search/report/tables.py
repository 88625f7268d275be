"""What the page is made of: a sweep's tables and the text of its file, read once."""

import math
import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import pandas as pd

from mtl_search.analysis.affinity import affinity
from mtl_search.analysis.design_history import best_designs
from mtl_search.analysis.frames import (
    default_gains,
    main_tasks,
    metric_kinds,
    rows_of,
    searched,
    task_weights,
)
from mtl_search.analysis.importance import importances
from mtl_search.analysis.verdict_text import advised
from mtl_search.arm_names import (
    ALONE_ARMS,
    CONTROL,
    OUR_ARMS,
    POOLED,
    REFERENCE_ARMS,
    SEARCH,
    SINGLE_TASK,
    TREES,
)
from mtl_search.leaderboard import Leaderboard, Standing, place_of, standing
from mtl_search.records import DesignRecord, Phase, Split, SummaryRecord, mean_gain

__all__ = ["Tables"]


_MOST_NETWORKS = 3  # where neither the sweep file nor a design says it
_STATED = re.compile(r"\bmax_networks:\s*(\d{1,9})")


@dataclass(frozen=True)  # no slots: what is asked for often is cached
class Tables:
    """The tables of one sweep, as the sections of the page read them, and how it stands."""

    path: Path
    sweep_file: str
    trials: pd.DataFrame
    metrics: pd.DataFrame
    epochs: pd.DataFrame
    tasks: pd.DataFrame
    gates: pd.DataFrame
    beliefs: pd.DataFrame
    inputs: pd.DataFrame
    stages: pd.DataFrame
    examples: list[dict[str, Any]]
    designs: list[DesignRecord]
    summary: list[SummaryRecord]
    standing: Standing = Standing.DONE

    @classmethod
    def read(cls, path: Path) -> Self:
        """The sweep in folder ``path``; its file may be missing, its tables may not (`LeaderboardError`)."""
        board, now = Leaderboard(path), standing(path)
        file = path / "sweep.yaml"
        text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
        names = ("trials", "metrics", "epochs", "tasks", "gates", "beliefs", "inputs", "stages")
        frames = {name: board.frame(name) for name in names}
        examples = board.table("examples").to_pylist()
        designs, summary = board.design_records(), board.summary_records()
        tables = cls(path, text, **frames, examples=examples, designs=designs, summary=summary, standing=now)
        settled = len(tables.trials) == 0 or tables.tasks["reference"].notna().any()
        return tables if settled else tables._unsettled()

    def _unsettled(self) -> Self:
        """The same with gains over the best single-task values so far, while no final ones are known."""
        kinds, metrics, trials = metric_kinds(self.tasks), self.metrics, self.trials
        valid = metrics[metrics["is_default"] & (metrics["split"] == Split.VALID.value)]
        best = valid[valid["arm"] == SINGLE_TASK].groupby("task")["value"].agg(["min", "max"])
        references = {
            str(name): float(row["max"] if kinds[str(name)].higher_is_better else row["min"])
            for name, row in best.iterrows()
        }
        gains = [
            kinds[task].gain(value, references.get(task, math.nan))
            for task, value in zip(valid["task"], valid["value"], strict=True)
        ]
        metrics = metrics.assign(gain=metrics["gain"].where(~metrics.index.isin(valid.index), math.nan))
        metrics.loc[valid.index, "gain"] = gains
        weights = {name: weight for name, weight in task_weights(self.tasks).items() if name in self.main}
        of_trial = default_gains(metrics).reindex(columns=list(self.main))
        means = {key: mean_gain(dict(row), weights) for key, row in of_trial.iterrows()}
        trials = trials.assign(mean_gain=trials["trial_id"].map(means).astype(float))
        return replace(self, metrics=metrics, trials=trials)

    @property
    def place(self) -> str:
        """Where people find the sweep."""
        return place_of(self.path)

    @property
    def name(self) -> str:
        """The sweep's name."""
        return str(self.trials["sweep"].iloc[0]) if len(self.trials) else self.path.name

    @cached_property
    def arms(self) -> list[str]:
        """The arms in the order they are shown: references, those of the user, the search."""
        found = set(self.trials["arm"]) | {design.arm for design in self.designs}
        users = sorted(found - set(OUR_ARMS))
        return [arm for arm in (*REFERENCE_ARMS, *users, SEARCH, POOLED, CONTROL) if arm in found]

    @cached_property
    def trained(self) -> list[str]:
        """The arms that have trials of their own: not ``pooled``, nor ``control``."""
        there = set(self.trials.loc[self.trials["phase"] == Phase.SEARCH.value, "arm"])
        return [arm for arm in self.arms if arm in there]

    @cached_property
    def main(self) -> tuple[str, ...]:
        """The tasks that count in delta_m."""
        return main_tasks(self.tasks)

    @cached_property
    def evidence(self) -> pd.DataFrame:
        """The trials of the search that were trained to their end, each once."""
        return searched(self.trials)

    @cached_property
    def affinity(self) -> pd.DataFrame:
        """Which tasks help which, see `affinity`."""
        return affinity(self.trials, self.metrics, self.tasks)

    @cached_property
    def importances(self) -> pd.DataFrame:
        """What mattered, see `importances`."""
        return importances(self.trials, self.metrics, self.tasks)

    @cached_property
    def best_designs(self) -> pd.DataFrame:
        """The best design of each arm as the search went on, see `best_designs`."""
        return best_designs(self.trials, self.metrics, self.tasks, max_networks=self._max_networks)

    @property
    def _max_networks(self) -> int:
        """The most networks that a design may have, as the sweep file says or as designs have."""
        if stated := _STATED.search(self.sweep_file):
            return int(stated[1])
        composed = [one.n_networks for one in self.designs if one.arm not in (*ALONE_ARMS, CONTROL)]
        return max(composed, default=_MOST_NETWORKS)

    @cached_property
    def advised(self) -> DesignRecord | None:
        """The design that the page says to train; None without designs."""
        return advised(self.designs, self.summary)

    @property
    def boosted_trees(self) -> SummaryRecord | None:
        """What the confirmation says of the boosted trees, None where there are none."""
        return next((row for row in self.summary if TREES in row.arms), None)

    def confirmed(self, design: DesignRecord | None) -> SummaryRecord | None:
        """What the confirmation says of a design, None if it was not trained again."""
        key = design.design_id if design else None
        return next((row for row in self.summary if row.design_id == key), None)

    def trial(self, trial_id: str) -> dict[str, Any]:
        """The row of a trial."""
        return rows_of(self.trials[self.trials["trial_id"] == trial_id])[0]
