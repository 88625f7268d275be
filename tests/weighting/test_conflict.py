import math
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from mtl_search.testing.toy_networks import LinearNetwork
from mtl_search.weighting import (
    ConfigConfig,
    DualProjConfig,
    GradDropConfig,
    PcGradConfig,
    TrimmedMeanConfig,
    UpGradConfig,
    WeightingOptions,
)


def gradient_of(config: WeightingOptions, *rows: list[float]) -> list[float]:
    members = tuple("abcdef"[: len(rows)])
    network = LinearNetwork(dict(zip(members, rows, strict=True)))
    torch.manual_seed(0)
    config.build(members).backward(network.losses(**dict.fromkeys(members, 1.0)), network)
    return network.gradient()


CONFLICT = ([1.0, 0.0], [-1.0, 1.0])
PLAIN = ([1.0, 0.0], [0.0, 2.0])
# how each changes a conflict: the first is projected to (1/2, 1/2), the second to (0, 1)
EXACT: dict[str, Any] = {"norm_eps": 0.0, "reg_eps": 1e-7}


@pytest.mark.parametrize(
    ("config", "rows", "expected"),
    [
        (PcGradConfig(), CONFLICT, [0.5, 1.5]),
        (PcGradConfig(), PLAIN, [1.0, 2.0]),
        (UpGradConfig(**EXACT), CONFLICT, [0.25, 0.75]),
        (UpGradConfig(**EXACT), PLAIN, [0.5, 1.0]),
        (UpGradConfig(weights={"a": 3.0, "b": 1.0}, **EXACT), CONFLICT, [0.375, 0.625]),
        # the mean (0, 1/2) conflicts with neither
        (DualProjConfig(**EXACT), CONFLICT, [0.0, 0.5]),
        # the weighted mean (1/2, 1/4) has the product -1/4 with (-1, 1) and loses that part of it
        (DualProjConfig(weights={"a": 3.0, "b": 1.0}, **EXACT), CONFLICT, [0.375, 0.375]),
        # unit vectors (1, 0) and (0, 1): the direction (1, 1) / sqrt 2, as long as both projections together
        (ConfigConfig(), PLAIN, [1.5, 1.5]),
        # cosines 3 : 4 make the direction (0.6, 0.8): 0.6 + 1.6 long
        (ConfigConfig(weights={"a": 3.0, "b": 4.0}), PLAIN, [0.6 * 2.2, 0.8 * 2.2]),
        (GradDropConfig(leak=1.0), CONFLICT, [0.0, 1.0]),
        (GradDropConfig(), PLAIN, [1.0, 2.0]),
        (TrimmedMeanConfig(), ([1.0, 9.0], [2.0, -9.0], [6.0, 0.0]), [2.0, 0.0]),
        (TrimmedMeanConfig(), ([1.0, 9.0], [2.0, -9.0], [6.0, 0.0], [4.0, 1.0]), [3.0, 0.5]),
        (TrimmedMeanConfig(trim=5), ([1.0, 9.0], [2.0, -9.0], [6.0, 0.0]), [2.0, 0.0]),
        (TrimmedMeanConfig(trim=5), PLAIN, [0.5, 1.0]),
    ],
)
def test_gradients_worked_out_by_hand(config: Any, rows: Any, expected: list[float]) -> None:
    assert gradient_of(config, *rows) == pytest.approx(expected, abs=2e-4)


def test_graddrop_keeps_one_sign_of_each_value() -> None:
    rows = [1.0, -3.0], [-2.0, 5.0], [4.0, 0.5]
    for _ in range(5):
        first, second = gradient_of(GradDropConfig(), *rows)
        assert first in (5.0, -2.0)
        assert second in (5.5, -3.0)


def test_graddrop_is_drawn_anew_with_each_batch() -> None:
    network = LinearNetwork({"a": [1.0] * 20, "b": [-1.0] * 20})
    weighting = GradDropConfig().build(("a", "b"))
    drawn = set()
    torch.manual_seed(0)
    for _ in range(3):
        weighting.backward(network.losses(a=1.0, b=1.0), network)
        drawn.add(tuple(network.gradient()))
    assert len(drawn) == 3


@pytest.mark.parametrize(
    "config", [PcGradConfig(), UpGradConfig(**EXACT), DualProjConfig(**EXACT), ConfigConfig()]
)
def test_no_loss_of_two_that_conflict_rises(config: Any) -> None:
    gradient = torch.tensor(gradient_of(config, *CONFLICT))
    assert all(float(gradient @ torch.tensor(row)) >= -1e-3 for row in CONFLICT)


@pytest.mark.parametrize("config", [UpGradConfig, DualProjConfig, ConfigConfig])
def test_weights_must_name_the_members(config: Any) -> None:
    with pytest.raises(ValueError, match="expected one for each of a, b, found a, c"):
        config(weights={"a": 1.0, "c": 1.0}).build(("a", "b"))


@pytest.mark.parametrize(
    ("config", "options"),
    [
        (GradDropConfig, {"leak": 1.5}),
        (GradDropConfig, {"leak": -0.1}),
        (TrimmedMeanConfig, {"trim": 0}),
        (UpGradConfig, {"norm_eps": -1.0}),
        (DualProjConfig, {"reg_eps": math.inf}),
        (PcGradConfig, {"weights": {"a": 1.0}}),
    ],
)
def test_wrong_options_are_refused(config: Any, options: Any) -> None:
    with pytest.raises(ValidationError):
        config(**options)
