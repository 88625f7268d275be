"""Spans of tokens, as tags in IOB2 say them: ``B-city`` begins one, ``I-city`` goes on, ``O`` is none.

A tag ``I-city`` that follows no tag of that kind begins a span too, as in the evaluation of CoNLL-2000
(Tjong Kim Sang and Buchholz 2000), whose values these are.
"""

# N rows, L tokens of a row, K tags

import re
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from mtl_search.tasks.columns import Label
from mtl_search.tasks.dense import Sums

__all__ = ["N_COUNTS", "are_iob2", "count_spans", "span_f1"]

IOB2 = re.compile(r"O|([BI])-(.+)", re.DOTALL)
NONE = -1  # the kind of a token outside of all spans
N_COUNTS = 3


def are_iob2(tags: Sequence[Label]) -> bool:
    """Whether these tags say spans.

    >>> are_iob2(["B-city", "I-city", "O"]), are_iob2(["O", "X"])
    (True, False)
    """
    said = [IOB2.fullmatch(tag) if isinstance(tag, str) else None for tag in tags]
    return all(said) and any(match and match[1] == "B" for match in said)


def count_spans(said_NL: Tensor, codes_NL: Tensor, tags: Sequence[Label]) -> Tensor:
    """N x 3 as float64: the spans of a row that are said rightly, those said, those that are there.

    A code below 0 is no tag: such a token is outside of what is there and of what is said.

    >>> tags = ("B-city", "I-city", "O")
    >>> count_spans(torch.tensor([[0, 1, 2, 0]]), torch.tensor([[0, 1, 2, 2]]), tags).tolist()
    [[1.0, 2.0, 1.0]]
    """
    known_NL = codes_NL >= 0
    said, there = (_find(codes.where(known_NL, len(tags)), tags) for codes in (said_NL, codes_NL))
    right_NL = said.starts_NL & there.starts_NL & (said.kinds_NL == there.kinds_NL)
    right_NL &= said.ends_NL == there.ends_NL
    return torch.stack([each.sum(1) for each in (right_NL, said.starts_NL, there.starts_NL)], dim=1).double()


def span_f1(totals_S: Sums) -> float:
    """Of all spans alike, from the totals of ``count_spans``; NaN if none is there and none is said."""
    right, said, there = totals_S
    return float(2.0 * right / (said + there)) if said + there > 0 else float("nan")


class _Spans(NamedTuple):
    """Where spans start, where the one that a token is in ends, and of which kind it is."""

    starts_NL: Tensor
    ends_NL: Tensor
    kinds_NL: Tensor


def _find(codes_NL: Tensor, tags: Sequence[Label]) -> _Spans:
    """The code after the last tag is none."""
    matches = [IOB2.fullmatch(str(tag)) for tag in tags]
    names = [match[2] if match else None for match in matches]
    numbers = {name: at for at, name in enumerate(dict.fromkeys(filter(None, names)))}
    kinds_K = codes_NL.new_tensor([*(numbers.get(name or "", NONE) for name in names), NONE])
    begins_K = torch.tensor(
        [*(bool(match and match[1] == "B") for match in matches), False], device=codes_NL.device
    )
    kinds_NL = kinds_K[codes_NL]
    before_NL = F.pad(kinds_NL[:, :-1], (1, 0), value=NONE)
    starts_NL = (kinds_NL != NONE) & (begins_K[codes_NL] | (kinds_NL != before_NL))
    goes_on_NL = F.pad(~starts_NL[:, 1:] & (kinds_NL[:, 1:] != NONE), (0, 1))
    last = codes_NL.shape[1]
    places_L = torch.arange(last, device=codes_NL.device)
    ends_NL = places_L.expand_as(codes_NL).masked_fill(goes_on_NL, last)
    return _Spans(starts_NL, ends_NL.flip(1).cummin(1).values.flip(1), kinds_NL)
