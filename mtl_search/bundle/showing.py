"""A few test rows as people look at them: their inputs, the labels, and what trained networks predict.

Pictures and series are shown as the network reads them, texts and numbers as they were written.
"""

# N rows that are shown, K outputs of a task, H x W pixels, L steps

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from mtl_search.bundle.pictures import heat_png, image_png, mask_png, series_png, smaller
from mtl_search.bundle.trained_trees import AnyTrained
from mtl_search.data import Dataset, Rows
from mtl_search.data.shapes import ImageShape, SeriesShape
from mtl_search.leaderboard import Shown
from mtl_search.tasks import Task, TaskConfig
from mtl_search.tasks.dense import DenseTask

__all__ = ["MOST_BYTES", "show_rows"]

MOST_BYTES = 200_000  # of all that is shown
COLUMNS = 12  # numbers and levels of a row
LETTERS, TOKENS = 600, 100  # of a text, and parts with a label each: the others are left out
MORE = "…"

Names = tuple[str, ...]


def show_rows(
    dataset: Dataset,
    configs: Mapping[str, TaskConfig],
    trained: Mapping[str, Sequence[AnyTrained]],
    design_id: str,
) -> list[Shown]:
    """What is shown of the dataset's ``to_show``; ``trained``: the networks that serve a task, all seeds.

    ``configs`` say where the labels are. Whole rows, as many as `MOST_BYTES` have room for, one at least.
    """
    if dataset.to_show is None or dataset.test is None:
        return []
    rows = dataset.test.take(torch.tensor(dataset.to_show.positions))
    table = dataset.to_show.table
    inputs = [*_columns(dataset, table), *_others(dataset, rows, table)]
    predicted = _predictions(rows, dataset.tasks, trained)
    tasks = [
        _task(dataset.tasks[name], configs[name], rows, table, predictions)
        for name, predictions in predicted.items()
    ]
    found: list[Shown] = []
    for at in range(len(rows)):
        of_row = [
            replace(one[at], design_id=design_id, example=at + 1, is_task=is_task)
            for is_task, part in ((False, inputs), (True, tasks))
            for one in part
        ]
        if found and sum(one.n_bytes for one in (*found, *of_row)) > MOST_BYTES:
            break
        found += of_row
    return found


def _shown(name: str, kind: str, **what: Any) -> Shown:
    """Before it is known of which row and design it is."""
    return Shown("", 0, False, name, kind, **what)


def _columns(dataset: Dataset, table: pa.Table) -> Iterator[list[Shown]]:
    """Numbers and levels as they were written."""
    encoding = dataset.encoding
    kinds = dict.fromkeys(encoding.numeric.columns, "numeric")
    kinds |= dict.fromkeys(encoding.categorical.columns, "categorical")
    for name, kind in list(kinds.items())[:COLUMNS]:
        yield [_shown(name, kind, value=_written(value)) for value in table[name].to_pylist()]


def _others(dataset: Dataset, rows: Rows, table: pa.Table) -> Iterator[list[Shown]]:
    """Images, series and texts."""
    for shape in dataset.input_shape.others:
        tensors = rows.inputs[shape.key]
        if isinstance(shape, ImageShape):
            known_N = rows.inputs[f"{shape.key}:known"].tolist()
            pictures = [
                image_png(image.numpy()) if known else None
                for image, known in zip(tensors, known_N, strict=True)
            ]
            yield [_shown(shape.column, shape.kind, picture=picture) for picture in pictures]
        elif isinstance(shape, SeriesShape):
            lengths_N = rows.inputs[f"{shape.key}:length"].tolist()
            series = zip(tensors, lengths_N, strict=True)
            yield [
                _shown(
                    shape.column,
                    shape.kind,
                    value=f"{length} steps of {shape.channels}" if length else None,
                    picture=series_png(values_LC[:length].numpy()) if length else None,
                )
                for values_LC, length in series
            ]
        else:
            texts = table[shape.column].to_pylist()
            yield [_text(shape.column, shape.kind, text) for text in texts]


def _text(name: str, kind: str, text: object) -> Shown:
    if isinstance(text, list):
        return _shown(name, kind, parts=_cut(text))
    return _shown(name, kind, value=None if text is None else _cut_text(str(text)))


def _predictions(
    rows: Rows, tasks: Mapping[str, Task], trained: Mapping[str, Sequence[AnyTrained]]
) -> dict[str, Tensor]:
    """The mean over the networks of a task of what they predict."""
    outputs: dict[int, dict[str, Tensor]] = {}
    found = {}
    with torch.inference_mode():
        for name, networks in sorted(trained.items()):
            for one in networks:
                if id(one) not in outputs:
                    outputs[id(one)] = one.build()(rows.inputs)
            said = [tasks[name].predictions(outputs[id(one)][name].float()) for one in networks]
            found[name] = torch.stack(said).mean(0)
    return found


