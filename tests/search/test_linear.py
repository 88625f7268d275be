"""The linear reference: each task alone without a trunk."""

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_search.data import InputShape
from mtl_search.model import MlpConfig, ResNetConfig
from mtl_search.search import run_sweep
from mtl_search.sweep import SweepSpec
from mtl_search.sweep.arms import arms_of, evidence_for
from mtl_search.testing.toy_networks import toy_cost, toy_network
from mtl_search.training import TrialConfig

MakeSpec = Callable[..., SweepSpec]
LINEAR = {"references": {"linear": True}}
SHAPE = InputShape(4, (3, 5))


@pytest.mark.parametrize("kind", [MlpConfig, ResNetConfig])
@pytest.mark.parametrize("members", [["age"], ["age", "cost"]])
def test_without_stages_heads_read_the_encoder(kind: Any, members: list[str]) -> None:
    trunk, tree = kind(stages=0, width=16), " ".join(members)
    network = toy_network(members, tree, trunk, shape=SHAPE)
    inputs = {"numeric": torch.randn(6, 4), "categorical": torch.zeros(6, 2, dtype=torch.int64)}
    assert {name: out.shape[0] for name, out in network(inputs).items()} == dict.fromkeys(members, 6)
    counted = toy_cost(members, tree, trunk, shape=SHAPE).n_params
    assert counted == sum(parameter.numel() for parameter in network.parameters())
    shared = sum(parameter.numel() for parameter in network.shared_parameters())
    assert (shared > 0) is (len(members) > 1)


def test_a_network_of_numbers_without_stages_is_linear() -> None:
    network = toy_network(["age"], "age", MlpConfig(stages=0), shape=InputShape(3))
    empty = torch.zeros(1, 0, dtype=torch.int64)
    x, y = torch.randn(1, 3), torch.randn(1, 3)
    out = [network({"numeric": one, "categorical": empty})["age"] for one in (x, y, x + y, torch.zeros(1, 3))]
    assert torch.allclose(out[0] + out[1], out[2] + out[3], atol=1e-5)


def test_it_is_an_arm_unless_switched_off(tiny_spec: MakeSpec) -> None:
    arms = {arm.name: arm for arm in arms_of(tiny_spec(**LINEAR))}
    assert list(arms)[:2] == ["single_task", "linear"]
    assert arms["linear"].studies == {"linear/cost": ("cost",), "linear/ill": ("ill",)}
    assert arms["linear"].trials == arms["single_task"].trials
    assert arms["linear"].is_reference
    names = {p.name for p in arms["linear"].space.parameters(("cost",))}
    assert names == {"optimizer.lr"}
    assert "linear" not in {arm.name for arm in arms_of(tiny_spec())}
    assert "linear" not in evidence_for("search"), "its networks are of another kind"


def test_it_has_one_copy(tiny_spec: MakeSpec) -> None:
    spec = tiny_spec(**LINEAR, trial={"copies": {"categorical": [1, 8]}})
    copied = {arm.name for arm in arms_of(spec) if "copies" in {p.name for p in arm.space.parameters()}}
    assert copied == {arm.name for arm in arms_of(spec)} - {"linear"}


def test_stages_may_range_from_none(tiny_spec: MakeSpec) -> None:
    spec = tiny_spec(trial={"trunk": {"name": "mlp", "stages": {"int": [0, 2]}, "width": 8}})
    assert spec.space.stages == {1, 2}


def test_a_sweep_with_it(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    spec = tiny_spec(**LINEAR, budget={"repeats": 1, "finalists": 2, "seeds": 2})
    result = run_sweep(spec, tmp_path, inline=True)
    records = [r for r in result.board.records() if r.arm == "linear"]
    assert Counter(r.phase.value for r in records)["search"] == 4
    assert not any(r.error for r in records)
    assert {TrialConfig.model_validate_json(r.config).trunk.stages for r in records} == {0}
    designs = result.board.frame("designs")
    (row,) = (row for row in designs.to_dict("records") if "linear" in list(row["arms"]))
    assert math.isfinite(row["delta_m"])
    alone = [r for r in result.board.records() if r.arm == "single_task" and r.phase.value == "search"]
    assert all(TrialConfig.model_validate_json(r.config).trunk.stages > 0 for r in alone)
