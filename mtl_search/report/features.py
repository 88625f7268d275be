"""What the stages of a network make of images, texts and series, under the drawing of the network."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import pandas as pd

from mtl_search.report.drawings import STAGE, Drawing, Made, Rectangle

__all__ = [
    "ENCODER",
    "EXPERTS",
    "NOTHING",
    "Features",
    "features_of",
    "pitch_of",
    "size_lines",
    "with_features",
]

Features = Mapping[str, tuple[str, Sequence[int]]]
"""By the name of a column in a drawing what is made there, vector, map or sequence, and its sizes."""

NOTHING: Features = MappingProxyType({})
ENCODER, EXPERTS = "encoder", "experts"
ROOM, BASE, WORDS = 66, 36, 50  # pixels below a drawing: all, to the foot of a shape, to the first line
TALLEST, LETTER = 26, 6.1


def features_of(stages: pd.DataFrame, config_id: str) -> Features:
    """Those of a network; nothing of one whose stages all make vectors, as of a table they do."""
    own = stages[stages["config_id"] == config_id].sort_values("stage")
    if own.empty or (own["makes"] == "vector").all():
        return {}
    found = [
        (str(kind), tuple(map(int, sizes))) for kind, sizes in zip(own["makes"], own["sizes"], strict=True)
    ]
    named = {f"stage {at}" if at else ENCODER: one for at, one in enumerate(found)}
    return named | {EXPERTS: found[-1]}


def pitch_of(features: Features) -> int:
    """From column to column, in pixels: as far as the words below them need."""
    lines = (line for one in features.values() for line in size_lines(*one))
    longest = max(map(len, lines), default=0)
    return max(STAGE, round(LETTER * longest) + 12)


def with_features(drawing: Drawing, features: Features) -> Drawing:
    """The drawing with a shape and its sizes below each column."""
    made = tuple(_made(x, drawing.height, *features[name]) for x, name in drawing.stages if name in features)
    return replace(drawing, height=drawing.height + ROOM, made=made) if made else drawing


def size_lines(kind: str, sizes: Sequence[int]) -> tuple[str, ...]:
    """What stands below a shape.

    >>> size_lines("map", (32, 16, 16)), size_lines("sequence", (128, 64)), size_lines("vector", (48,))
    (('32 × 16 × 16',), ('128 steps', 'of 64'), ('48',))
    """
    if kind == "sequence":
        return f"{sizes[0]} steps", f"of {sizes[1]}"
    return (" × ".join(map(str, sizes)),)


def _made(x: int, top: int, kind: str, sizes: Sequence[int]) -> Made:
    shapes = {"map": _planes, "sequence": _bars}.get(kind, _column)(sizes)
    left = x - max(one.x + one.width for one in shapes) / 2
    foot = top + BASE
    placed = tuple(
        Rectangle(one.x + left, foot - one.y - one.height, one.width, one.height) for one in shapes
    )
    return Made(x, top + WORDS, placed, size_lines(kind, sizes))


def _planes(sizes: Sequence[int]) -> list[Rectangle]:
    """Planes one behind the other, as large as the map and more the more channels there are."""
    channels, height, width = sizes
    longest = max(height, width)
    side = _scaled(longest, 1, 256, 5, 20)
    count = round(_scaled(channels, 1, 512, 1, 5))
    tall, wide = side * height / longest, side * width / longest
    behind = ((count - 1 - at) * 3.0 for at in range(count))
    return [Rectangle(step, step, wide, tall) for step in behind]


def _bars(sizes: Sequence[int]) -> list[Rectangle]:
    """A bar a step: more of them in longer sequences, taller ones in wider."""
    steps, width = sizes
    count = round(_scaled(steps, 1, 512, 2, 10))
    tall = _scaled(width, 1, 512, 5, TALLEST)
    return [Rectangle(at * 5.0, 0.0, 3.0, tall) for at in range(count)]


def _column(sizes: Sequence[int]) -> list[Rectangle]:
    return [Rectangle(0.0, 0.0, 4.0, _scaled(sizes[0], 1, 512, 8, TALLEST))]


def _scaled(value: int, least: int, most: int, low: float, high: float) -> float:
    """From ``low`` to ``high``, a doubling the same anywhere."""
    part = math.log(max(value, least) / least) / math.log(most / least)
    return round(low + (high - low) * min(1.0, part), 1)
