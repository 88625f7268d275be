"""Optimisers against one step worked out by hand."""

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import nn

from mtl_search.training.optimizer import SGD, AdamW, OptimizerConfig


def after_steps(config: AdamW | SGD, gradients: list[float], start: float = 1.0) -> float:
    """A parameter's value after one step for each gradient."""
    parameter = nn.Parameter(torch.tensor([start]))
    optimizer = config.build([parameter])
    for gradient in gradients:
        parameter.grad = torch.tensor([gradient])
        optimizer.step()
    return parameter.item()


def test_first_adamw_step_is_the_sign_of_the_gradient() -> None:
    # bias correction makes the first step lr * g / |g|, whatever the gradient's size; decay is separate
    config = AdamW(lr=0.1, weight_decay=0.5)
    assert after_steps(config, [3.0]) == pytest.approx(1.0 - 0.1 * 0.5 * 1.0 - 0.1, abs=1e-6)
    assert after_steps(config, [-0.03]) == pytest.approx(1.0 - 0.1 * 0.5 * 1.0 + 0.1, abs=1e-6)


def test_adamw_has_its_betas() -> None:
    # without memory each step is the sign of its own gradient
    forgetful = AdamW(lr=0.1, weight_decay=0.0, betas=(0.0, 0.0))
    assert after_steps(forgetful, [1.0, -5.0, 1.0]) == pytest.approx(0.9, abs=1e-6)


def test_plain_sgd_follows_the_gradient() -> None:
    assert after_steps(SGD(lr=0.1, momentum=0.0), [2.0, 1.0]) == pytest.approx(1.0 - 0.2 - 0.1)


def test_sgd_momentum_is_nesterovs() -> None:
    # v1 = g1, step lr (g1 + m v1); v2 = m v1 + g2, step lr (g2 + m v2)
    m, lr, g1, g2 = 0.9, 0.1, 2.0, 1.0
    v2 = m * g1 + g2
    expected = 1.0 - lr * (g1 + m * g1) - lr * (g2 + m * v2)
    assert after_steps(SGD(lr=lr, momentum=m), [g1, g2]) == pytest.approx(expected)


def test_sgd_decay_is_part_of_the_gradient() -> None:
    assert after_steps(SGD(lr=0.1, momentum=0.0, weight_decay=0.5), [0.0]) == pytest.approx(0.95)


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_a_name_picks_the_optimiser(name: str) -> None:
    config = TypeAdapter(OptimizerConfig).validate_python({"name": name, "lr": 0.3})
    built = config.build([nn.Parameter(torch.ones(2))])
    assert type(built).__name__.lower() == name
    assert built.param_groups[0]["lr"] == 0.3


@pytest.mark.parametrize(
    "options",
    [
        {"name": "adamw", "lr": 0.0},
        {"name": "adamw", "lr": -1e-3},
        {"name": "adamw", "weight_decay": -1.0},
        {"name": "adamw", "betas": [0.9, 1.0]},
        {"name": "adamw", "betas": [-0.1, 0.9]},
        {"name": "adamw", "betas": [0.9]},
        {"name": "adamw", "momentum": 0.9},
        {"name": "sgd", "momentum": 1.0},
        {"name": "sgd", "lr": float("nan")},
        {"name": "sgd", "lr": float("inf")},
        {"name": "adam"},
    ],
    ids=str,
)
def test_options_that_cannot_train_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(OptimizerConfig).validate_python(options)
