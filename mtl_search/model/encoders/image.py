"""Images: a map of convolutions of the pixels, or of the pixels themselves."""

# B rows of a batch, C channels, H x W pixels

from typing import Literal, final

import torch
from pydantic import Field
from torch import Tensor, nn
from typing_extensions import override

from mtl_search.data.shapes import ImageShape, Inputs, InputShape
from mtl_search.features import MapSpec
from mtl_search.model.encoders.encoder import Encoder, cannot_read

__all__ = ["ImageConfig", "Normalised", "only_image"]

LARGE = 64  # pixels a side, up to which the map has as many places as the image


@final
class ImageConfig(Encoder):
    """A convolution to ``width`` channels, at every pixel or at every second or fourth (``stride``).

    Left out, the stride is the least with which no side of the map is longer than 64: 1 for 32 x 32, 4 for
    224 x 224. ``width: 0`` leaves the pixels as they are, for trunks that begin with their own convolutions.

    >>> image = ImageShape("photo", 3, 224, 224, means=(0.0,) * 3, scales=(1.0,) * 3)
    >>> print(ImageConfig(width=32).features(InputShape(images=(image,))))
    a map of 32 channels, 56 x 56
    """

    name: Literal["image"] = "image"
    width: int = Field(default=32, ge=0)
    stride: Literal[1, 2, 4] | None = None

    @override
    def features(self, shape: InputShape) -> MapSpec:
        image = only_image(shape)
        if not self.width:
            return MapSpec(image.channels, image.height, image.width)
        stride = self._stride(image)
        return MapSpec(self.width, -(-image.height // stride), -(-image.width // stride))

    @override
    def build(self, shape: InputShape) -> nn.Module:
        image = only_image(shape)
        if not self.width:
            return Normalised(image)
        stride = self._stride(image)
        kernel = 2 * stride + 1
        stem = nn.Conv2d(image.channels, self.width, kernel, stride=stride, padding=stride)
        return nn.Sequential(Normalised(image), stem)

    def _stride(self, image: ImageShape) -> int:
        if self.stride is not None:
            return self.stride
        return next((stride for stride in (1, 2) if max(image.height, image.width) <= stride * LARGE), 4)


@final
class Normalised(nn.Module):
    """The pixels of a batch at mean 0 and scale 1 in each channel; an image that is not known is zero.

    In memory a pixel's channels lie side by side, for which convolutions are faster.
    """

    mean_C11: Tensor
    scale_C11: Tensor

    def __init__(self, image: ImageShape) -> None:
        super().__init__()
        self.key = image.key
        for name, values in (("mean_C11", image.means), ("scale_C11", image.scales)):
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)

    def forward(self, inputs: Inputs) -> Tensor:
        """The pixels_BCHW."""
        pixels_BCHW = inputs[self.key].to(self.mean_C11.dtype, memory_format=torch.channels_last)
        normal_BCHW = (pixels_BCHW - self.mean_C11) / self.scale_C11
        return normal_BCHW * inputs[f"{self.key}:known"][:, None, None, None]


def only_image(shape: InputShape) -> ImageShape:
    """The one column of images, if there is nothing else; else a Mismatch."""
    if len(shape.images) != 1 or shape != InputShape(images=shape.images):
        raise cannot_read(shape, "image", "one image and nothing else")
    return shape.images[0]
