"""``mtl_search.new``: from a table to a sweep in Python."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mtl_search.drafting.draft import draft_data, look_at
from mtl_search.drafting.file import drafted, name_of
from mtl_search.drafting.sampling import read_sample, sample_of
from mtl_search.drafting.saving import check_free, save_draft
from mtl_search.errors import DataError, UserError
from mtl_search.leaderboard import replace_file
from mtl_search.sweep import SweepSpec

__all__ = ["new"]

Frame: TypeAlias = "pd.DataFrame | pa.Table"


def new(
    table: "Frame | str | Path",
    tasks: Sequence[str] | str,
    *,
    name: str | None = None,
    out: Path | str | None = None,
    minutes: float | None = None,
    overwrite: bool = False,
) -> SweepSpec:
    """The sweep that ``mtl-search new`` drafts, to be given to ``run_sweep``.

    ``table``: a frame, or where one is (a path, a URI, a bundled name). A sweep reads its data again whenever
    it is resumed, so a frame is stored as ``<name>.parquet``, next to the sweep file if there is one, else in
    the working directory; its index counts only if it has a name. ``out``: the sweep file to write, with the
    reasons beside its lines; none by default. ``minutes``: the time that the budget is to fit.

    Raises UserError for tables and tasks that cannot be used, and for files that are there already and hold
    something else, unless ``overwrite``.
    """
    names = (tasks,) if isinstance(tasks, str) else tuple(tasks)
    file = Path(out) if out is not None else Path(f"{name or 'sweep'}.yaml")
    if out is not None:
        check_free(file, force=overwrite)
    if isinstance(table, str | Path):
        source = str(table)
        look = look_at(source, read_sample(source, Path.cwd()))
        draft = drafted(draft_data(look, names), file, name=name or name_of(source), minutes=minutes)
    else:
        whole = _arrow(table)
        name = name or "sweep"
        stored = file.with_name(f"{name}.parquet")
        draft = drafted(
            draft_data(look_at(str(stored), sample_of(whole)), names), file, name=name, minutes=minutes
        )
        _store(whole, stored, overwrite=overwrite)
    if out is not None:
        save_draft(draft, file)
    return draft.spec


def _arrow(frame: Frame) -> pa.Table:
    if isinstance(frame, pa.Table):
        return frame
    if isinstance(frame, pd.DataFrame):
        try:
            return pa.Table.from_pandas(frame, preserve_index=frame.index.name is not None or None)
        except (pa.ArrowException, ValueError, OverflowError) as error:
            first = str(error).split("\n")[0]
            raise DataError("table", "columns of one type each, with names that differ", first) from error
    raise DataError("table", "a pandas.DataFrame, a pyarrow.Table or a path", type(frame).__name__)


def _store(table: pa.Table, file: Path, *, overwrite: bool) -> None:
    """Write the table, unless the file holds it already: a cell of a notebook is run again and again."""
    if file.exists() and not overwrite:
        try:
            same = pq.read_table(file).equals(table)
        except (pa.ArrowException, OSError):
            same = False
        if same:
            return
        hint = "name= gives it another name, overwrite=True replaces it"
        raise UserError(str(file), "no file, or one with this very table", "another one", hint)
    replace_file(file, lambda opened: pq.write_table(table, opened))
