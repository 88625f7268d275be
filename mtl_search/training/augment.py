"""Augmentation: rows that are changed a little in each batch of training, never in evaluation."""

from collections.abc import Mapping
from dataclasses import replace
from typing import final

import torch
from pydantic import BaseModel, ConfigDict, Field

from mtl_search.data import InputShape, Rows
from mtl_search.errors import Mismatch
from mtl_search.tasks import Task
from mtl_search.training.moves import Flip, Moves

__all__ = ["AugmentConfig"]


@final
class AugmentConfig(BaseModel):
    """What is done to the rows of a batch; nothing, unless it is said.

    ``flip``: half of the images are mirrored left to right (``horizontal``), top to bottom (``vertical``), or
    each by itself (``both``). ``shift``: images are moved by up to this share of their height and width; what
    comes in repeats the border. All images of a row move alike, and so do the labels of their pixels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    flip: Flip | None = None
    shift: float = Field(default=0.0, ge=0.0, le=0.5)

    def check(self, shape: InputShape) -> None:
        """A Mismatch if there is nothing that it could change."""
        if (self.flip or self.shift) and not shape.images:
            raise Mismatch("images to flip or shift", "none among the inputs", about="augment")

    def apply(
        self, batch: Rows, tasks: Mapping[str, Task], shape: InputShape, generator: torch.Generator
    ) -> Rows:
        """The batch, changed as ``generator``, one of the CPU, says; nothing is drawn of what is off."""
        if not self.flip and not self.shift:
            return batch
        moves = Moves.drawn(len(batch), self.flip, self.shift, generator)
        images = {image.key: moves.of(batch.inputs[image.key]) for image in shape.images}
        masks = {
            name: moves.of(targets) for name, targets in batch.targets.items() if tasks[name].level == "pixel"
        }
        return replace(batch, inputs=batch.inputs | images, targets=batch.targets | masks)
