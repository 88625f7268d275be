from typing import Any

import pytest
import torch

from mtl_search.data import InputShape
from mtl_search.data.random_inputs import random_inputs
from mtl_search.data.shapes import SeriesShape, TextShape
from mtl_search.errors import Mismatch
from mtl_search.model import TextConfig
from mtl_search.testing.encoder_suite import EncoderSuite
from mtl_search.testing.toy_networks import TOY_SHAPE

TEXT = InputShape(texts=(TextShape("body", vocabulary=9, length=6, ngrams=4, buckets=11),))
PLAIN = InputShape(texts=(TextShape("body", vocabulary=9, length=6),))


class TestText(EncoderSuite):
    @pytest.fixture(params=[TEXT, PLAIN], ids=["n-grams", "words alone"], autouse=True)
    def _choose(self, request: pytest.FixtureRequest) -> None:
        self.chosen = request.param

    def encoder(self) -> TextConfig:
        return TextConfig(width=5)

    def shape(self) -> InputShape:
        return self.chosen


def test_a_token_is_its_word_and_its_ngrams() -> None:
    module: Any = TextConfig(width=5).build(TEXT).eval()
    inputs = random_inputs(TEXT, 7, torch.Generator().manual_seed(0))
    steps = module(inputs)
    codes, ngrams = inputs["text:body"], inputs["text:body:ngrams"]
    assert torch.equal(steps.known_BL, codes != 0)
    for row in range(7):
        for step in range(6):
            there = ngrams[row, step][ngrams[row, step] != 0].long()
            expected = module.words.weight[codes[row, step]] + module.ngrams.weight[there].sum(0)
            torch.testing.assert_close(steps.values_BLW[row, step], expected)


def test_word_dropout_leaves_whole_words_out_and_keeps_their_ngrams() -> None:
    module: Any = TextConfig(width=5, word_dropout=0.5).build(TEXT)
    torch.nn.init.zeros_(module.ngrams.weight)
    inputs = random_inputs(TEXT, 50, torch.Generator().manual_seed(0))
    module.word_dropout.generator = torch.Generator().manual_seed(0)
    steps = module(inputs)
    left_out = (steps.values_BLW == 0).all(-1)[steps.known_BL]
    assert 0.4 < left_out.float().mean() < 0.6
    whole = module.words(inputs["text:body"])[steps.known_BL][~left_out]
    torch.testing.assert_close(steps.values_BLW[steps.known_BL][~left_out], 2 * whole)
    assert torch.equal(module.eval()(inputs).values_BLW, module.words(inputs["text:body"]))


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        (TOY_SHAPE, "4 numbers and 2 columns of levels; encoder table reads these"),
        (TEXT + TOY_SHAPE, "2 columns of levels and 1 text; encoder mixed"),
        (TEXT + PLAIN, "2 texts; encoder mixed"),
        (
            InputShape(series=(SeriesShape("s", 1, 2, (0.0,), (1.0,)),)),
            "1 series; encoder series",
        ),
    ],
)
def test_other_inputs_are_refused_with_what_reads_them(shape: InputShape, told: str) -> None:
    with pytest.raises(Mismatch, match=told):
        TextConfig().features(shape)
