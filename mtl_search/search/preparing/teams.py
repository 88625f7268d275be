"""Whether several workers can train a sweep's networks together."""

from collections.abc import Hashable

from torch import nn

from mtl_search.data import Dataset
from mtl_search.errors import Mismatch
from mtl_search.model import buildable
from mtl_search.space.wording import Path
from mtl_search.sweep.arms import arms_of
from mtl_search.sweep.spec import SweepSpec
from mtl_search.sweep.trees_space import TreesSpace
from mtl_search.training import TrialConfig
from mtl_search.training.team import check_no_batch_norm

__all__ = ["check_teams"]


def check_teams(spec: SweepSpec, dataset: Dataset) -> None:
    """SpecError if a trial has several workers, and may have a network that one alone can train.

    Every choice of a part is looked at, in some network; `check_constraints` tells of those that do not fit
    the data.
    """
    if spec.settings.resources.team == 1:
        return
    known = set[Hashable]()
    for arm in arms_of(spec):
        if isinstance(arm.space, TreesSpace):  # which are no networks
            continue
        for sampled in arm.space.ends():
            config = TrialConfig.model_validate(sampled)
            if (key := _key(config)) in known:
                continue
            known.add(key)
            for path, part in _parts(config, dataset).items():
                try:
                    check_no_batch_norm(part)
                except Mismatch as wrong:
                    of_task = path[0] == "tasks"
                    place = path if of_task else arm.space.origin(sampled, path)
                    raise wrong.at(spec.document.place(place)) from None


def _key(config: TrialConfig) -> Hashable:
    """Equal for networks of the same layers, however often they have them."""
    sharing = config.sharing
    of_sharing = None if sharing.only_stages else sharing.cost_key_for(config.members)
    return config.encoder.cost_key, config.trunk.cost_key, of_sharing


def _parts(config: TrialConfig, dataset: Dataset) -> dict[Path, nn.Module]:
    """What a network is made of, on the meta device, by what describes it; nothing if it does not fit."""
    trunk, sharing = config.trunk, config.sharing
    try:
        with buildable():
            encoded = config.encoder.features(dataset.input_shape)
            *read, out = trunk.specs(encoded)
            stages = [trunk.build_stage(index, spec) for index, spec in enumerate(read)]
            parts: dict[Path, nn.Module] = {
                ("encoder",): config.encoder.build(dataset.input_shape),
                ("trunk",): nn.ModuleDict({f"stage{index}": stage for index, stage in enumerate(stages)}),
            }
            if not sharing.only_stages:
                body = sharing.build(trunk, encoded, config.members)
                parts[("sharing",)], out = body, body.spec
            parts |= {("tasks", name): dataset.tasks[name].head(out) for name in config.members}
    except Mismatch:
        return {}
    return parts
