"""predict_table: predictions of a table of any size, read and written in batches."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import torch

from mtl_search.bundle.counting import Counts
from mtl_search.bundle.opening import open_table
from mtl_search.bundle.predictor import BATCH, Predictor
from mtl_search.bundle.writing import check_out, write_table
from mtl_search.data import Inputs
from mtl_search.data.notes import Note
from mtl_search.data.sources import located
from mtl_search.data.streams import Stream
from mtl_search.data.text_streams import Retyped
from mtl_search.errors import DataError, nearest

__all__ = ["predict_table", "thread_a_batch"]

ROWS, CELLS = 131_072, 8_000_000  # at most so many are in memory at a time
THREADS = 8  # batches of images, texts or series that are read at a time


def predict_table(
    model: Predictor,
    source: str,
    out: Path,
    *,
    keep: Sequence[str] = (),
    batch: int = BATCH,
    threads: int = 1,
    on_progress: Callable[[int, float], None] = lambda rows, share: None,
) -> Counts:
    """Write the predictions of every row of ``source`` to ``out``, in their order; what was counted.

    ``source`` is a path, a folder of Parquet parts, a URI or a bundled table; the ending of ``out`` is its
    format. ``keep``: columns of the source that come first in ``out``. ``threads``: how many batches are
    predicted at a time, see `thread_a_batch`. ``on_progress`` is told how many rows are done, and which share
    of all. Raises DataError, and writes nothing, for a table that has not the columns of training.
    """
    check_out(out)
    _check_lists(model, out)
    _check_apart(source, out)
    stream = open_table(source, model.reading, keep, as_text=out.suffix.lower() == ".csv")
    _check_kept(stream, model, keep)
    with located(source), ThreadPoolExecutor(threads) as pool:
        model.reading.check_names(stream.names)
        while True:
            counts = Counts(model.reading)
            try:
                write_table(out, _tables(model, stream, keep, batch, counts, pool, on_progress))
            except Retyped as found:
                stream = found.stream
            else:
                return counts


@contextmanager
def thread_a_batch() -> Iterator[int]:
    """Gives PyTorch one thread in this process, and yields how many it had: as many batches at a time.

    Encoding and decoding have one thread for each batch, for which the networks' many threads would wait.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield threads
    finally:
        torch.set_num_threads(threads)


def _tables(
    model: Predictor,
    stream: Stream,
    keep: Sequence[str],
    batch: int,
    counts: Counts,
    pool: Executor,
    on_progress: Callable[[int, float], None],
) -> Iterator[pa.Table]:
    columns = tuple(dict.fromkeys((*keep, *model.reading.inputs.columns)))
    most = min(batch, model.most)
    wide = CELLS // len(columns) if model.most == BATCH else most * THREADS
    rows = max(1, min(ROWS, wide))
    for part in stream.batches(columns, rows):
        prepared = model.reading.prepare(part.table)
        yield _beside(part.table.select(keep), _predicted(model, prepared, most, counts, pool))
        on_progress(counts.rows, part.share)


def _predicted(model: Predictor, prepared: pa.Table, batch: int, counts: Counts, pool: Executor) -> pa.Table:
    def predict(rows: pa.Table) -> tuple[Inputs, tuple[Note, ...], pa.Table]:
        inputs, notes = model.reading.encode_with_notes(rows)
        return inputs, notes, model.decoded(inputs)

    batches = [prepared.slice(start, batch) for start in range(0, max(1, prepared.num_rows), batch)]
    parts = []
    for rows, (inputs, notes, predicted) in zip(batches, pool.map(predict, batches), strict=True):
        counts.add(rows, inputs, notes)
        parts.append(predicted)
    return pa.concat_tables(parts).combine_chunks()


def _beside(kept: pa.Table, predicted: pa.Table) -> pa.Table:
    """Both as one table, the kept ones without dictionaries, which may differ between batches."""
    columns = {name: _plain(column) for name, column in zip(kept.column_names, kept.columns, strict=True)}
    columns |= dict(zip(predicted.column_names, predicted.columns, strict=True))
    return pa.table(columns)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _check_kept(stream: Stream, model: Predictor, keep: Sequence[str]) -> None:
    made = frozenset(model.columns)
    for name in keep:
        if name not in stream.names:
            hint = nearest(name, stream.names)
            raise DataError("--keep", "a column of the table", f"no column {name!r}", hint)
        if stream.names.count(name) > 1 or keep.count(name) > 1:
            raise DataError("--keep", "each column once", f"{name!r} twice")
        if name in made:
            expected = "columns that are named otherwise than the predictions"
            raise DataError("--keep", expected, repr(name), "rename it, or leave it out")


def _check_lists(model: Predictor, out: Path) -> None:
    dense = [name for name, task in model.tasks.items() if task.level != "row"]
    if dense and out.suffix.lower() == ".csv":
        expected = f"a file that can hold lists, for a label at each {model.tasks[dense[0]].level}"
        raise DataError(str(out), expected, "CSV", "write .parquet or .feather")


def _check_apart(source: str, out: Path) -> None:
    if "://" in source or not (table := Path(source).expanduser().resolve()).exists():
        return
    if out.resolve() == table:
        raise DataError(str(out), "another file than the table", "the same one")
    if table.is_dir() and out.resolve().is_relative_to(table):
        raise DataError(str(out), "a file outside of the folder that is predicted", f"one in {source}")
