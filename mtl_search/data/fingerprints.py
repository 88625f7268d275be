"""Fingerprints: equal if and only if what was used of the data is the same, on every machine."""

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from mtl_search.data.declared import is_cast
from mtl_search.data.encoding import Encoding
from mtl_search.data.folders import folder_of
from mtl_search.data.hashing import Hashes, hash_rows, hash_values
from mtl_search.data.inputs import InputOptions
from mtl_search.data.inputs.categorical import is_categorical
from mtl_search.data.inputs.image import ImageOptions
from mtl_search.data.streamed import AnyTable, batches_of, parts_of, type_of
from mtl_search.records import Split
from mtl_search.tasks import DenseTask, Task, TaskConfig

__all__ = ["of_content", "of_dataset", "of_encoded", "of_test_rows"]


def of_content(
    table: AnyTable, hashes_N: Hashes, declared: Mapping[str, InputOptions], weight: str | None
) -> Hashes:
    """Hashes of all that is used of the rows: neither a weight nor what the file of an image holds moves a
    row, but both change what is learned."""
    if weight is not None:
        hashes_N = hashes_N + hash_rows(table.select([weight]))
    for name, options in declared.items():
        if isinstance(options, ImageOptions) and is_categorical(type_of(table, name)):
            hashes_N = hashes_N + _of_files(table, name)
    return hashes_N


def _of_files(table: AnyTable, name: str) -> Hashes:
    """Of the content of each row's file, 0 where there is none."""
    parts = batches_of(table, [name])
    paths = (path and folder_of(part) / path for part in parts for path in part[name].to_pylist())
    return np.array([_of_file(path) if path else 0 for path in paths], np.uint64)


def _of_file(path: Path) -> int:
    try:
        content = path.read_bytes()
    except OSError:
        return 0
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def of_dataset(
    hashes_N: Hashes,
    index: Mapping[Split, NDArray[np.intp]],
    encoding: Encoding,
    declared: Mapping[str, InputOptions],
    tasks: Mapping[str, TaskConfig],
) -> str:
    """Of what is used of the rows in their order, their splits, the inputs by type and the tasks' options.

    Of inputs that are neither numbers nor levels what was said of them, too.
    """
    digest = hashlib.sha256(hashes_N.tobytes())
    for which in Split:
        digest.update(index[which].astype(np.int64).tobytes())
    inputs: list[object] = [encoding.numeric.columns, encoding.categorical.columns]
    inputs += [
        {name: declared[name].model_dump(mode="json") if name in declared else other.kind}
        for other in encoding.inputs
        if not is_cast(other.kind)
        for name in other.columns
    ]
    options = {name: _said(config) for name, config in tasks.items()}
    digest.update(json.dumps([inputs, options], sort_keys=True).encode())
    return digest.hexdigest()[:16]


def of_encoded(fingerprint: str, encoding: Encoding) -> str:
    """Of all that the encoded rows depend on: the data, what was fitted, and the code that encodes it."""
    digest = hashlib.sha256(f"{fingerprint} {version('mtl_search')}".encode())
    digest.update(TypeAdapter(Encoding).dump_json(encoding))
    return digest.hexdigest()[:16]


def _said(config: TaskConfig) -> dict[str, object]:
    """The options of a task; these two only if they are given, so that data without them is what it was."""
    options: dict[str, object] = config.model_dump(mode="json")
    return {name: v for name, v in options.items() if v is not None or name not in ("classes", "transform")}


def of_test_rows(test: AnyTable, config: TaskConfig, task: Task, weight: str | None) -> str:
    """A fingerprint of a task's labels in test, in their order: values are comparable if it is equal.

    It is of labels and weights alone, so that neither another choice of inputs nor of other tasks changes it;
    of labels at positions their number, too, which follows the input's.
    """
    digest = hashlib.sha256()
    if isinstance(task, DenseTask):
        digest.update(repr(task.positions).encode())
    for parts in parts_of(test, (*config.source_columns(task.name), *([] if weight is None else [weight]))):
        for part in parts:
            digest.update(hash_values(part).tobytes())
    return digest.hexdigest()[:16]
