"""A bundle as one program, from encoded inputs to the predictions of each task: ONNX or torch.export.

Programs run where this package is not: with onnxruntime, in C++. They take the tensors that the encoding of
``model.json`` makes, each by its name and in the order of an example of the shape, with any number of rows,
and each is checked when it is made: its outputs on random inputs are those of the bundle.
"""

# N rows

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn

from mtl_search.bundle.predictor import Predictor
from mtl_search.data import Inputs, InputShape
from mtl_search.data.random_inputs import random_inputs
from mtl_search.errors import BundleError
from mtl_search.tasks import Task

__all__ = ["ONNX", "TORCH_EXPORT", "input_names", "needed_for_onnx", "write_onnx", "write_torch_export"]

ONNX, TORCH_EXPORT = "model.onnx", "model.pt2"
SAMPLES = (5, 1, 64)  # rows of the example, then of the checks
CLOSE = 1e-5  # relative, of float32
_EXTRA = ("onnx", "onnxscript", "onnxruntime")

Outputs = tuple[Tensor, ...]


@final
class _Program(nn.Module):
    """All networks of a bundle, and the mean of what they say of each task."""

    def __init__(self, model: Predictor) -> None:
        super().__init__()
        self._names = input_names(model.reading.inputs.shape)
        self._tasks: Mapping[str, Task] = dict(model.tasks)
        self._serves = [ready.entry.tasks for ready in model.models]
        self.networks = nn.ModuleList(ready.network for ready in model.models)

    def forward(self, *given: Tensor) -> Outputs:
        inputs = dict(zip(self._names, given, strict=True))
        said: dict[str, list[Tensor]] = {name: [] for name in self._tasks}
        for network, serves in zip(self.networks, self._serves, strict=True):
            outputs = network(inputs)
            for name in serves:
                said[name].append(self._tasks[name].predictions(outputs[name]))
        return tuple(torch.stack(of_seeds).mean(0) for of_seeds in said.values())


def input_names(shape: InputShape) -> tuple[str, ...]:
    """What goes into a program, in its order."""
    return tuple(shape.example())


def needed_for_onnx() -> None:
    """BundleError if the optional packages are not there."""
    for name in _EXTRA:
        if find_spec(name) is None:
            hint = "pip install 'mtl_search[onnx]'"
            raise BundleError("--onnx", f"the package {name}", "none", hint)


def write_onnx(model: Predictor, folder: Path) -> None:
    """Write the program as ONNX into a folder, checked with onnxruntime."""
    import onnxruntime

    path = folder / ONNX
    try:
        _export_onnx(model, path)
    except torch.onnx.OnnxExporterError as error:
        hint = "--torch-export has them all"
        raise BundleError("--onnx", "operations that ONNX has", type(error).__name__, hint) from error
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    taken = {one.name for one in session.get_inputs()}

    def run(inputs: Inputs) -> list[Any]:
        given = {name: values.numpy() for name, values in inputs.items() if name in taken}
        return list(session.run(None, given))

    _check(model, path, run)


def _export_onnx(model: Predictor, path: Path) -> None:
    with _quiet():
        torch.onnx.export(
            _Program(model).eval(),
            tuple(_sample(model, SAMPLES[0]).values()),
            path,
            input_names=input_names(model.reading.inputs.shape),
            output_names=list(model.tasks),
            dynamic_shapes=_dynamic(model),
            dynamo=True,
            custom_translation_table={torch.ops.aten.searchsorted.Tensor: _searchsorted},
            external_data=False,
            verbose=False,
        )


def _searchsorted(ordered_L: Any, values_N: Any, **options: Any) -> Any:
    """What ONNX lacks, for ``transform: quantile``: how many of the landmarks lie below each value."""
    from onnxscript import opset18

    op: Any = opset18
    below_NL = op.Less(ordered_L, op.Unsqueeze(values_N, op.Constant(value_ints=[1])))
    counted_NL = op.Cast(below_NL, to=7)  # to int64
    return op.ReduceSum(counted_NL, op.Constant(value_ints=[1]), keepdims=0)


def write_torch_export(model: Predictor, folder: Path) -> None:
    """Write the program of ``torch.export`` into a folder, read back and checked."""
    path = folder / TORCH_EXPORT
    with _quiet(), torch.inference_mode(False), torch.no_grad():
        program = torch.export.export(
            _Program(model).eval(),
            tuple(_sample(model, SAMPLES[0]).values()),
            dynamic_shapes=_dynamic(model),
            prefer_deferred_runtime_asserts_over_guards=True,  # what holds of copies it cannot prove
        )
        program.example_inputs = None
        torch.export.save(program, path)
        loaded = torch.export.load(path).module()
    _check(model, path, lambda inputs: [one.detach().numpy() for one in loaded(*inputs.values())])


def _check(model: Predictor, path: Path, run: Callable[[Inputs], list[Any]]) -> None:
    """BundleError unless the program says what the bundle says, of one row and of many."""
    for rows in SAMPLES:
        inputs = _sample(model, rows)
        wanted = {name: of_seeds.mean(0).numpy() for name, of_seeds in model.predictions(inputs).items()}
        for (name, expected_N), found_N in zip(wanted.items(), run(inputs), strict=True):
            scale = max(1.0, float(np.abs(expected_N).max()))
            apart = float(np.abs(expected_N - found_N).max())
            if not apart <= CLOSE * scale:
                found = f"{apart:.3g} apart in task {name!r} on {rows} rows"
                raise BundleError(str(path), "a program with the outputs of the bundle", found)


def _sample(model: Predictor, rows: int) -> Inputs:
    return random_inputs(model.reading.inputs.shape, rows, torch.Generator().manual_seed(rows))


def _dynamic(model: Predictor) -> tuple[tuple[dict[int, Any], ...]]:
    rows = torch.export.Dim("rows")
    return (tuple({0: rows} for _ in input_names(model.reading.inputs.shape)),)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporters say of their own insides."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
