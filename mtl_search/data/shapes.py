"""What a network must know of its inputs."""

# N rows, C channels, H x W pixels, L tokens or steps

import math
from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias, final

import torch
from torch import Tensor

from mtl_search.errors import Mismatch

__all__ = ["LONGEST", "ImageShape", "InputShape", "Inputs", "SeriesShape", "TextShape", "check_channels"]

LONGEST = 2**24  # steps or tokens of a row, pixels of a side; more hardly fits into memory

SPECIAL = 3  # codes of a text that are no words: no token, an unknown one, a missing text

Inputs: TypeAlias = dict[str, Tensor]
"""By kind or by kind and column, rows first:

- ``numeric``: float32 N x F; ``categorical``: int64 N x C, 0 = unknown or missing; both are always there
- ``image:<column>``: uint8 N x C x H x W; ``image:<column>:known``: bool N
- ``text:<column>``: int32 N x L, 0 where there is no token; every row has one
- ``text:<column>:ngrams``: int16 or int32 N x L x G, character n-grams or pieces of a token, 0 = none
- ``series:<column>``: uint8 or float16, N x L x C; ``series:<column>:length``: int32 N, 0 for a missing one
"""


def check_channels(channels: int, means: tuple[float, ...], scales: tuple[float, ...], *sides: int) -> None:
    """Mismatch unless there is a channel, each has a mean and a scale above 0, and each side has a size."""
    if not channels == len(means) == len(scales) or not 1 <= channels <= LONGEST:
        found = f"{channels} channels, {len(means)} means and {len(scales)} scales"
        raise Mismatch("a mean and a scale of each channel", found)
    if not (all(map(math.isfinite, means)) and all(0 < scale < math.inf for scale in scales)):
        raise Mismatch("finite means, and scales above 0", f"{means[:3]} and {scales[:3]}")
    if others := [side for side in sides if not 1 <= side <= LONGEST]:
        raise Mismatch(f"sides from 1 to {LONGEST}", str(others[0]))


@final
@dataclass(frozen=True, slots=True)
class ImageShape:
    """A column of images of one size; ``means`` and ``scales`` are those of each channel in train."""

    column: str
    channels: int
    height: int
    width: int
    means: tuple[float, ...] = field(repr=False)
    scales: tuple[float, ...] = field(repr=False)

    kind: ClassVar[str] = "image"

    def __post_init__(self) -> None:
        check_channels(self.channels, self.means, self.scales, self.height, self.width)

    @property
    def key(self) -> str:
        """The name of its tensor of pixels."""
        return f"{self.kind}:{self.column}"

    def example(self, rows: int, device: str) -> Inputs:
        """Its tensors without values of any meaning."""
        shape = (rows, self.channels, self.height, self.width)
        return {
            self.key: torch.zeros(shape, dtype=torch.uint8, device=device),
            f"{self.key}:known": torch.ones(rows, dtype=torch.bool, device=device),
        }

    @property
    def what(self) -> str:
        """What each of them is."""
        colours = {1: "grey", 3: "RGB"}.get(self.channels, f"in {self.channels} channels")
        return f"{self.height} x {self.width} {colours}"


@final
@dataclass(frozen=True, slots=True)
class TextShape:
    """A column of texts; ``vocabulary`` counts the codes of tokens, 0 (none) among them.

    A token has up to ``ngrams`` numbers from 1 to ``buckets`` beside its code, those of its character n-grams
    or of its pieces.
    """

    column: str
    vocabulary: int
    length: int
    ngrams: int = 0
    buckets: int = 0

    kind: ClassVar[str] = "text"

    @property
    def key(self) -> str:
        """The name of its tensor of tokens."""
        return f"{self.kind}:{self.column}"

    @property
    def of_ngrams(self) -> torch.dtype:
        """The type of the numbers of n-grams."""
        return torch.int16 if self.buckets < 2**15 else torch.int32

    def example(self, rows: int, device: str) -> Inputs:
        """Its tensors without values of any meaning."""
        found = {self.key: torch.ones(rows, self.length, dtype=torch.int32, device=device)}
        if self.ngrams:
            sizes = (rows, self.length, self.ngrams)
            found[f"{self.key}:ngrams"] = torch.ones(sizes, dtype=self.of_ngrams, device=device)
        return found

    @property
    def what(self) -> str:
        """What each of them is."""
        return f"{max(0, self.vocabulary - SPECIAL):,} words, at most {self.length}"


