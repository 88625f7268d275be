"""The table of examples: a few test rows whose inputs can be looked at, with what is predicted of them.

Pictures are PNG files: what a row of the table says can be seen without the data and without a network. A
mask has a colour for each class, by its place in ``classes``; what most pixels are is transparent, as are
pixels without a label, so that a mask may be laid over its image.
"""

import colorsys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pyarrow as pa

from mtl_search.leaderboard.column import COUNT, FLAG, NAMES, TEXT, column, table_schema

__all__ = ["EXAMPLES", "Shown", "class_colours", "example_rows"]

PICTURE = pa.binary()
GOLDEN = 0.618034  # of the circle of hues: however many there are, neighbours differ

EXAMPLES = table_schema(
    "examples",
    "one of a few test rows that are shown x input or main task",
    column("design_id", TEXT, "the recommended design, which predicts"),
    column("example", COUNT, "which of the rows, counted from 1"),
    column("is_task", FLAG, "whether it is a task, or an input"),
    column("name", TEXT, "the task, or the column of the input"),
    column("kind", TEXT, "kind of the task or the input"),
    column("over", TEXT, "the input that labels lie over; null where a row has one label"),
    column("value", TEXT, "the input or the label in words, null where it is missing"),
    column("predicted", TEXT, "what the networks of all seeds predict together"),
    column("parts", NAMES, "the same of tokens, or a label for each of them or each step of a series"),
    column("predicted_parts", NAMES, "what is predicted for each"),
    column("picture", PICTURE, "the same of an image, a series (steps to the right) or a mask, as PNG"),
    column("predicted_picture", PICTURE, "the mask that is predicted, as PNG"),
    column("classes", NAMES, "of a mask: the class of each colour, null for the one that is transparent"),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of one test row: an input, or a task with its label and prediction."""

    design_id: str
    example: int
    is_task: bool
    name: str
    kind: str
    over: str | None = None
    value: str | None = None
    predicted: str | None = None
    parts: tuple[str, ...] | None = None
    predicted_parts: tuple[str, ...] | None = None
    picture: bytes | None = None
    predicted_picture: bytes | None = None
    classes: tuple[str | None, ...] | None = None

    @property
    def n_bytes(self) -> int:
        """About how many it takes on a page."""
        texts = (self.value, self.predicted, *(self.parts or ()), *(self.predicted_parts or ()))
        pictures = (self.picture, self.predicted_picture)
        return sum(len(text.encode()) for text in texts if text) + sum(len(p) for p in pictures if p)


def example_rows(shown: Sequence[Shown]) -> pa.Table:
    """The rows of ``shown``."""
    return pa.Table.from_pylist([asdict(one) for one in shown], schema=EXAMPLES)


def class_colours(n_classes: int) -> list[tuple[int, int, int]]:
    """Red, green and blue of each class of a mask.

    >>> class_colours(2)
    [(230, 80, 80), (80, 124, 230)]
    """
    hues = ((at * GOLDEN) % 1.0 for at in range(n_classes))
    found = (colorsys.hsv_to_rgb(hue, 0.65, 0.9) for hue in hues)
    return [(round(255 * r), round(255 * g), round(255 * b)) for r, g, b in found]
