"""What a trial may train: a network, or the boosted trees of a task."""

import json
from collections.abc import Mapping
from typing import TypeAlias

from mtl_search.data import Dataset
from mtl_search.training.config import TrialConfig
from mtl_search.training.loop import Training
from mtl_search.training.score import Score
from mtl_search.training.team import ALONE, Team
from mtl_search.training.trees import TreesConfig, TreesTraining

__all__ = ["AnyConfig", "AnyTraining", "begin", "read_config"]

AnyConfig: TypeAlias = TrialConfig | TreesConfig
AnyTraining: TypeAlias = Training | TreesTraining


def read_config(config: str | Mapping[str, object]) -> AnyConfig:
    """The configuration that is written in JSON, or was sampled; a ValueError says what is wrong."""
    value = json.loads(config) if isinstance(config, str) else config
    kind = TreesConfig if value.get("model") == "trees" else TrialConfig
    return kind.model_validate(value)


def begin(
    config: AnyConfig,
    dataset: Dataset,
    *,
    seed: int,
    score: Score,
    device: str = "cpu",
    affinities: bool = False,
    team: Team = ALONE,
) -> AnyTraining:
    """A training on ``device`` before its first epoch; trees grow on the CPU, by one member of a team."""
    if isinstance(config, TreesConfig):
        return TreesTraining(config, dataset, seed=seed, score=score)
    return Training(config, dataset, seed=seed, score=score, device=device, affinities=affinities, team=team)
