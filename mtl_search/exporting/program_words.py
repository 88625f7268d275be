"""What a card says of the programs that go with a bundle."""

from mtl_search.bundle import Description
from mtl_search.bundle.programs import ONNX, TORCH_EXPORT
from mtl_search.exporting.markdown import table

__all__ = ["programs"]

_ENCODING = """\
```python
import json
from pathlib import Path

import numpy as np

described = json.loads(Path("model.json").read_text(encoding="utf-8"))
numeric, levels = (
    next(of_kind for of_kind in described["inputs"]["inputs"] if of_kind["kind"] == kind)
    for kind in ("numeric", "categorical")
)


def encode(row):  # a dict of one row, None where a value is missing; times as microseconds since 1970
    x = np.array([np.nan if row[name] is None else row[name] for name in numeric["columns"]], float)
    z = (x - numeric["centres"]) / numeric["scales"]
    flags = [row[name] is None for name in numeric["flagged"]]
    known = zip(levels["columns"], levels["levels"])
    codes = [of.index(row[name]) + 1 if row[name] in of else 0 for name, of in known]
    numbers = [*np.nan_to_num(z / np.hypot(1, z / 3)), *flags]
    return np.array([numbers], np.float32), np.array([codes], np.int64)


x, codes = encode(row)
```"""
_RUN = {
    ONNX: """\
```python
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx")
given = {"numeric": x, "categorical": codes}
found = session.run(None, {one.name: given[one.name] for one in session.get_inputs()})
```""",
    TORCH_EXPORT: """\
```python
import torch

program = torch.export.load("model.pt2").module()
found = program(torch.from_numpy(x), torch.from_numpy(codes))
```""",
}


_ENCODED = """\
```python
import pyarrow.parquet as pa_parquet

import mtl_search

reading = mtl_search.load_model(".").reading  # elsewhere, what model.json says is to be written anew
given = reading.encode(reading.prepare(pa_parquet.read_table("new.parquet")))
```"""
_RUN_ENCODED = {
    ONNX: """\
```python
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx")
found = session.run(None, {one.name: given[one.name].numpy() for one in session.get_inputs()})
```""",
    TORCH_EXPORT: """\
```python
import torch

found = torch.export.load("model.pt2").module()(*given.values())
```""",
}
_MEANING = {
    "numeric": "numbers, scaled",
    "categorical": "codes of levels, 0 for others",
    "image": "pixels, 0 to 255",
    "image known": "whether there is an image; its pixels are 0 otherwise",
    "text": "codes of words: 0 for none, 1 for others, 2 for no text",
    "text ngrams": "numbers of the character n-grams of each word, 0 for none",
    "series": "steps, 0 after the last one",
    "series length": "how many steps there are",
}


def programs(description: Description, onnx: bool, torch_export: bool) -> list[str]:
    """A section in Markdown for the programs that there are."""
    made = [name for name, wished in ((ONNX, onnx), (TORCH_EXPORT, torch_export)) if wished]
    if not made:
        return []
    names = " and ".join(f"`{name}`" for name in made)
    order = ", ".join(f"`{task.name}`" for task in description.tasks)
    plain = description.inputs.shape.is_table
    what = (
        "a float32 tensor of numbers, and an int64 tensor of the codes of levels"
        if plain
        else "these tensors, in this order"
    )
    dense = any(task.level != "row" for task in description.tasks)
    of_parts = " There are as many for each pixel or token, if these have labels." if dense else ""
    text = (
        f"{names}: the mean over all networks, for any number of rows, without this package. What goes in "
        f"is encoded as `model.json` says: {what}. What comes out are the probabilities or numbers of "
        f"{order}, in this order: of a binary task the probability of its second class, of others those of "
        f"their classes as `model.json` orders them.{of_parts} On sample rows they were compared with this "
        "model's when it was made."
    )
    encoding, run = ([_ENCODING], _RUN) if plain else ([_tensors(description), _ENCODED], _RUN_ENCODED)
    return ["## Programs", text, *encoding, *(run[name] for name in made)]


def _tensors(description: Description) -> str:
    """What goes in, by name."""
    shape = description.inputs.shape
    parts = {name: name for name in ("numeric", "categorical")}
    for other in shape.others:
        names = other.example(1, "meta")
        parts |= {name: f"{other.kind}{name.removeprefix(other.key).replace(':', ' ')}" for name in names}
    rows = []
    for name, values in shape.example().items():
        sizes = " x ".join(["N", *map(str, values.shape[1:])])
        rows.append((f"`{name}`", str(values.dtype).removeprefix("torch."), sizes, _MEANING[parts[name]]))
    return table(("tensor", "type", "sizes", "what"), rows)
