"""Files of each format and folders of parts, and what cannot be read."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest

from mtl_search.data import read_table
from mtl_search.data.formats import reader_of
from mtl_search.errors import DataError


def test_tab_separated(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("n\tt\n1\tx,y\n2\t\n")
    assert read_table("a.tsv", tmp_path).to_pydict() == {"n": [1, 2], "t": ["x,y", None]}


def test_csv_types_are_inferred_from_the_whole_file(tmp_path: Path) -> None:
    """Two megabytes of whole numbers before the first fraction: more than Arrow looks at by default."""
    (tmp_path / "a.csv").write_text("x,y\n" + "1,yes\n" * 350_000 + "1.5,no\n")
    assert read_table("a.csv", tmp_path)["x"].type == pa.float64()


def test_csv_with_newlines_in_quotes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('t,b\n"two\nlines",true\n')
    assert read_table("a.csv", tmp_path).to_pydict() == {"t": ["two\nlines"], "b": [True]}


def test_a_folder_of_parts_in_the_order_of_their_names(tmp_path: Path) -> None:
    for part, value in {"part-2": 2, "part-0": 0, "part-1": 1}.items():
        pa_parquet.write_table(pa.table({"x": [value]}), tmp_path / f"{part}.parquet")
    (tmp_path / "_SUCCESS").write_text("")
    assert read_table(str(tmp_path), Path.cwd())["x"].to_pylist() == [0, 1, 2]
    assert read_table(tmp_path.as_uri(), Path.cwd())["x"].to_pylist() == [0, 1, 2]


def test_folders_of_parts_name_a_column(tmp_path: Path) -> None:
    for name in ("train", "test"):
        (tmp_path / f"split={name}").mkdir()
        pa_parquet.write_table(pa.table({"x": [1]}), tmp_path / f"split={name}" / "0.parquet")
    assert read_table(tmp_path.name, tmp_path.parent).to_pydict() == {"x": [1, 1], "split": ["test", "train"]}


def test_parts_must_have_the_same_columns(tmp_path: Path) -> None:
    pa_parquet.write_table(pa.table({"x": [1]}), tmp_path / "0.parquet")
    pa_parquet.write_table(pa.table({"z": [1]}), tmp_path / "1.parquet")
    with pytest.raises(DataError, match=r"other columns in .*1\.parquet than in the first part: x, z"):
        read_table(str(tmp_path), Path.cwd())


def test_a_corrupt_part_is_named(tmp_path: Path) -> None:
    pa_parquet.write_table(pa.table({"x": [1]}), tmp_path / "0.parquet")
    (tmp_path / "1.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(DataError, match=r"1\.parquet"):
        read_table(str(tmp_path), Path.cwd())


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.parquet", b"not a table at all, whatever its name", "Parquet"),
        ("a.parquet", b"", "an empty file"),
        ("a.csv", b"", "an empty file"),
        ("a.csv", b"\n", "CSV"),
        ("a.csv", b"a,b\n1,2\n1,2,3\n", "Expected 2 columns, got 3"),
        ("a.csv", b"a,b\n1,\xff\xfe\n", "not UTF-8 in column 'b'"),
        ("a.feather", b"neither is this one", "Not a Feather"),
        ("a.csv.gz", b"a,b\n1,2\n", "zlib"),
        ("a.xlsx", b"PK", "a file named 'a.xlsx'"),
        ("a.parquet.gz", b"PK", "a file named"),
        ("table", b"x", "a file named 'table'"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes, found: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as error:
        read_table(name, tmp_path)
    assert error.value.place == name
    assert found in error.value.found
    assert "\n" not in str(error.value)


def test_an_error_names_the_source_and_the_path_tells_the_format() -> None:
    assert reader_of("bucket/a.CSV.zst", "s3://bucket/a.CSV.zst?region=x") is reader_of("b.csv", "b.csv")
    with pytest.raises(DataError, match=r"s3://bucket/a\.doc\?region=x: .*found a file named 'a\.doc'"):
        reader_of("bucket/a.doc", "s3://bucket/a.doc?region=x")
