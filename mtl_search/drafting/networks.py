"""The encoder and the trunk that a draft searches, by what the inputs are."""

from collections.abc import Mapping
from typing import Any

from mtl_search.data import InputShape
from mtl_search.drafting.writing import Reasoned

__all__ = ["STAGES", "network_lines"]

STAGES = 3
SOME, MANY = 10_000, 100_000  # train rows
DROPOUT = {"float": [0.0, 0.3]}


def network_lines(shape: InputShape, rows: int, *, pixels: bool, steps: bool) -> Mapping[str, Reasoned]:
    """The lines ``encoder`` and ``trunk``; ``pixels`` and ``steps``: whether a task labels these."""
    kinds = [len(shape.images), len(shape.texts), len(shape.series)]
    if shape.is_table:
        return _of_table(shape, rows)
    if sum(kinds) > 1 or shape.n_numeric or shape.cardinalities:
        trunk = {"name": "mlp", "stages": STAGES, "width": {"categorical": [64, 128]}, "dropout": DROPOUT}
        return {
            "encoder": Reasoned({"name": "mixed"}, "inputs of several kinds, each to a vector"),
            "trunk": Reasoned({**trunk, "activation": "silu"}, f"widths for {rows:,} train rows"),
        }
    if shape.images:
        return _of_image(shape, rows, pixels=pixels)
    return _of_text(shape, rows) if shape.texts else _of_series(shape, rows, steps=steps)


def _of_table(shape: InputShape, rows: int) -> Mapping[str, Reasoned]:
    """Those that measured best on tables (``benchmarks/tabular.py``)."""
    lines = {}
    if shape.n_numeric:
        numeric = {"name": "ple", "bins": {"int": [8, 48]}}
        lines["encoder"] = Reasoned({"numeric": numeric}, "a number's effect bends at quantiles of train")
    if rows < MANY:
        lines["copies"] = Reasoned(8, "an ensemble in one network, which takes longer")
    trunk = {
        "name": "mlp",
        "stages": STAGES,
        "width": {"categorical": _widths(rows)},
        "dropout": {"float": [0.0, 0.5]},
        "activation": "silu",
    }
    return {**lines, "trunk": Reasoned(trunk, f"widths for {rows:,} train rows")}


def _widths(rows: int) -> list[int]:
    if rows < 1_000:
        return [16, 32, 64]
    if rows < SOME:
        return [32, 64, 128]
    return [64, 128] if rows < MANY else [128, 256, 512]  # many rows are read by one copy alone


def _of_image(shape: InputShape, rows: int, *, pixels: bool) -> Mapping[str, Reasoned]:
    (image,) = shape.images
    widths = [16, 32] if rows < SOME else [32, 64]
    trunk: dict[str, Any] = {"name": "cnn", "stages": STAGES, "width": {"categorical": widths}}
    why = "convolutions, each stage at half the resolution of the one before"
    if pixels:
        trunk["smallest"] = max(4, min(image.height, image.width) // 8)
        why += "; masks are drawn from the last one"
    encoder = Reasoned({"name": "image", "width": 16}, f"pixels of {image.column}")
    return {"encoder": encoder, "trunk": Reasoned({**trunk, "dropout": DROPOUT}, why)}


def _of_text(shape: InputShape, rows: int) -> Mapping[str, Reasoned]:
    (text,) = shape.texts
    encoder = {"name": "text", "width": 64, "word_dropout": DROPOUT}
    trunk = {"name": "transformer", "stages": STAGES, "width": 64, "heads": 2, "dropout": DROPOUT}
    return {
        "encoder": Reasoned(encoder, f"the words of {text.column} and what they are spelled of"),
        "trunk": Reasoned(trunk, "attention between the words; wider for many more texts"),
    }


def _of_series(shape: InputShape, rows: int, *, steps: bool) -> Mapping[str, Reasoned]:
    (series,) = shape.series
    trunk: dict[str, Any] = {"name": "conv1d", "stages": STAGES, "width": {"categorical": [64, 128]}}
    trunk |= {"kernel": 5, "dropout": DROPOUT}
    why = "convolutions along the steps"
    if steps:
        trunk["halve"] = False
        why += ", each of which has labels"
    encoder = Reasoned({"name": "series", "width": 64}, f"the steps of {series.column}")
    return {"encoder": encoder, "trunk": Reasoned(trunk, why)}
