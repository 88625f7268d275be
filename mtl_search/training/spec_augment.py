"""Masks over the steps and the channels of series (SpecAugment)."""

# B rows of a batch, L steps, C channels

from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_search.data.shapes import Inputs, SeriesShape

__all__ = ["with_masks"]


def with_masks(
    inputs: Inputs, series: Sequence[SeriesShape], time: float, frequency: float, generator: torch.Generator
) -> Inputs:
    """The inputs with a run of steps and a band of channels of each series at the channels' means.

    How long a run is, is drawn from none to the share ``time`` of the row's steps, and where it begins; a
    band in the same way, to the share ``frequency`` of the channels. "SpecAugment: a simple data augmentation
    method for automatic speech recognition" (Park et al. 2019), one mask of each sort and without time
    warping, which the paper finds to matter least; its longest run is of 40 or 100 frames in all rows, here
    rows are of any length. A share of 0 draws nothing.
    """
    found = dict(inputs)
    for shape in series:
        values_BLC, lengths_B = inputs[shape.key], inputs[f"{shape.key}:length"]
        hidden_BLC = torch.zeros(1, 1, 1, dtype=torch.bool, device=values_BLC.device)
        if time:
            hidden_BLC = hidden_BLC | _runs(lengths_B, shape.length, time, generator)[:, :, None]
        if frequency:
            sizes_B = torch.full_like(lengths_B, shape.channels)
            hidden_BLC = hidden_BLC | _runs(sizes_B, shape.channels, frequency, generator)[:, None]
        means_C = torch.tensor(shape.means)
        if shape.raw == "uint8":
            means_C = means_C.round()
        found[shape.key] = torch.where(hidden_BLC, means_C.to(values_BLC), values_BLC)
    return found


def _runs(sizes_B: Tensor, longest: int, share: float, generator: torch.Generator) -> Tensor:
    """One run a row among its first ``size`` places, B x longest."""
    drawn_2B = torch.rand(2, len(sizes_B), generator=generator).to(sizes_B.device)
    lengths_B = (drawn_2B[0] * ((sizes_B * share).floor() + 1)).floor()
    starts_B = (drawn_2B[1] * (sizes_B - lengths_B + 1)).floor()
    places = torch.arange(longest, device=sizes_B.device)
    return (places >= starts_B[:, None]) & (places < (starts_B + lengths_B)[:, None])
