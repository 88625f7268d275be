import math
from typing import Any

import pytest
from pydantic import ValidationError

from mtl_search.testing.toy_networks import LinearNetwork
from mtl_search.weighting import (
    AlignedMtlConfig,
    CaGradConfig,
    FairGradConfig,
    ImtlGConfig,
    MgdaConfig,
    NashMtlConfig,
    WeightingOptions,
)

PLAIN = ([1.0, 0.0, 0.0], [0.0, 2.0, 0.0])
THREE = (*PLAIN, [0.0, 0.0, 4.0])


def weights_of(config: WeightingOptions, *rows: list[float]) -> list[float]:
    members = tuple("abcdef"[: len(rows)])
    network = LinearNetwork(dict(zip(members, rows, strict=True)))
    losses = network.losses(**dict.fromkeys(members, 1.0))
    weights = config.build(members).backward(losses, network)
    return [float(weights[member]) for member in members]


@pytest.mark.parametrize(
    ("config", "rows", "expected"),
    [
        # the shortest of w (1, 0) + (1 - w) (0, 2): w = 4/5
        (MgdaConfig(epsilon=1e-6), PLAIN, [0.8, 0.2]),
        (MgdaConfig(), ([1.0, 0.0, 0.0], [3.0, 0.0, 0.0]), [1.0, 0.0]),
        (CaGradConfig(c=0.0), PLAIN, [0.5, 0.5]),
        # w_i |g_i|^2 = 1 / w_i for orthogonal gradients
        (NashMtlConfig(max_norm=0.0), THREE, [1.0, 0.5, 0.25]),
        (NashMtlConfig(max_norm=1.0), THREE, [1 / math.sqrt(3), 0.5 / math.sqrt(3), 0.25 / math.sqrt(3)]),
        (FairGradConfig(), THREE, [1.0, 0.5, 0.25]),
        # w_i |g_i|^2 = w_i ** (-1/2) with alpha = 2
        (FairGradConfig(alpha=2.0), THREE, [1.0, 4 ** (-2 / 3), 16 ** (-2 / 3)]),
        # projections w_i |g_i| all the same, weights that sum to 1
        (ImtlGConfig(), THREE, [4 / 7, 2 / 7, 1 / 7]),
        # all made as long as the shortest, 1; the median, 2; the root of the mean square, 7
        (AlignedMtlConfig(), THREE, [1 / 3, 1 / 6, 1 / 12]),
        (AlignedMtlConfig(scale_mode="median"), THREE, [2 / 3, 1 / 3, 1 / 6]),
        (AlignedMtlConfig(scale_mode="rmse"), THREE, [math.sqrt(7) / 3, math.sqrt(7) / 6, math.sqrt(7) / 12]),
        (AlignedMtlConfig(weights={"a": 2.0, "b": 1.0, "c": 1.0}), THREE, [1 / 2, 1 / 8, 1 / 16]),
    ],
)
def test_weights_worked_out_by_hand(
    config: Any,
    rows: tuple[list[float], list[float], list[float]] | tuple[list[float], list[float]],
    expected: list[float],
) -> None:
    assert weights_of(config, *rows) == pytest.approx(expected, rel=2e-3)


def test_cagrad_helps_the_worst_task_more_the_larger_c_is() -> None:
    conflict = [2.0, 0.0, 0.0], [-0.5, 0.5, 0.0]
    progress = []
    for c in (0.0, 0.4, 0.8):
        weights = weights_of(CaGradConfig(c=c), *conflict)
        gradient = [sum(w * row[i] for w, row in zip(weights, conflict, strict=True)) for i in range(3)]
        progress.append(min(sum(g * r for g, r in zip(gradient, row, strict=True)) for row in conflict))
    assert progress == sorted(progress)
    assert progress[0] < 0 < progress[2]


def test_fairgrad_with_a_large_alpha_evens_out_the_progress() -> None:
    weights = weights_of(FairGradConfig(alpha=50.0), *THREE)
    progress = [weight * norm**2 for weight, norm in zip(weights, (1, 2, 4), strict=True)]
    assert max(progress) / min(progress) < 1.1


def test_nash_solves_only_as_often_as_told() -> None:
    network = LinearNetwork({"a": [1.0, 0.0], "b": [0.0, 2.0]})
    weighting = NashMtlConfig(update_weights_every=2, max_norm=0.0).build(("a", "b"))
    seen = []
    for size in (2.0, 8.0, 8.0):
        network.rows["b"][1] = size
        weights = weighting.backward(network.losses(a=1.0, b=1.0), network)
        seen.append(float(weights["b"]))
    assert seen == pytest.approx([0.5, 0.5, 0.125], rel=1e-2)


@pytest.mark.parametrize("rows", [([0.0] * 3,) * 2, ([1.0, 0.0, 0.0], [0.0] * 3), ([1.0] * 3, [-1.0] * 3)])
@pytest.mark.parametrize(
    "config",
    [MgdaConfig(), CaGradConfig(), NashMtlConfig(), FairGradConfig(), ImtlGConfig(), AlignedMtlConfig()],
    ids=lambda config: config.name,
)
def test_degenerate_gradients_have_finite_weights(config: Any, rows: tuple[list[float], list[float]]) -> None:
    assert all(math.isfinite(weight) for weight in weights_of(config, *rows))


def test_weights_must_name_the_members() -> None:
    with pytest.raises(ValueError, match="expected one for each of a, b, found a"):
        AlignedMtlConfig(weights={"a": 1.0}).build(("a", "b"))


@pytest.mark.parametrize(
    ("config", "options"),
    [
        (MgdaConfig, {"epsilon": 0.0}),
        (MgdaConfig, {"max_iters": 0}),
        (CaGradConfig, {"c": -0.1}),
        (NashMtlConfig, {"update_weights_every": 0}),
        (NashMtlConfig, {"max_norm": -1.0}),
        (FairGradConfig, {"alpha": 0.0}),
        (AlignedMtlConfig, {"scale_mode": "max"}),
        (ImtlGConfig, {"alpha": 1.0}),
    ],
)
def test_wrong_options_are_refused(config: Any, options: Any) -> None:
    with pytest.raises(ValidationError):
        config(**options)