def _task(task: Task, config: TaskConfig, rows: Rows, table: pa.Table, predictions: Tensor) -> list[Shown]:
    if isinstance(task, DenseTask) and task.level == "pixel":
        return _pixels(task, rows, predictions)
    decoded = {suffix: column.to_pylist() for suffix, column in task.decode(predictions).items()}
    sources = config.source_columns(task.name)
    labelled_N = rows.labelled[task.name].tolist()
    written = [table[name].to_pylist() for name in sources]
    if isinstance(task, DenseTask):
        return [
            _shown(
                task.name,
                task.kind,
                over=task.over,
                parts=_cut(label) if labelled else None,
                predicted_parts=_cut(said),
            )
            for label, said, labelled in zip(written[0], decoded[""], labelled_N, strict=True)
        ]
    return [
        _shown(
            task.name,
            task.kind,
            value=_label(sources, [column[at] for column in written]) if labelled else None,
            predicted=_said({suffix: column[at] for suffix, column in decoded.items()}),
        )
        for at, labelled in enumerate(labelled_N)
    ]


def _pixels(task: DenseTask, rows: Rows, predictions: Tensor) -> list[Shown]:
    """Masks of classes, the most frequent of which is transparent; of other kinds maps of numbers."""
    targets, labelled_N = rows.targets[task.name], rows.labelled[task.name].tolist()
    if predictions.ndim == 4:
        names = _class_names(task, predictions.shape[1])
        said_NHW = predictions.argmax(1).numpy()
        true_NHW = targets.to(torch.int16).numpy()
        clear = int(np.bincount(said_NHW.ravel()).argmax())
        return [
            _mask(task, names, clear, true_HW if labelled else None, said_HW)
            for true_HW, said_HW, labelled in zip(true_NHW, said_NHW, labelled_N, strict=True)
        ]
    said_NHW = predictions.double().numpy()
    true_NHW = task.truths(targets).double().numpy()
    return [
        _map(task, true_HW if labelled else np.full_like(said_HW, np.nan), said_HW)
        for true_HW, said_HW, labelled in zip(true_NHW, said_NHW, labelled_N, strict=True)
    ]


def _class_names(task: DenseTask, n_classes: int) -> Names:
    """What the class of each code is called: what a certain prediction of it is decoded to."""
    certain_KK = torch.eye(n_classes)[:, :, None, None].expand(-1, -1, *task.positions)
    decoded = task.decode(certain_KK)[""].to_pylist()
    return tuple(_name(np.asarray(pixels).ravel()[0].item()) for pixels in decoded)


def _mask(task: DenseTask, names: Names, clear: int, true_HW: Any, said_HW: Any) -> Shown:
    return _shown(
        task.name,
        task.kind,
        over=task.over,
        value=None if true_HW is None else _shares(names, true_HW),
        predicted=_shares(names, said_HW),
        picture=None if true_HW is None else mask_png(true_HW, len(names), clear),
        predicted_picture=mask_png(said_HW, len(names), clear),
        classes=tuple(None if at == clear else name for at, name in enumerate(names)),
    )


def _shares(names: Names, codes_HW: Any) -> str:
    """How much of the pixels with a class is of each."""
    counts_K = [int((codes_HW == at).sum()) for at in range(len(names))]
    pairs = zip(names, counts_K, strict=True)
    return ", ".join(f"{name}: {count / sum(counts_K):.0%}" for name, count in pairs if count)


def _map(task: DenseTask, true_HW: Any, said_HW: Any) -> Shown:
    """Both in the same shades."""
    both = np.concatenate([true_HW.ravel(), said_HW.ravel()])
    low, high = float(np.nanmin(both)), float(np.nanmax(both))
    labelled = bool(np.isfinite(true_HW).any())
    return _shown(
        task.name,
        task.kind,
        over=task.over,
        value=f"black {low:.4g}, white {high:.4g}",
        picture=heat_png(smaller(true_HW), low, high) if labelled else None,
        predicted_picture=heat_png(smaller(said_HW), low, high),
    )


def _label(sources: Sequence[str], values: Sequence[Any]) -> str | None:
    """What was written: of several columns the names of those that apply."""
    if len(sources) == 1:
        return _written(values[0])
    return ", ".join(name for name, value in zip(sources, values, strict=True) if value) or "none"


def _said(decoded: Mapping[str, Any]) -> str:
    """The class with its probability, the number, or the labels that apply."""
    if "" not in decoded:
        applying = [suffix[1:] for suffix, value in decoded.items() if value is True]
        return ", ".join(applying) or "none"
    said = decoded[""]
    text = _written(said) or ""
    share = decoded.get(f"_probability_{said}")
    if (positive := decoded.get("_probability")) is not None:
        share = max(positive, 1.0 - positive)
    return text if share is None else f"{text} ({share:.0%})"


def _written(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, list):
        return ", ".join(map(_name, value)) or "none"
    return _cut_text(_name(value))


def _name(value: Any) -> str:
    """A value in words."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _cut(parts: Sequence[Any]) -> Names:
    names = tuple(map(_name, parts[:TOKENS]))
    return (*names, MORE) if len(parts) > TOKENS else names


def _cut_text(text: str) -> str:
    return f"{text[:LETTERS]}{MORE}" if len(text) > LETTERS else text
