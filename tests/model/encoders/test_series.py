import pytest
import torch

from mtl_search.data import InputShape
from mtl_search.data.random_inputs import random_inputs
from mtl_search.data.shapes import ImageShape, SeriesShape, TextShape
from mtl_search.errors import Mismatch
from mtl_search.model import SeriesConfig, TableConfig
from mtl_search.testing.encoder_suite import EncoderSuite

BYTES = SeriesShape("sound", 3, 7, (120.0, 90.0, 10.0), (60.0, 1.0, 300.0), "uint8")
FLOATS = SeriesShape("sensor", 2, 5, (0.0, 0.0), (1.0, 1.0))
TEXT = TextShape("note", 9, 4)
IMAGE = ImageShape("photo", 1, 8, 8, (0.0,), (1.0,))


class TestSeries(EncoderSuite):
    @pytest.fixture(params=[BYTES, FLOATS], ids=["uint8", "float16"], autouse=True)
    def _choose(self, request: pytest.FixtureRequest) -> None:
        self.series = request.param

    def encoder(self) -> SeriesConfig:
        return SeriesConfig(width=5)

    def shape(self) -> InputShape:
        return InputShape(series=(self.series,))


def test_what_is_padded_does_not_matter() -> None:
    inputs = random_inputs(InputShape(series=(BYTES,)), 6, torch.Generator().manual_seed(0))
    encoder = SeriesConfig().build(InputShape(series=(BYTES,)))
    before = encoder(inputs)
    padded = torch.arange(7) >= inputs["series:sound:length"][:, None]
    inputs["series:sound"][padded] = 255
    after = encoder(inputs)
    assert torch.equal(before.known_BL, ~padded)
    assert torch.equal(before.values_BLW, after.values_BLW)


@pytest.mark.parametrize(
    ("shape", "found", "fits"),
    [
        (InputShape(n_numeric=1, series=(BYTES,)), "1 number and 1 series", "mixed"),
        (InputShape(series=(BYTES, FLOATS)), "2 series", "mixed"),
        (InputShape(2, (3,)), "2 numbers and 1 column of levels", "table"),
        (InputShape(texts=(TEXT,)), "1 text", "text"),
        (InputShape(images=(IMAGE,)), "1 image", "image"),
        (
            InputShape(images=(IMAGE,), texts=(TEXT,), series=(BYTES,)),
            "1 image, 1 text and 1 series",
            "mixed",
        ),
    ],
)
def test_other_inputs_are_refused_naming_who_reads_them(shape: InputShape, found: str, fits: str) -> None:
    with pytest.raises(Mismatch) as refused:
        SeriesConfig().features(shape)
    assert (refused.value.found, refused.value.hint) == (found, f"encoder {fits} reads these")
    if not shape.is_table:
        with pytest.raises(Mismatch, match=f"levels alone for encoder table, found {found}; encoder {fits}"):
            TableConfig().features(shape)
