"""Inputs of any shape, drawn at random: what a network can be tried on where there is no data."""

import torch

from mtl_search.data.shapes import Inputs, InputShape

__all__ = ["random_inputs"]


def random_inputs(shape: InputShape, rows: int, generator: torch.Generator) -> Inputs:
    """Random inputs of every kind: all images known, texts and series of any length."""
    numeric = torch.randn(rows, shape.n_numeric, generator=generator)
    columns = [torch.randint(c, (rows,), generator=generator) for c in shape.cardinalities]
    categorical = torch.stack(columns, dim=1) if columns else torch.empty(rows, 0, dtype=torch.int64)
    inputs = shape.example(rows, "cpu") | {"numeric": numeric, "categorical": categorical}
    for image in shape.images:
        pixels = inputs[image.key]
        inputs[image.key] = torch.randint(256, pixels.shape, generator=generator, dtype=torch.uint8)
    for text in shape.texts:
        tokens = torch.randint(1, text.vocabulary, (rows, text.length), generator=generator)
        n_tokens = torch.randint(1, text.length + 1, (rows, 1), generator=generator)
        inputs[text.key] = tokens.masked_fill(torch.arange(text.length) >= n_tokens, 0).int()
        if text.ngrams:
            sizes = (rows, text.length, text.ngrams)
            drawn = torch.randint(text.buckets + 1, sizes, generator=generator, dtype=text.of_ngrams)
            inputs[f"{text.key}:ngrams"] = drawn * (inputs[text.key] != 0)[..., None]
    for series in shape.series:
        values = inputs[series.key]
        drawn = torch.randint(256, values.shape, generator=generator).to(values.dtype)
        n_steps = torch.randint(1, series.length + 1, (rows,), generator=generator)
        inputs |= {series.key: drawn, f"{series.key}:length": n_steps.int()}
    return inputs
