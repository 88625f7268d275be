"""Moves of images: mirrored and shifted, with whatever lies over their pixels."""

# B rows of a batch, C channels, H x W pixels

from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import torch
from torch import Tensor

__all__ = ["Flip", "Moves"]

Flip: TypeAlias = Literal["horizontal", "vertical", "both"]
DIRECTIONS: tuple[tuple[Flip, ...], ...] = (("vertical", "both"), ("horizontal", "both"))  # of rows, columns


@final
@dataclass(frozen=True, slots=True)
class Moves:
    """How the images of each row are mirrored, down and across, and shifted, in shares of their sides."""

    mirrored_2B: Tensor
    shifts_2B: Tensor

    @classmethod
    def drawn(cls, rows: int, flip: Flip | None, shift: float, generator: torch.Generator) -> "Moves":
        """Shifts are even up to ``shift`` in both directions."""
        may_21 = torch.tensor([[flip in those] for those in DIRECTIONS])
        drawn_4B = torch.rand(4, rows, generator=generator)
        return cls(may_21 & (drawn_4B[:2] < 0.5), shift * (2.0 * drawn_4B[2:] - 1.0))

    def of(self, pixels: Tensor) -> Tensor:
        """B x C x H x W or B x H x W, moved; a pixel from beyond the border is the nearest one there."""
        height, width = pixels.shape[-2:]
        down_BH, across_BW = self._places(0, height, pixels.device), self._places(1, width, pixels.device)
        rows_B11 = torch.arange(len(pixels), device=pixels.device)[:, None, None]
        if pixels.ndim == 3:
            return pixels[rows_B11, down_BH[:, :, None], across_BW[:, None, :]]
        return pixels[rows_B11, :, down_BH[:, :, None], across_BW[:, None, :]].permute(0, 3, 1, 2)

    def _places(self, axis: int, size: int, device: torch.device) -> Tensor:
        """From where each place along an axis is taken, B x size."""
        steps_B1 = (self.shifts_2B[axis] * size).round().long()[:, None]
        places_BX = (torch.arange(size) - steps_B1).clamp(0, size - 1)
        return torch.where(self.mirrored_2B[axis][:, None], size - 1 - places_BX, places_BX).to(device)