@final
@dataclass(frozen=True, slots=True)
class SeriesShape:
    """A column of series of up to ``length`` steps; ``means`` and ``scales`` are those of each channel."""

    column: str
    channels: int
    length: int
    means: tuple[float, ...] = field(repr=False)
    scales: tuple[float, ...] = field(repr=False)
    raw: Literal["uint8", "float16"] = "float16"

    kind: ClassVar[str] = "series"

    @property
    def key(self) -> str:
        """The name of its tensor of values."""
        return f"{self.kind}:{self.column}"

    def example(self, rows: int, device: str) -> Inputs:
        """Its tensors without values of any meaning."""
        shape = (rows, self.length, self.channels)
        return {
            self.key: torch.zeros(shape, dtype=getattr(torch, self.raw), device=device),
            f"{self.key}:length": torch.full((rows,), self.length, dtype=torch.int32, device=device),
        }

    @property
    def what(self) -> str:
        """What each of them is."""
        return f"at most {self.length} steps of {self.channels}"


@final
@dataclass(frozen=True, slots=True)
class InputShape:
    """The inputs of all kinds, as far as a network must know them.

    ``n_numeric`` counts the missing indicators too; ``cardinalities`` has one entry per categorical
    column and counts the unknown level 0. ``quantiles`` has one entry per numeric feature, in its own unit:
    those of the train rows in even steps from the least to the largest, or nothing for a feature that is no
    more than two-valued, such as an indicator. Left out, they are nothing for every feature.
    """

    n_numeric: int = 0
    cardinalities: tuple[int, ...] = ()
    quantiles: tuple[tuple[float, ...], ...] = field(default=(), repr=False)
    images: tuple[ImageShape, ...] = ()
    texts: tuple[TextShape, ...] = ()
    series: tuple[SeriesShape, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "quantiles", self.quantiles or ((),) * self.n_numeric)
        if len(self.quantiles) != self.n_numeric:
            raise ValueError(f"quantiles of {self.n_numeric} features, found those of {len(self.quantiles)}")

    def __add__(self, other: "InputShape") -> "InputShape":
        return InputShape(
            self.n_numeric + other.n_numeric,
            self.cardinalities + other.cardinalities,
            self.quantiles + other.quantiles,
            self.images + other.images,
            self.texts + other.texts,
            self.series + other.series,
        )

    @property
    def others(self) -> tuple[ImageShape | TextShape | SeriesShape, ...]:
        """The columns with more than a number or a level a row."""
        return (*self.images, *self.texts, *self.series)

    @property
    def is_table(self) -> bool:
        """Whether there are numbers and levels alone."""
        return not self.others

    @property
    def described(self) -> str:
        """What there is, in words.

        >>> InputShape(3, (2,), texts=(TextShape("note", vocabulary=9, length=4),)).described
        '3 numbers, 1 column of levels and 1 text'
        """
        counts = (
            (self.n_numeric, "number", "numbers"),
            (len(self.cardinalities), "column of levels", "columns of levels"),
            (len(self.images), "image", "images"),
            (len(self.texts), "text", "texts"),
            (len(self.series), "series", "series"),
        )
        found = [f"{n} {one if n == 1 else many}" for n, one, many in counts if n]
        return " and ".join(filter(None, [", ".join(found[:-1]), *found[-1:]])) or "nothing"

    def example(self, rows: int = 1, device: str = "meta") -> Inputs:
        """Inputs of this shape without values of any meaning."""
        found = {
            "numeric": torch.zeros(rows, self.n_numeric, device=device),
            "categorical": torch.zeros(rows, len(self.cardinalities), dtype=torch.int64, device=device),
        }
        for shape in self.others:
            found |= shape.example(rows, device)
        return found
