"""Tables from every place, and what cannot be read."""

from collections.abc import Callable
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.feather as pa_feather
import pyarrow.parquet as pa_parquet
import pytest

from mtl_search.data import bundled_tables, is_local_file, read_table
from mtl_search.data.sources import check_table
from mtl_search.errors import DataError

TABLE = pa.table({"n": [1.5, None, 3.0], "t": ["x", None, "z"]})


def write_csv(table: pa.Table, path: Path) -> None:
    with pa.output_stream(path, compression="detect") as stream:
        pa_csv.write_csv(table, stream)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.parquet", pa_parquet.write_table),
        ("a.pq", pa_parquet.write_table),
        ("a.PARQUET", pa_parquet.write_table),
        ("a.feather", pa_feather.write_feather),
        ("a.arrow", pa_feather.write_feather),
        ("a.csv", write_csv),
        ("a.v2.csv.gz", write_csv),
    ],
)
def test_files_of_every_format(tmp_path: Path, name: str, write: Callable[[pa.Table, Path], None]) -> None:
    write(TABLE, tmp_path / name)
    assert read_table(name, tmp_path).equals(TABLE)  # relative to the base
    assert read_table(str(tmp_path / name), Path("/nowhere")).equals(TABLE)
    assert read_table((tmp_path / name).as_uri(), Path("/nowhere")).equals(TABLE)


def test_uris_that_only_fsspec_opens() -> None:
    with fsspec.open("memory://tables/a.parquet", "wb") as file:
        pa_parquet.write_table(TABLE, file)
    try:
        assert read_table("memory://tables/a.parquet", Path.cwd()).equals(TABLE)
        assert read_table("memory://tables", Path.cwd()).equals(TABLE)
    finally:
        fsspec.filesystem("memory").rm("/tables", recursive=True)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("suport2", "found nothing at .*suport2; did you mean 'support2'"),
        ("patient.csv", "found nothing at .*; did you mean 'patients.csv'"),
        ("/no/such/place.csv", "bundled: animal_scenes, census_income, qm9, spoken_commands"),
        ("file:///no/such/place.parquet", "found nothing at /no/such/place.parquet"),
        ("memory://none/a.parquet", "found nothing at"),
        ("ftpx://host/a.parquet", "a URI that pyarrow.fs or fsspec opens"),
        ("empty", "no Parquet file in the folder"),
        ("a\x00b", "NUL"),
    ],
)
def test_places_where_nothing_is(tmp_path: Path, source: str, message: str) -> None:
    (tmp_path / "patients.csv").write_text("a\n1\n")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=message) as error:
        read_table(source, tmp_path)
    assert error.value.place == source


def test_bundled_tables_carry_their_source_and_licence() -> None:
    tables = bundled_tables()
    assert list(tables) == [
        "animal_scenes",
        "census_income",
        "qm9",
        "spoken_commands",
        "support2",
        "turkish_web",
        "yeast",
    ]
    notice = (Path(__file__).parents[2] / "NOTICE").read_text()
    for name, path in tables.items():
        metadata = pa_parquet.read_schema(path).metadata
        assert all(metadata[key] for key in (b"title", b"source", b"license"))
        assert f"{name}.parquet" in notice


def test_a_bundled_name_is_no_path(tmp_path: Path) -> None:
    (tmp_path / "support2").write_text("something else")
    assert read_table("support2", tmp_path).num_rows == 9105
    assert read_table("yeast", tmp_path).num_columns == 117


def test_which_sources_depend_on_the_folder() -> None:
    sources = ["support2", "s3://bucket/a.parquet", "data/a.csv", "/data", "support2.parquet"]
    assert [is_local_file(source) for source in sources] == [False, False, True, True, True]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE.slice(0, 0), "rows: expected at least one row, found none in 2 columns"),
        (pa.table({}), "rows: expected at least one row"),
        (pa.Table.from_arrays([TABLE["n"], TABLE["t"]], ["x", "x"]), "columns: .* differ, found 'x' twice"),
    ],
)
def test_tables_that_cannot_be_used(table: pa.Table, message: str) -> None:
    with pytest.raises(DataError, match=message):
        check_table(table)
