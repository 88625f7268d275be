"""What the stages of the networks of a sweep make of images, texts and series, for those who look at it."""

from mtl_search.data import InputShape
from mtl_search.features import FeatureSpec, MapSpec, SequenceSpec
from mtl_search.leaderboard import Leaderboard, StageFeatures
from mtl_search.training import TrialConfig, read_config

__all__ = ["stages_of"]


def stages_of(board: Leaderboard, shape: InputShape) -> list[StageFeatures]:
    """Of each configuration that was trained; of tables, which every stage makes a vector of, nothing."""
    if shape.is_table:
        return []
    trials = board.trials()
    configs = dict(zip(trials["config_id"].to_pylist(), trials["config"].to_pylist(), strict=True))
    found = []
    for config_id, text in configs.items():
        config = read_config(text)
        if isinstance(config, TrialConfig):
            specs = config.trunk.specs(config.encoder.features(shape))
            found += [StageFeatures(config_id, at, *_sizes(spec)) for at, spec in enumerate(specs)]
    return found


def _sizes(spec: FeatureSpec) -> tuple[str, tuple[int, ...]]:
    if isinstance(spec, MapSpec):
        return "map", spec.shape
    return ("sequence" if isinstance(spec, SequenceSpec) else "vector"), spec.shape
