"""Learning rates of whole trainings, against their closed forms."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import nn

from mtl_search.training.schedule import Constant, Cosine, OneCycle

LR = 0.2


def rates(config: Constant | Cosine | OneCycle, total_steps: int) -> list[float]:
    """The learning rate of each optimiser step of a training."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=LR)
    schedule = config.build(optimizer, total_steps)
    found = []
    for _ in range(total_steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


def test_constant_stays() -> None:
    assert rates(Constant(), 7) == [LR] * 7


@pytest.mark.parametrize("final", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 9])
def test_cosine_is_half_a_cosine(steps: int, final: float) -> None:
    expected = [
        LR * (final + (1 - final) * (1 + math.cos(math.pi * step / steps)) / 2) for step in range(steps)
    ]
    assert rates(Cosine(final=final), steps) == pytest.approx(expected)


def test_cosine_ends_at_its_final_share() -> None:
    found = rates(Cosine(final=0.25), 1000)
    assert found[0] == LR
    assert found[-1] == pytest.approx(0.25 * LR, rel=1e-4)


@pytest.mark.parametrize(("steps", "warmup"), [(10, 0.3), (100, 0.5), (57, 0.21)])
def test_one_cycle_goes_up_then_down(steps: int, warmup: float) -> None:
    top, low, end = warmup * (steps - 1), LR / 25, LR / 25 / 1e4
    expected = []
    for step in range(steps):
        if step <= top:
            share = (1 + math.cos(math.pi * step / top)) / 2
            expected.append(LR + (low - LR) * share)
        else:
            share = (1 + math.cos(math.pi * (step - top) / (steps - 1 - top))) / 2
            expected.append(end + (LR - end) * share)
    assert rates(OneCycle(warmup=warmup), steps) == pytest.approx(expected)


@given(
    steps=st.integers(1, 200), warmup=st.sampled_from([0.001, 0.01, 0.1, 0.2, 0.25, 1 / 3, 0.5, 0.9, 0.999])
)
def test_one_cycle_has_one_top_whatever_the_number_of_steps(steps: int, warmup: float) -> None:
    found = rates(OneCycle(warmup=warmup), steps)
    assert all(0 < rate <= LR * (1 + 1e-9) for rate in found)
    assert max(found) > LR / 2 or steps < 4, "no schedule is all warm-up"
    signs = [later > earlier for earlier, later in pairwise(found)]
    assert signs == sorted(signs, reverse=True), "up first, then down"


@pytest.mark.parametrize(
    "options",
    [
        {"name": "cosine", "final": 1.5},
        {"name": "one_cycle", "warmup": 0.0},
        {"name": "one_cycle", "warmup": 1.0},
    ],
)
def test_shares_out_of_range_are_refused(options: dict[str, object]) -> None:
    kinds = {"cosine": Cosine, "one_cycle": OneCycle}
    with pytest.raises(ValidationError):
        kinds[str(options["name"])].model_validate(options)
