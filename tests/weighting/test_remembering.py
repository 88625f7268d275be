import math
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from mtl_search.testing.toy_networks import LinearNetwork
from mtl_search.weighting import (
    CaGradConfig,
    CrMogmConfig,
    ExcessMtlConfig,
    GradVacConfig,
    ImtlGConfig,
    MgdaConfig,
    PcdConfig,
    UpGradConfig,
    Weighting,
)

MEMBERS = ("a", "b")


def step(weighting: Weighting, a: list[float], b: list[float]) -> list[float]:
    """The weights in a batch with these gradients."""
    network = LinearNetwork({"a": a, "b": b})
    torch.manual_seed(0)
    weights = weighting.backward(network.losses(a=1.0, b=1.0), network)
    expected = float(weights["a"]) * torch.tensor(a) + float(weights["b"]) * torch.tensor(b)
    assert network.gradient() == pytest.approx(expected.tolist(), abs=1e-5)
    return [float(weights[member]) for member in MEMBERS]


def test_gradvac_projects_conflicts_at_first_as_pcgrad_does() -> None:
    """(1, 0) gains (-1, 1) / 2; (-1, 1) gains (1, 0)."""
    assert step(GradVacConfig().build(MEMBERS), [1.0, 0.0], [-1.0, 1.0]) == pytest.approx([2.0, 1.5])


def test_gradvac_asks_for_the_similarity_there_was() -> None:
    """After a cosine of 1 the goal is beta, 0.6; orthogonal unit vectors each gain 3/4 of the other."""
    weighting = GradVacConfig(beta=0.6).build(MEMBERS)
    assert step(weighting, [1.0, 0.0], [2.0, 0.0]) == pytest.approx([1.0, 1.0])
    assert step(weighting, [1.0, 0.0], [0.0, 1.0]) == pytest.approx([1.75, 1.75])


def test_gradvac_with_beta_zero_never_learns() -> None:
    weighting = GradVacConfig(beta=0.0).build(MEMBERS)
    step(weighting, [1.0, 0.0], [2.0, 0.0])
    assert step(weighting, [1.0, 0.0], [0.0, 1.0]) == pytest.approx([1.0, 1.0])


def test_excess_mtl_weighs_the_larger_risk_more() -> None:
    """At first the risk is sum g^2 / |g|: 1 and 2, so weights are softmax(1, 2)."""
    weighting = ExcessMtlConfig().build(MEMBERS)
    share = 1 / (1 + math.e)
    assert step(weighting, [1.0, 0.0], [0.0, 2.0]) == pytest.approx([share, 1 - share], rel=1e-4)


def test_excess_mtl_waits_until_it_is_warm() -> None:
    weighting = ExcessMtlConfig(n_warmup_steps=2).build(MEMBERS)
    used = [step(weighting, [1.0, 0.0], [0.0, 2.0]) for _ in range(2)]
    assert used == [[0.5, 0.5], [0.5, 0.5]]


def test_pcd_follows_the_primary_task_where_none_conflicts() -> None:
    assert step(PcdConfig(primary="b", tau=0.0).build(MEMBERS), [1.0, 0.1], [1.0, 2.0]) == [0.0, 1.0]
    assert step(PcdConfig(primary="a", tau=0.0).build(MEMBERS), [1.0, 0.1], [1.0, 2.0]) == [1.0, 0.0]


def test_pcd_leaves_a_conflict_as_far_as_the_other_needs() -> None:
    """b = (1, 0), less what conflicts with a = (-1, 1) / sqrt 2, is (1, 1) / 2; then made 1 long again."""
    a, root = [-math.sqrt(0.5), math.sqrt(0.5)], math.sqrt(0.5)
    weights = step(PcdConfig(primary="b", tau=0.0).build(MEMBERS), a, [1.0, 0.0])
    assert weights == pytest.approx([1.0, 2 * root], rel=1e-4)


def test_pcd_needs_its_primary_task() -> None:
    with pytest.raises(ValueError, match="primary: expected one of a, b, found c"):
        PcdConfig(primary="c").build(MEMBERS)


@pytest.mark.parametrize("of", [MgdaConfig(), ImtlGConfig()])
def test_cr_mogm_averages_the_weights_of_another(of: ImtlGConfig | MgdaConfig) -> None:
    first, second = ([1.0, 0.0], [0.0, 2.0]), ([4.0, 0.0], [0.0, 2.0])
    alone = [step(of.build(MEMBERS), *rows) for rows in (first, second)]
    weighting = CrMogmConfig(alpha=0.75, of=of).build(MEMBERS)
    assert step(weighting, *first) == pytest.approx(alone[0])
    mixed = [0.75 * old + 0.25 * new for old, new in zip(*alone, strict=True)]
    assert step(weighting, *second) == pytest.approx(mixed)


def test_cr_mogm_hands_on_the_options_of_the_other() -> None:
    config = CrMogmConfig.model_validate({"name": "cr_mogm", "of": {"name": "cagrad", "c": 0.0}})
    assert config.of == CaGradConfig(c=0.0)
    assert step(config.build(MEMBERS), [1.0, 0.0], [0.0, 2.0]) == pytest.approx([0.5, 0.5])


def test_cr_mogm_checks_the_other() -> None:
    with pytest.raises(ValueError, match="expected one for each of a, b, found a"):
        CrMogmConfig(of=UpGradConfig(weights={"a": 1.0})).build(MEMBERS)


@pytest.mark.parametrize(
    ("config", "options"),
    [
        (GradVacConfig, {"beta": 1.1}),
        (ExcessMtlConfig, {"robust_step_size": 0.0}),
        (ExcessMtlConfig, {"n_warmup_steps": -1}),
        (PcdConfig, {}),
        (PcdConfig, {"primary": "a", "tau": 1.1}),
        (PcdConfig, {"primary": "a", "beta": 1.0}),
        (CrMogmConfig, {"alpha": -0.1}),
        (CrMogmConfig, {"of": {"name": "gradvac"}}),
        (CrMogmConfig, {"of": {"name": "cr_mogm"}}),
    ],
)
def test_wrong_options_are_refused(config: Any, options: Any) -> None:
    with pytest.raises(ValidationError):
        config(**options)
