"""Transfer: hyperparameters that did well for some tasks are tried for the others.

A single-task study of a dozen trials finds less than a search of a hundred, and a difference in tuning looks
like a gain of sharing. So studies learn from each other: what did well anywhere is enqueued everywhere, as a
few of the trials that a study has anyway. A *setting* is what is portable of a trial: every sampled parameter
except members, branching and the weights of single tasks. If weights are open they start equal.

Settings are ranked over tasks and sets. Values of different tasks cannot be compared, so each trial counts by
its rank among the trials of its arm and members, and these ranks are averaged: over what shares tasks with
the set in question with more weight, and with a prior in the middle, so that one that was best once does not
come before one that was nearly the best three times. A study takes the best setting that it has not tried,
from another origin than those before if there is one.
"""

import json
import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import final

from mtl_search.arm_names import APART_ARMS
from mtl_search.design import is_of_branching
from mtl_search.records import TrialRecord, TrialState
from mtl_search.search.ledger import Ledger
from mtl_search.space import FloatRange, Parameter, Scalar, SearchSpace
from mtl_search.sweep.trees_space import TreesSpace

__all__ = ["Setting", "Transfer", "params_of", "setting_of"]

Members = tuple[str, ...]
Group = tuple[str, Members]  # arm and members: trials whose scores can be compared
Setting = Mapping[str, Scalar]

ANYWHERE = 0.25  # how much a group counts that shares no task; one of the same tasks counts 1
PRIOR = 0.5  # how much the prior counts: that a setting is as good as another


@dataclass(slots=True)
class Standing:
    """What is known of one setting."""

    setting: Setting
    origin: Group
    weight: float = PRIOR
    total: float = PRIOR / 2
    sound: bool = False  # whether a trial with it succeeded

    @property
    def mean(self) -> float:
        """Its mean rank, 1 is the best."""
        return self.total / self.weight


@dataclass(slots=True)
class Tried:
    """The trials of one group: settings and how good each was, minus infinity if it failed."""

    settings: list[Setting] = field(default_factory=list)
    merits: list[float] = field(default_factory=list)

    def ranks(self) -> list[float]:
        """Of each trial, from 0 to 1 for the best; equal ones share theirs."""
        ordered = sorted(self.merits)
        edges = ((bisect_left(ordered, merit), bisect_right(ordered, merit)) for merit in self.merits)
        return [(low + high) / (2 * len(ordered)) for low, high in edges]


@final
class Transfer:
    """What the trials of a ledger have to offer to each study."""

    def __init__(self, ledger: Ledger, tasks: Collection[str]) -> None:
        self._ledger, self._tasks = ledger, tasks
        self._groups: dict[Group, Tried] = defaultdict(Tried)
        self._seen = 0

    def offer(
        self, arm: str, space: SearchSpace | TreesSpace, members: Members, tried: Collection[Setting]
    ) -> dict[str, Scalar]:
        """Parameters for a trial of ``arm`` with these members, of a setting that is in none of ``tried``.

        Names and ranges are those of ``space``: what it does not leave open, or not that far, is left out.
        Empty if there is nothing to learn from.
        """
        self._learn()
        open_to = {parameter.name: parameter for parameter in space.parameters(members)}
        standings = self._standings(arm, members, open_to)
        done = {key for key, known in standings.items() if any(_within(known.setting, one) for one in tried)}
        used = {standings[key].origin for key in done}
        rest = [key for key, known in standings.items() if key not in done and known.sound]
        if not rest:
            return {}
        best = min(rest, key=lambda key: (standings[key].origin in used, -standings[key].mean, key))
        return {**self._equal_weights(open_to), **standings[best].setting}

    def tried_alone(self, members: Members) -> list[Setting]:
        """The settings that a task alone was trained with, by any arm: again it would be the same network."""
        self._learn()
        same = (tried for group, tried in self._groups.items() if group[1] == members)
        return [setting for tried in same for setting in tried.settings] if len(members) == 1 else []

    def _standings(self, arm: str, members: Members, open_to: Mapping[str, Parameter]) -> dict[str, Standing]:
        """By key, of each setting of use to ``members``."""
        found: dict[str, Standing] = {}
        for group, tried in self._groups.items():
            if group[0] in APART_ARMS and arm != group[0]:  # of no use to networks with a trunk
                continue
            weight = _kinship(group[1], members)
            for setting, merit, rank in zip(tried.settings, tried.merits, tried.ranks(), strict=True):
                fitting = {
                    name: value
                    for name, value in setting.items()
                    if name in open_to and value in open_to[name].range
                }
                if fitting:
                    key = json.dumps(fitting, sort_keys=True)
                    standing = found.setdefault(key, Standing(fitting, group))
                    standing.weight += weight
                    standing.total += weight * rank
                    standing.sound |= math.isfinite(merit)
        return found

    def _learn(self) -> None:
        """Take in what was recorded since the last time."""
        for record in self._ledger.records[self._seen :]:
            if record.duplicate_of is None and not record.lost:
                tried = self._groups[record.arm, record.members]
                tried.settings.append(setting_of(params_of(record), self._tasks))
                tried.merits.append(self._merit(record))
        self._seen = len(self._ledger.records)

    def _merit(self, record: TrialRecord) -> float:
        """By what trials of the same members are compared, higher is better."""
        if record.state == TrialState.FAILED:
            return -math.inf
        values = self._ledger.values(record)
        if len(values) == 1:
            ((task, value),) = values.items()
            return self._ledger.metrics[task].signed(value)
        return record.score

    def _equal_weights(self, open_to: Mapping[str, Parameter]) -> dict[str, Scalar]:
        """The middle of each weight of a task, so that all are equal."""
        return {
            name: math.sqrt(span.low * span.high)
            for name, parameter in open_to.items()
            if _is_of_a_task(name, self._tasks)
            and isinstance(span := parameter.range, FloatRange)
            and span.log
        }


def setting_of(params: Mapping[str, Scalar], tasks: Collection[str]) -> dict[str, Scalar]:
    """What is portable of the parameters that were sampled for a trial."""
    return {
        name: value
        for name, value in params.items()
        if not (name.startswith("members.") or is_of_branching(name) or _is_of_a_task(name, tasks))
    }


def params_of(record: TrialRecord) -> dict[str, Scalar]:
    """The parameters that were sampled for a trial."""
    return {name: json.loads(text) for name, text in record.params.items()}


def _within(setting: Setting, tried: Setting) -> bool:
    """Whether a trial with ``tried`` had ``setting``."""
    return setting.items() <= tried.items()


def _is_of_a_task(name: str, tasks: Collection[str]) -> bool:
    """Whether a parameter is the weight of one task."""
    weighting = name.startswith("weighting.") and name != "weighting.name"
    return weighting and any(name.endswith(f".{task}") for task in tasks)


def _kinship(one: Members, other: Members) -> float:
    """From `ANYWHERE`, where two sets have no task in common, to 1 if they are the same."""
    common = len(set(one) & set(other))
    return ANYWHERE + (1 - ANYWHERE) * common / (len(one) + len(other) - common)
