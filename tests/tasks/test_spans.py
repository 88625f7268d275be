"""Spans of tags, with seqeval as the reference."""

import random
import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score
from seqeval.metrics.sequence_labeling import get_entities

from mtl_search.tasks.spans import are_iob2, count_spans, span_f1

TAGS = ("B-who", "I-who", "O", "I-where", "B-where", "B-in-part", "I-in-part")
ROWS = st.lists(st.lists(st.sampled_from(range(len(TAGS))), min_size=1, max_size=9), min_size=1, max_size=5)


@given(ROWS, st.randoms(use_true_random=False))
def test_counts_are_those_of_the_reference(rows: list[list[int]], chance: random.Random) -> None:
    said = [[code if chance.random() < 0.6 else chance.randrange(len(TAGS)) for code in row] for row in rows]
    found_N3 = count_spans(padded(said, 0), padded(rows, -1), TAGS)
    names, names_said = ([[TAGS[code] for code in row] for row in each] for each in (rows, said))
    for counts_3, there, claimed in zip(found_N3.tolist(), names, names_said, strict=True):
        spans, claims = set(get_entities(there)), set(get_entities(claimed))
        assert counts_3 == [len(spans & claims), len(claims), len(spans)]
    totals_3 = found_N3.sum(0).numpy()
    if totals_3.any():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # seqeval's of no span, and of numpy
            assert span_f1(totals_3) == pytest.approx(f1_score(names, names_said))
    else:
        assert span_f1(totals_3) != span_f1(totals_3)


def padded(rows: list[list[int]], nothing: int) -> torch.Tensor:
    longest = max(map(len, rows)) + 1
    return torch.tensor([row + [nothing] * (longest - len(row)) for row in rows])


@pytest.mark.parametrize(
    ("tags", "are"),
    [
        (TAGS, True),
        (("B-x", "O"), True),
        (("O", "X"), False),
        (("I-x", "O"), False),
        (("B-x", "E-x", "O"), False),
        ((0, 1), False),
    ],
)
def test_tags_of_spans_are_known_by_their_form(tags: tuple[str | int, ...], are: bool) -> None:
    assert are_iob2(tags) == are
