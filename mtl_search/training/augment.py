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
from mtl_search.training.spec_augment import with_masks

__all__ = ["AugmentConfig"]


@final
class AugmentConfig(BaseModel):
    """What is done to the rows of a batch; nothing, unless it is said.

    ``flip``: half of the images are mirrored left to right (``horizontal``), top to bottom (``vertical``), or
    each by itself (``both``). ``shift``: images are moved by up to this share of their height and width; what
    comes in repeats the border. All images of a row move alike, and so do the labels of their pixels.
    ``time_mask``: a run of steps of each series is hidden, up to this share of its steps;
    ``frequency_mask``: a band of its channels, up to this share of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    flip: Flip | None = None
    shift: float = Field(default=0.0, ge=0.0, le=0.5)
    time_mask: float = Field(default=0.0, ge=0.0, lt=1.0)
    frequency_mask: float = Field(default=0.0, ge=0.0, lt=1.0)

    def check(self, shape: InputShape) -> None:
        """A Mismatch if there is nothing that it could change."""
        if (self.flip or self.shift) and not shape.images:
            raise Mismatch("images to flip or shift", "none among the inputs", about="augment")
        if (self.time_mask or self.frequency_mask) and not shape.series:
            raise Mismatch("series to mask", "none among the inputs", about="augment")

    def apply(
        self, batch: Rows, tasks: Mapping[str, Task], shape: InputShape, generator: torch.Generator
    ) -> Rows:
        """The batch, changed as ``generator``, one of the CPU, says; nothing is drawn of what is off."""
        if self.flip or self.shift:
            batch = self._moved(batch, tasks, shape, generator)
        if self.time_mask or self.frequency_mask:
            masks = (self.time_mask, self.frequency_mask)
            batch = replace(batch, inputs=with_masks(batch.inputs, shape.series, *masks, generator))
        return batch

    def _moved(
        self, batch: Rows, tasks: Mapping[str, Task], shape: InputShape, generator: torch.Generator
    ) -> Rows:
        moves = Moves.drawn(len(batch), self.flip, self.shift, generator)
        images = {image.key: moves.of(batch.inputs[image.key]) for image in shape.images}
        masks = {
            name: moves.of(targets) for name, targets in batch.targets.items() if tasks[name].level == "pixel"
        }
        return replace(batch, inputs=batch.inputs | images, targets=batch.targets | masks)
