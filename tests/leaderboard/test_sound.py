"""Tables that were changed behind a sweep's back: readers say so, in one sentence, and name the table."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from mtl_search.cli import main
from mtl_search.leaderboard import Leaderboard, sound
from mtl_search.leaderboard.sound import unsound
from tests.fixtures.sweeps import synthetic_sweep

Change = Callable[[pa.Table], pa.Table]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    board = synthetic_sweep(tmp_path_factory.mktemp("results") / "one", trials=20, n_seeds=3)
    board.compact()
    return board.path


def with_value(column: str, value: object) -> Change:
    """The first row with another value."""

    def change(rows: pa.Table) -> pa.Table:
        field, at = rows.schema.field(column), rows.column_names.index(column)
        changed = pa.array([value, *rows[column].to_pylist()[1:]], field.type)
        return rows.set_column(at, field, changed)

    return change


def without_a_metric(rows: pa.Table) -> pa.Table:
    """No value of one task on valid in the search."""
    gone = pc.and_(pc.equal(rows["task"], rows["task"][0]), pc.equal(rows["split"], "valid"))
    return rows.filter(pc.invert(gone))


@pytest.mark.parametrize(
    ("table", "change", "said"),
    [
        ("metrics", lambda rows: pa.concat_tables([rows, rows.slice(0, 1)]), "one row for each trial_id"),
        ("metrics", lambda rows: rows.slice(0, 0), "values of each trial that ended well"),
        ("designs", lambda rows: rows.slice(0, 0), "design_id: one of table designs"),
        ("summary_tasks", lambda rows: rows.slice(1), "a row for each task of design"),
        ("trials", with_value("finished", None), "a value in each row of column 'finished'"),
        ("trials", with_value("state", "fine"), "state: one of complete, failed, pruned, found 'fine'"),
        ("tasks", with_value("task", "another"), "task: one of table tasks"),
        ("trials", with_value("finished", None), "found none in 1, the first of which is row 0"),
        (
            "trials",
            with_value("started", datetime(9999, 1, 1, tzinfo=UTC)),
            "column 'started': a time from 1970",
        ),
        ("trials", with_value("config", "[]"), "column 'config': the configuration of trial"),
        ("trials", with_value("params", [("lr", "{")]), "column 'params': lr as JSON, found '{' in row 0"),
        ("trials", with_value("params", [("lr", None)]), "column 'params': a value in each place of its"),
        ("trials", with_value("affinities", [("a", 1.0)]), "a pair as source>target, found 'a' in row 0"),
        ("trials", with_value("members", ["nobody"]), "tasks of table tasks, found 'nobody' in row 0"),
        ("trials", with_value("members", []), "tasks of table tasks, found none in row 0"),
        ("metrics", without_a_metric, "the default metric of task"),
    ],
)
def test_what_does_not_belong_together_is_named(
    whole: Path, tmp_path: Path, table: str, change: Change, said: str
) -> None:
    path = shutil.copytree(whole, tmp_path / "one")
    assert unsound(Leaderboard(path)) is None
    (path / "trials.log").unlink(missing_ok=True)
    file = path / f"{table}.parquet"
    pq.write_table(change(pq.read_table(file)), file)
    wrong = unsound(Leaderboard(path))
    assert wrong is not None
    assert said in str(wrong)
    assert str(file) in str(wrong) or "summary" in str(wrong) or "metrics" in str(wrong)


def test_a_reader_that_fails_on_sound_tables_is_at_fault_itself(whole: Path) -> None:
    with pytest.raises(ZeroDivisionError), sound(whole):
        _ = 1 / 0


def test_a_command_says_it_and_ends_with_2(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = shutil.copytree(whole, tmp_path / "one")
    (path / "trials.log").unlink(missing_ok=True)
    file = path / "summary_tasks.parquet"
    rows = pq.read_table(file)
    last = rows.filter(rows["chosen"])["task"][-1]
    pq.write_table(rows.filter(pc.or_(pc.invert(rows["chosen"]), pc.not_equal(rows["task"], last))), file)
    assert main(["top", str(path)]) == 2
    assert "a row for each task of design" in " ".join(capsys.readouterr().err.split())


def test_in_a_list_of_sweeps_it_stands_by_name(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = shutil.copytree(whole, tmp_path / "one")
    (path / "trials.log").unlink(missing_ok=True)
    file = path / "designs.parquet"
    pq.write_table(with_value("gains", [("age", 1.0), ("age", 2.0)])(pq.read_table(file)), file)
    assert main(["results", str(tmp_path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"cannot be read: {file}: expected column 'gains': each key once" in said
