"""A table of any format and size is predicted as the same rows in memory are."""

import gzip
import itertools
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.feather as pa_feather
import pyarrow.parquet as pa_parquet
import pytest

from mtl_search.bundle import Predictor, predicting
from mtl_search.bundle.predicting import predict_table
from mtl_search.cli import main
from mtl_search.data import text_streams


def predicted(model: Predictor, source: object, out: Path, **options: object) -> pd.DataFrame:
    predict_table(model, str(source), out, **options)  # type: ignore[arg-type]
    return read(out)


def read(out: Path) -> pd.DataFrame:
    readers: dict[str, Callable[[Path], pd.DataFrame]] = {
        ".parquet": pd.read_parquet,
        ".csv": pd.read_csv,
        ".feather": pd.read_feather,
    }
    return readers[out.suffix](out)


def assert_alike(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, other, rtol=1e-6, atol=1e-6, check_dtype=False)


def plain(table: pa.Table) -> pa.Table:
    """Without lists, which CSV cannot hold."""
    return table.drop_columns(["topics"])


@pytest.fixture
def parquet(table: pa.Table, tmp_path: Path) -> Path:
    path = tmp_path / "rows.parquet"
    pa_parquet.write_table(table, path, row_group_size=20)
    return path


def write_csv(table: pa.Table, path: Path) -> None:
    pa_csv.write_csv(plain(table), path)


def write_semicolons(table: pa.Table, path: Path) -> None:
    plain(table).to_pandas().to_csv(path, sep=";", decimal=",", index=False)


def write_packed(table: pa.Table, path: Path) -> None:
    write_csv(table, path.with_suffix(""))
    path.write_bytes(gzip.compress(path.with_suffix("").read_bytes()))


def write_feather(table: pa.Table, path: Path) -> None:
    pa_feather.write_feather(table, path, chunksize=10)


def write_folder(table: pa.Table, path: Path) -> None:
    path.mkdir()
    pa_parquet.write_table(table.slice(0, 50), path / "a.parquet")
    pa_parquet.write_table(table.slice(50), path / "b.parquet")


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("rows.csv", write_csv),
        ("comma.csv", write_semicolons),
        ("rows.csv.gz", write_packed),
        ("rows.feather", write_feather),
        ("parts", write_folder),
    ],
)
@pytest.mark.parametrize("small", [False, True])
def test_every_format_says_the_same(
    model: Predictor,
    table: pa.Table,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    write: Callable[[pa.Table, Path], None],
    small: bool,
) -> None:
    if small:  # blocks of some rows, so that several are read of 97
        monkeypatch.setattr(text_streams, "BLOCK", 1500)
        monkeypatch.setattr(predicting, "ROWS", 7)
    write(table, tmp_path / name)
    assert_alike(model.predict(table), predicted(model, tmp_path / name, tmp_path / "out.parquet"))


@pytest.mark.parametrize("out", ["out.parquet", "out.csv", "out.feather", "OUT.CSV"])
def test_every_format_of_the_output(model: Predictor, table: pa.Table, parquet: Path, out: str) -> None:
    path = parquet.parent / out
    predict_table(model, str(parquet), path, keep=("patient", "ward"))
    found = pd.read_csv(path) if out == "OUT.CSV" else read(path)
    assert list(found) == ["patient", "ward", *model.columns]
    assert found["ward"].tolist() == table["ward"].to_pylist()
    assert_alike(model.predict(table), found[list(model.columns)])
    assert sorted(entry.name for entry in parquet.parent.iterdir()) == sorted([out, "rows.parquet"])


@pytest.mark.parametrize(("batch", "threads"), [(1, 1), (2, 3), (10, 1), (1000, 2)])
def test_rows_are_few_at_a_time(
    model: Predictor,
    table: pa.Table,
    parquet: Path,
    monkeypatch: pytest.MonkeyPatch,
    batch: int,
    threads: int,
) -> None:
    monkeypatch.setattr(predicting, "ROWS", 8)
    steps: list[tuple[int, float]] = []
    out = parquet.parent / "out.parquet"
    options = {"batch": batch, "threads": threads, "on_progress": lambda *step: steps.append(step)}
    found = predicted(model, parquet, out, **options)
    assert_alike(model.predict(table), found)
    assert [rows for rows, _ in steps] == sorted({rows for rows, _ in steps})
    assert max(b - a for (a, _), (b, _) in itertools.pairwise(steps)) <= 8
    assert steps[-1] == (97, 1.0)


