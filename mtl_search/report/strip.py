"""A few test rows to look at: their inputs, what is predicted of them, and what would have been right."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from mtl_search.analysis.verdict_text import recommended
from mtl_search.leaderboard import class_colours
from mtl_search.report.tables import Tables

__all__ = ["Colour", "Example", "Judged", "Layer", "Part", "Seen", "Strip", "strip"]

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """An input: a picture, a text, or a name with its value."""

    name: str
    kind: str
    words: str
    picture: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A task with one label a row; ``right`` is None where that is no question of yes and no."""

    task: str
    predicted: str
    label: str
    right: bool | None


@dataclass(frozen=True, slots=True)
class Colour:
    """What a colour of a mask stands for."""

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Layer:
    """A task of pixels: two pictures, each over ``image`` unless that is empty, and what they say."""

    task: str
    image: str
    label: str
    predicted: str
    label_words: str
    words: str
    colours: tuple[Colour, ...]
    covers: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A token or a run of steps; ``tags``: for each task what is predicted, and the label if it differs."""

    text: str
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A test row."""

    seen: tuple[Seen, ...]
    judged: tuple[Judged, ...]
    layers: tuple[Layer, ...]
    parts: tuple[Part, ...]
    tagging: tuple[str, ...]
    """The tasks that ``parts`` have tags of, in their order."""


@dataclass(frozen=True, slots=True)
class Strip:
    """All of them."""

    examples: tuple[Example, ...]
    n_seeds: int


def strip(tables: Tables) -> Strip | None:
    """What the recommended design says of them; None if there are none, or they are of another design."""
    chosen = recommended(tables.designs)
    shown = tables.examples
    if chosen is None or not shown or {row["design_id"] for row in shown} != {chosen.design_id}:
        return None
    examples = [_example(list(rows)) for _, rows in groupby(shown, key=lambda row: row["example"])]
    confirmed = tables.confirmed(chosen)
    return Strip(tuple(examples), confirmed.n_seeds if confirmed else 1)


def _example(rows: Sequence[Row]) -> Example:
    inputs = {row["name"]: row for row in rows if not row["is_task"]}
    tasks = [row for row in rows if row["is_task"]]
    of_row = [row for row in tasks if row["over"] is None]
    over_pixels = [row for row in tasks if row["over"] is not None and row["predicted_picture"] is not None]
    over_parts = [row for row in tasks if row["over"] is not None and row["predicted_parts"] is not None]
    tagged = {row["over"] for row in over_parts}
    return Example(
        seen=tuple(_seen(row) for name, row in inputs.items() if name not in tagged or _picture(row)),
        judged=tuple(_judged(row) for row in of_row),
        layers=tuple(_layer(row, inputs) for row in over_pixels),
        parts=_parts(over_parts, inputs),
        tagging=tuple(row["name"] for row in over_parts),
    )


def _seen(row: Row) -> Seen:
    parts = row["parts"]
    words = row["value"] if parts is None else " ".join(parts)
    return Seen(row["name"], row["kind"], words or "", _picture(row))


def _judged(row: Row) -> Judged:
    said, label = row["predicted"] or "", row["value"]
    right = None if label is None or _is_number(label) else said.rpartition(" (")[0] == label or said == label
    return Judged(row["name"], said, "" if label is None else label, right)


def _layer(row: Row, inputs: Mapping[str, Row]) -> Layer:
    names = row["classes"]
    colours = [] if names is None else [
        Colour(name, f"rgb({red}, {green}, {blue})")
        for name, (red, green, blue) in zip(names, class_colours(len(names)), strict=True)
        if name is not None
    ]  # fmt: skip
    return Layer(
        task=row["name"],
        image=_picture(inputs[row["over"]]) if row["over"] in inputs else "",
        label=_uri(row["picture"]),
        predicted=_uri(row["predicted_picture"]),
        label_words=row["value"] or "",
        words=row["predicted"] or "",
        colours=tuple(colours),
        covers=names is None,
    )


def _parts(tasks: Sequence[Row], inputs: Mapping[str, Row]) -> tuple[Part, ...]:
    """Tokens with their tags; steps of a series, which have no names, by runs of one tag."""
    if not tasks:
        return ()
    tokens = inputs[tasks[0]["over"]]["parts"] if tasks[0]["over"] in inputs else None
    same = [row for row in tasks if row["over"] == tasks[0]["over"]]
    tags = [[_tag(row, at) for at in range(len(row["predicted_parts"]))] for row in same]
    columns = list(zip(*tags, strict=False))
    if tokens is not None:
        return tuple(Part(token, of_it) for token, of_it in zip(tokens, columns, strict=False))
    runs = [(of_it, len(list(run))) for of_it, run in groupby(columns)]
    return tuple(Part(f"{count} steps" if count > 1 else "1 step", of_it) for of_it, count in runs)


def _tag(row: Row, at: int) -> tuple[str, str]:
    said = str(row["predicted_parts"][at])
    labels = row["parts"]
    label = said if labels is None or at >= len(labels) or labels[at] is None else str(labels[at])
    return said, "" if label == said else label


def _picture(row: Row) -> str:
    return _uri(row["picture"])


def _uri(png: bytes | None) -> str:
    """For an image of the page, which needs no other file."""
    return "" if png is None else f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
