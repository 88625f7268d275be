from typing import Any

import pytest
import torch
from pydantic import ValidationError

from mtl_search.data import Rows
from mtl_search.data.random_inputs import random_inputs
from mtl_search.data.shapes import InputShape, SeriesShape
from mtl_search.errors import Mismatch
from mtl_search.training.augment import AugmentConfig
from mtl_search.training.spec_augment import with_masks

BYTES = SeriesShape("sound", 6, 20, (249.6,) * 6, (60.0,) * 6, "uint8")  # a mean that no value has
FLOATS = SeriesShape("sensor", 4, 10, (-1.0,) * 4, (1.0,) * 4)
ROWS = 4000


def masked(shape: SeriesShape, time: float, frequency: float, seed: int = 0) -> tuple[torch.Tensor, ...]:
    """``(which values are masked, lengths)``, and nothing else has changed."""
    inputs = random_inputs(InputShape(series=(shape,)), ROWS, torch.Generator().manual_seed(1))
    inputs[shape.key] = (inputs[shape.key] % 100).to(inputs[shape.key].dtype) + 1
    generator = torch.Generator().manual_seed(seed)
    found = with_masks(inputs, [shape], time, frequency, generator)
    changed = found[shape.key] != inputs[shape.key]
    (value,) = found[shape.key][changed].unique().tolist() or [None]
    assert value in (None, 250, -1.0)
    assert found.keys() == inputs.keys()
    return changed, found[f"{shape.key}:length"]


def runs(hidden: torch.Tensor) -> torch.Tensor:
    """How many runs there are in each row."""
    padded = torch.nn.functional.pad(hidden.int(), (1, 1))
    return (padded.diff() == 1).sum(1)


@pytest.mark.parametrize("shape", [BYTES, FLOATS])
def test_one_run_of_known_steps_is_hidden_in_all_channels(shape: SeriesShape) -> None:
    changed, lengths = masked(shape, 0.5, 0.0)
    hidden = changed.all(2)
    assert torch.equal(hidden, changed.any(2))
    assert runs(hidden).max() == 1
    assert torch.all(hidden.sum(1) <= lengths * 0.5)
    assert not (hidden & (torch.arange(shape.length) >= lengths[:, None])).any()
    assert hidden.any(0).all(), "any step may be hidden"
    full = lengths == shape.length
    assert hidden[full].sum(1).unique().tolist() == list(range(shape.length // 2 + 1))


def test_one_band_of_channels_is_hidden_at_all_steps() -> None:
    changed, _ = masked(BYTES, 0.0, 0.34)
    hidden = changed.all(1)
    assert torch.equal(hidden, changed.any(1))
    assert runs(hidden).max() == 1
    assert hidden.sum(1).unique().tolist() == [0, 1, 2]
    assert hidden.any(0).all(), "any channel may be hidden"


def test_both_are_drawn_from_the_generator_alone() -> None:
    before = torch.get_rng_state()
    first, again, other = (masked(FLOATS, 0.4, 0.5, seed)[0] for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_options_of_a_trial_mask_the_rows_of_a_batch() -> None:
    shape = InputShape(series=(BYTES,))
    inputs = random_inputs(shape, 8, torch.Generator().manual_seed(1))
    rows = Rows(inputs, {}, {}, units=torch.arange(8))
    augment = AugmentConfig(time_mask=0.5, frequency_mask=0.3)
    augment.check(shape)
    found = augment.apply(rows, {}, shape, torch.Generator().manual_seed(2)).inputs
    expected = with_masks(inputs, [BYTES], 0.5, 0.3, torch.Generator().manual_seed(2))
    assert all(torch.equal(found[key], expected[key]) for key in inputs)
    assert not torch.equal(found[BYTES.key], inputs[BYTES.key])


@pytest.mark.parametrize("options", [{"time_mask": 0.1}, {"frequency_mask": 0.1}])
def test_masks_without_series_are_refused(options: Any) -> None:
    with pytest.raises(Mismatch, match="augment: expected series to mask, found none"):
        AugmentConfig(**options).check(InputShape(3))


@pytest.mark.parametrize("options", [{"time_mask": 1.0}, {"frequency_mask": -0.1}])
def test_wrong_shares_are_refused(options: Any) -> None:
    with pytest.raises(ValidationError):
        AugmentConfig(**options)
