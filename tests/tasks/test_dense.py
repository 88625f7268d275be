"""What pixel and token tasks share: sums a row give torchmetrics' values, and labels find their input."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, NoReturn

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics.functional.classification import (
    multiclass_accuracy,
    multiclass_f1_score,
    multiclass_jaccard_index,
)

from mtl_search.errors import DataError
from mtl_search.records import MetricKind
from mtl_search.tasks import Column, DenseOptions, Layout
from mtl_search.tasks.base import Level
from mtl_search.tasks.dense import (
    NO_LABEL,
    Sums,
    class_losses,
    counts_by_class,
    known_codes,
    mean_f1,
    mean_iou,
    measure_of_sums,
    share_right,
)

K = 5
LAYOUTS = {
    "photo": Layout("photo", (32, 32)),
    "scan": Layout("scan", (8, 8)),
    "words": Layout("words", (40,)),
}


class OfPixels(DenseOptions):
    """Options of the level of pixels, as far as they are the same for all kinds."""

    level: ClassVar[Level] = "pixel"
    kind: str = "of pixels"

    def strata(self, name: str, columns: Sequence[Column]) -> NoReturn:
        raise NotImplementedError

    def fit(self, name: str, train_columns: Sequence[Column], weights_N: object = None) -> NoReturn:
        raise NotImplementedError


def said_and_codes(rows: int = 30, absent: int = 3) -> tuple[Tensor, Tensor]:
    """Random classes, one of which is in neither, and a tenth of the positions without a label."""
    generator = torch.Generator().manual_seed(0)
    said, codes = torch.randint(K - 1, (2, rows, 6, 7), generator=generator)
    said[said == absent], codes[codes == absent] = K - 1, K - 1
    codes[torch.rand(codes.shape, generator=generator) < 0.1] = NO_LABEL
    return said, codes


@pytest.mark.parametrize(
    ("of_totals", "reference", "average"),
    [
        (share_right, multiclass_accuracy, "micro"),
        (mean_iou, multiclass_jaccard_index, "macro"),
        (mean_f1, multiclass_f1_score, "macro"),
    ],
)
def test_sums_a_row_give_the_metric_of_all_positions_at_once(
    of_totals: Callable[[Sums], float], reference: Callable[..., Tensor], average: str
) -> None:
    said, codes = said_and_codes()
    measure = measure_of_sums(MetricKind("one", True), of_totals)
    sums_NS = counts_by_class(said, codes, K)
    n_labelled_N = (codes != NO_LABEL).sum((1, 2))
    options = {"num_classes": K, "average": average, "ignore_index": NO_LABEL}
    assert measure(sums_NS, n_labelled_N) == pytest.approx(float(reference(said, codes, **options)), rel=1e-6)
    weights_N = 1.0 + torch.arange(len(codes)) % 3
    of = torch.arange(len(codes)).repeat_interleave(weights_N.long())
    expected = float(reference(said[of], codes[of], **options))
    assert measure(sums_NS, n_labelled_N, weights_N) == pytest.approx(expected, rel=1e-6)


def test_positions_without_a_label_and_rows_without_any_count_nowhere() -> None:
    said, codes = said_and_codes()
    labelled_B = torch.arange(len(codes)) % 4 > 0
    known = known_codes(codes.masked_fill(codes == NO_LABEL, 255).byte(), labelled_B, K)
    assert torch.equal(known, codes.masked_fill(~labelled_B[:, None, None], NO_LABEL))
    assert torch.equal(
        counts_by_class(said, known, K)[labelled_B], counts_by_class(said, codes, K)[labelled_B]
    )
    assert not counts_by_class(said, known, K)[~labelled_B].any()
    logits = torch.randn(*codes.shape[:1], K, *codes.shape[1:], generator=torch.Generator().manual_seed(1))
    weights_K = torch.arange(1.0, K + 1)
    losses, counts = class_losses(logits, known, weights_K)
    flat = logits.movedim(1, -1)[known != NO_LABEL]
    expected = F.cross_entropy(flat, known[known != NO_LABEL], weights_K)
    torch.testing.assert_close(losses.sum() / counts.sum(), expected)


def test_labels_lie_over_the_only_input_that_fits_or_the_one_that_is_named() -> None:
    only = {name: LAYOUTS[name] for name in ("photo", "words")}
    assert OfPixels().laid_over(only).layout == LAYOUTS["photo"]
    assert OfPixels(over="scan").laid_over(LAYOUTS).layout == LAYOUTS["scan"]
    assert OfPixels(over="scan").model_dump() == OfPixels(over="scan").laid_over(LAYOUTS).model_dump()


@pytest.mark.parametrize(
    ("over", "layouts", "message"),
    [
        (None, LAYOUTS, "expected an image among the inputs, found 'photo', 'scan'; say which with over"),
        (None, {}, "expected an image among the inputs, found none; declare it under data.inputs"),
        (
            "words",
            LAYOUTS,
            "over: expected the name of an input that is an image, found 'words'; valid:",
        ),
        ("phot", LAYOUTS, "did you mean 'photo'"),
    ],
)
def test_labels_without_an_input_to_lie_over_are_refused(
    over: str | None, layouts: Mapping[str, Layout], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        OfPixels(over=over).laid_over(layouts)
