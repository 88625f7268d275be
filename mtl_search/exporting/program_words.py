"""What a card says of the programs that go with a bundle."""

from mtl_search.bundle import Description
from mtl_search.bundle.programs import ONNX, TORCH_EXPORT

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


def programs(description: Description, onnx: bool, torch_export: bool) -> list[str]:
    """A section in Markdown for the programs that there are."""
    made = [name for name, wished in ((ONNX, onnx), (TORCH_EXPORT, torch_export)) if wished]
    if not made:
        return []
    names = " and ".join(f"`{name}`" for name in made)
    order = ", ".join(f"`{task.name}`" for task in description.tasks)
    text = (
        f"{names}: the mean over all networks, for any number of rows, without this package. What goes in is "
        "encoded as `model.json` says: a float32 tensor of numbers, and an int64 tensor of the codes of "
        f"levels. What comes out are the probabilities or numbers of {order}, in this order: of a binary "
        "task the probability of its second class, of others those of their classes as `model.json` orders "
        "them. On sample rows they were compared with this model's when it was made."
    )
    return ["## Programs", text, _ENCODING, *(_RUN[name] for name in made)]