def test_a_column_far_down_of_another_type_is_read_again(
    model: Predictor, table: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_streams, "BLOCK", 600)
    frame = plain(table).to_pandas()
    frame["pressure"] = [None] * 40 + [120] * 40 + [120.5] * 17  # nothing, then whole numbers, then fractions
    frame["number"] = [*map(str, range(80)), *["A1"] * 17]
    frame["code"] = ["7"] * 80 + ["x"] * 17
    frame.to_csv(tmp_path / "rows.csv", index=False)
    found = predicted(model, tmp_path / "rows.csv", tmp_path / "out.parquet", keep=["number"])
    assert found["number"].tolist() == frame["number"].tolist()
    assert_alike(model.predict(frame), found.drop(columns="number"))


def test_text_in_a_column_of_numbers_far_down_is_named(
    model: Predictor, table: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_streams, "BLOCK", 600)
    frame = plain(table).to_pandas().astype({"age": object})
    frame.loc[90, "age"] = "old"
    frame.to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(
        Exception, match=r"rows.csv: column 'age': expected numbers, found invalid value 'old' in row"
    ):
        predict_table(model, str(tmp_path / "rows.csv"), tmp_path / "out.csv")
    assert [entry.name for entry in tmp_path.iterdir()] == ["rows.csv"]


def test_what_was_not_as_in_training_is_counted(model: Predictor, table: pa.Table, tmp_path: Path) -> None:
    frame = plain(table).to_pandas().astype({"ward": str})
    frame["age"], frame["code"], frame["pressure"] = None, "x", 120.0
    frame.loc[3, "pressure"], frame.loc[4, "pressure"] = -999, float("nan")
    frame.loc[:1, "ward"] = "attic"
    frame.loc[2, "ward"] = "unknown"  # means missing, as the sweep file says
    frame.to_parquet(tmp_path / "rows.parquet")
    counts = predict_table(model, str(tmp_path / "rows.parquet"), tmp_path / "out.csv", batch=10)
    assert counts.rows == 97
    assert dict(counts.missing) == {"age": 97, "pressure": 2, "ward": 1}
    assert {name: dict(levels) for name, levels in counts.unknown.items()} == {"ward": {"attic": 2}}
    assert counts.notes == (
        "no value in column 'age', where training saw numbers "
        "(median 46.9, quartiles 23.65 apart, none missing)",
        "3 missing values in 2 columns: pressure (2), ward (1)",
        "2 levels that training did not have, taken as missing: ward 'attic' (2)",
    )


def test_no_rows_make_a_table_without_rows(model: Predictor, table: pa.Table, tmp_path: Path) -> None:
    pa_parquet.write_table(table.slice(0, 0), tmp_path / "none.parquet")
    (tmp_path / "none.csv").write_text(",".join(plain(table).column_names) + "\n")
    for source in ("none.parquet", "none.csv"):
        found = predicted(model, tmp_path / source, tmp_path / "out.parquet")
        assert (len(found), tuple(found)) == (0, model.columns)


def test_the_command_says_what_it_wrote(
    folder: Path, parquet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = parquet.parent / "out.csv"
    assert main(["predict", str(folder), str(parquet), str(out), "--keep", "patient"]) == 0
    said = capsys.readouterr()
    assert "out.csv:97rows,cost,ill,stage,topics" in "".join(said.out.split()), "in lines as wide as they are"
    assert "missing values in 2 columns: " in said.out
    assert said.err == ""
    assert main(["predict", str(folder), str(parquet), str(out), "--quiet"]) == 0
    assert capsys.readouterr().out == f"{out}\n"


def test_evaluate_reads_text_as_predict_does(
    folder: Path, table: pa.Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Whole numbers, where training saw text, and no label of a task of numbers.
    frame = plain(table).to_pandas().assign(code=7, cost=None)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    arguments = [str(folder), str(tmp_path / "rows.csv")]
    assert main(["predict", *arguments, str(tmp_path / "out.csv"), "--quiet"]) == 0
    assert main(["evaluate", *arguments, "--bootstrap", "0"]) == 0
    assert "auroc" in capsys.readouterr().out


def test_what_is_kept_of_text_stays_as_it_is_written(
    model: Predictor, table: pa.Table, tmp_path: Path
) -> None:
    ids, prices = [f"{at:04}" for at in range(97)], [f"{at}.50" for at in range(97)]
    rows = table.append_column("id", pa.array(ids)).append_column("price", pa.array(prices))
    write_csv(rows, tmp_path / "rows.csv")
    predict_table(model, str(tmp_path / "rows.csv"), tmp_path / "out.csv", keep=["id", "price"])
    found = pd.read_csv(tmp_path / "out.csv", dtype=str)
    assert (found["id"].tolist(), found["price"].tolist()) == (ids, prices)
