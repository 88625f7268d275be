import pytest
import torch

from mtl_search.data.shapes import ImageShape, InputShape, TextShape
from mtl_search.errors import Mismatch
from mtl_search.features import MapSpec
from mtl_search.model import ImageConfig
from mtl_search.testing.encoder_suite import EncoderSuite
from mtl_search.testing.toy_networks import toy_rows

GREY = InputShape(images=(ImageShape("scan", 1, 6, 5, means=(100.0,), scales=(50.0,)),))
PHOTO = ImageShape("photo", 3, 4, 4, means=(100.0, 110.0, 120.0), scales=(50.0, 60.0, 70.0))
COLOUR = InputShape(images=(PHOTO,))


class TestImage(EncoderSuite):
    @pytest.fixture(
        params=[
            (ImageConfig(width=3), GREY),
            (ImageConfig(width=4, stride=2), COLOUR),
            (ImageConfig(width=0), GREY),
        ],
        ids=["grey", "stride", "pixels"],
        autouse=True,
    )
    def _choose(self, request: pytest.FixtureRequest) -> None:
        self.image, self.images = request.param

    def encoder(self) -> ImageConfig:
        return self.image

    def shape(self) -> InputShape:
        return self.images


def test_pixels_are_normalised_and_an_image_that_is_missing_is_zero() -> None:
    inputs = toy_rows([], 3, shape=COLOUR).inputs | {"image:photo:known": torch.tensor([True, False, True])}
    normal_BCHW = ImageConfig(width=0).build(COLOUR)(inputs)
    pixels = inputs["image:photo"][0, 1].float()
    torch.testing.assert_close(normal_BCHW[0, 1], (pixels - 110.0) / 60.0)
    assert not normal_BCHW[1].any()


@pytest.mark.parametrize(("side", "places"), [(28, 28), (64, 64), (65, 33), (96, 48), (128, 64), (224, 56)])
def test_large_images_are_looked_at_in_steps(side: int, places: int) -> None:
    shape = InputShape(images=(ImageShape("photo", 1, side, side, (0.0,), (1.0,)),))
    config = ImageConfig(width=2)
    assert config.features(shape) == MapSpec(2, places, places)
    with torch.device("meta"):
        assert config.build(shape)(shape.example(1)).shape == (1, 2, places, places)


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        (InputShape(2), "found 2 numbers; encoder table reads these"),
        (InputShape(), "found nothing"),
        (InputShape(texts=(TextShape("note", 9, 4),)), "found 1 text; encoder text reads these"),
        (
            InputShape(2, (3,), images=(PHOTO,)),
            "found 2 numbers, 1 column of levels and 1 image; encoder mixed reads these",
        ),
        (InputShape(images=(PHOTO, PHOTO)), "found 2 images; encoder mixed reads these"),
    ],
)
def test_other_inputs_are_refused_with_the_encoder_that_would_do(shape: InputShape, found: str) -> None:
    with pytest.raises(Mismatch, match=found):
        ImageConfig().features(shape)
