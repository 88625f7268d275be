"""Tensors in files, one each: written once, part by part, and mapped into memory where they are read.

The system reads what is asked for and lets it go when others need the memory, so that a table may be larger
than that, and all workers of a machine read the same copy. A file is written as a file: through a mapping, a
full disk would end the process without a word.
"""

# N rows, B rows of a batch

import hashlib
import json
import math
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self, TypeAlias, final

import numpy as np
import torch
from torch import Tensor

from mtl_search.errors import DataError

__all__ = ["Arrays", "Extent", "FileWriter", "Parts", "as_tensor", "read_about"]

Arrays: TypeAlias = dict[str, np.ndarray[Any, Any]]
Parts: TypeAlias = dict[str, Arrays]
"""Arrays of the same rows by what they are of (inputs, targets ...) and by name."""

WIDE = 1024  # bytes
ABOUT = "about.json"  # written last: a folder without it was never finished


@final
@dataclass(frozen=True, slots=True)
class Extent:
    """The rows from ``start`` up to ``stop`` of the files in a folder."""

    folder: Path
    start: int
    stop: int

    def slice(self, start: int, stop: int) -> "Extent":
        """A part of them; positions beyond the end are cut, as those of a list."""
        first, last, _ = slice(start, stop).indices(self.stop - self.start)
        return Extent(self.folder, self.start + first, self.start + max(first, last))

    def then(self, other: "Extent") -> "Extent | None":
        """These rows and the others, None if they do not follow in the same files."""
        follows = (other.folder, other.start) == (self.folder, self.stop)
        return Extent(self.folder, self.start, other.stop) if follows else None

    def open(self) -> dict[str, dict[str, Tensor]]:
        """The tensors, which must not be written to. DataError if the files are not there (any more)."""
        about = read_about(self.folder)
        if about is None:
            raise self._gone()
        found: dict[str, dict[str, Tensor]] = {part: {} for part in about["parts"]}
        for part, name, dtype, shape in about["tensors"]:
            size = self.stop - self.start, *shape
            if math.prod(size):
                skipped = self.start * math.prod(shape) * np.dtype(dtype).itemsize
                array: np.ndarray[Any, Any] = np.memmap(self._path(part, name), dtype, "r", skipped, size)
            else:  # which cannot be mapped
                array = np.empty(size, dtype)
            found[part][name] = as_tensor(array)
        return found

    def take(self, part: str, name: str, values: Tensor, index_B: Tensor) -> Tensor:
        """Rows of one of the tensors, copied; wide ones are read one by one, without pages around them."""
        if not (wide := _bytes_of_a_row(values)):
            return values.index_select(0, index_B)
        taken = torch.empty((len(index_B), *values.shape[1:]), dtype=values.dtype)
        bytes_B = taken.numpy().view(np.uint8).reshape(-1).data
        with self._opened(part, name) as file:
            for at, position in enumerate((index_B + self.start).tolist()):
                if os.preadv(file, [bytes_B[at * wide : (at + 1) * wide]], position * wide) != wide:
                    raise self._gone()
        return taken

    def announce(self, part: str, name: str, values: Tensor, index_B: Tensor) -> None:
        """These rows will be taken soon: the system may begin to read them meanwhile."""
        if (wide := _bytes_of_a_row(values)) and sys.platform == "linux":
            with self._opened(part, name) as file:
                for position in (index_B + self.start).tolist():
                    os.posix_fadvise(file, position * wide, wide, os.POSIX_FADV_WILLNEED)

    @contextmanager
    def _opened(self, part: str, name: str) -> Iterator[int]:
        try:
            file = os.open(self._path(part, name), os.O_RDONLY)
        except FileNotFoundError:
            raise self._gone() from None
        try:
            if sys.platform == "linux":
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)  # what lies around a row is not read
            yield file
        finally:
            os.close(file)

    def _path(self, part: str, name: str) -> Path:
        return self.folder / _file(part, name)

    def _gone(self) -> DataError:
        hint = "made by the process that read the data; is the folder seen by every machine?"
        return DataError(str(self.folder), "encoded rows", "none", hint)


@final
class FileWriter:
    """Writes rows into the files of a folder, at any position, each once."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._stack = folder, ExitStack()
        self._files: dict[tuple[str, str], BinaryIO] = {}
        self._about: dict[str, Any] = {"parts": [], "tensors": []}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.close()

    def write(self, start: int, parts: Parts) -> None:
        """These rows from position ``start``; names, types and shapes are those of the first rows written."""
        if not self._files:
            self._open(parts)
        for part, arrays in parts.items():
            for name, array in arrays.items():
                file = self._files[part, name]
                file.seek(start * math.prod(array.shape[1:]) * array.itemsize)
                file.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)

    def finish(self, about: Mapping[str, Any]) -> None:
        """All is written: say so, with what is to be known of it."""
        for file in self._files.values():
            file.flush()
        text = json.dumps({**about, **self._about})
        (self._folder / ABOUT).write_text(text, encoding="utf-8")

    def _open(self, parts: Parts) -> None:
        for part, arrays in parts.items():
            self._about["parts"].append(part)
            for name, array in arrays.items():
                path = self._folder / _file(part, name)
                self._files[part, name] = self._stack.enter_context(path.open("wb"))
                self._about["tensors"].append([part, name, array.dtype.str, list(array.shape[1:])])


def read_about(folder: Path) -> dict[str, Any] | None:
    """What is to be known of the files of a folder, None if they were never finished or are no more."""
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return about


def as_tensor(array: np.ndarray[Any, Any]) -> Tensor:
    """The array's own memory as a tensor, which must not be written to if the array must not."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable", UserWarning)
        return torch.from_numpy(array)


def _bytes_of_a_row(values: Tensor) -> int:
    """0 if rows are narrow: many of them lie on a page."""
    nbytes = math.prod(values.shape[1:]) * values.element_size()
    return nbytes if nbytes >= WIDE else 0


def _file(part: str, name: str) -> str:
    """A column's name may be none of a file."""
    return hashlib.blake2b(f"{part} {name}".encode(), digest_size=8).hexdigest() + ".bin"
