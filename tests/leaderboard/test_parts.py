import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mtl_search.errors import LeaderboardError
from mtl_search.leaderboard import parts
from mtl_search.leaderboard.parts import FAN_IN, PartFolder
from mtl_search.leaderboard.schema import SCHEMAS, VERSION

SCHEMA = SCHEMAS["resamples"]


def rows(*values: int, trial: str = "t") -> pa.Table:
    return pa.Table.from_pylist(
        [{"trial_id": f"{trial}{value}", "task": "age", "left_out": value, "value": 0.5} for value in values],
        schema=SCHEMA,
    )


def seen(folder: PartFolder) -> list[int]:
    return folder.read()["left_out"].to_pylist()


@pytest.fixture
def folder(tmp_path):
    folder = PartFolder(tmp_path / "resamples", "resamples")
    folder.create(SCHEMA.empty_table())
    return folder


def files(folder: PartFolder) -> list[str]:
    return sorted(path.name for path in folder.folder.iterdir())


def test_a_new_folder_reads_as_empty_with_its_schema(folder):
    assert folder.read().schema.equals(SCHEMA)
    assert seen(folder) == []
    assert folder.exists()


def test_appends_are_read_in_order(folder):
    for value in range(5):
        folder.append(rows(value))
    assert seen(folder) == [0, 1, 2, 3, 4]
    assert folder.read(["left_out"]).column_names == ["left_out"]


def test_parts_keep_documentation_units_and_version(folder):
    path = folder.append(rows(1))
    stored = pq.read_schema(path)
    assert stored.metadata[b"mtl_search.table"] == b"resamples"
    assert stored.metadata[b"mtl_search.version"] == str(VERSION).encode()
    assert stored.field("value").metadata[b"unit"] == b"of the metric"


def test_merging_keeps_rows_and_order_and_few_files(folder, monkeypatch):
    monkeypatch.setattr(parts, "FAN_IN", 3)
    for value in range(100):
        folder.append(rows(value))
        folder.merge()
        assert len(files(folder)) <= 1 + 2 * 5  # the empty part, and at most 2 of each of 5 levels
    assert seen(folder) == list(range(100))


def test_five_thousand_appends_leave_forty_files():
    digits = [5_000 % FAN_IN, 5_000 // FAN_IN % FAN_IN, 5_000 // FAN_IN**2]
    assert sum(digits) <= 40


def test_replacing_the_whole_leaves_one_file(folder):
    for value in range(4):
        folder.append(rows(value))
    folder.replace(rows(8, 9))
    assert seen(folder) == [8, 9]
    assert len(files(folder)) == 1
    folder.append(rows(10))
    assert seen(folder) == [8, 9, 10]


def test_a_replaced_part_that_is_still_there_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(parts, "FAN_IN", 3)
    monkeypatch.setattr(parts, "_delete", lambda paths: None)  # stopped before its sources were deleted
    for value in range(3):
        folder.append(rows(value))
    folder.merge()
    assert len(files(folder)) == 5
    assert seen(folder) == [0, 1, 2]


def test_recovery_removes_replaced_parts_and_temporary_files_alone(folder, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(parts, "FAN_IN", 3)
        patch.setattr(parts, "_delete", lambda paths: None)
        for value in range(3):
            folder.append(rows(value))
        folder.merge()
    (folder.folder / ".tmp-0badc0de").write_bytes(b"half a part")
    (folder.folder / "notes.txt").write_text("mine")
    assert seen(folder) == [0, 1, 2]
    folder.recover()
    assert seen(folder) == [0, 1, 2]
    assert len(files(folder)) == 3  # the empty part, the merged one, the notes
    assert "notes.txt" in files(folder)


def test_a_replaced_part_does_not_return_when_its_replacement_is_merged(folder, monkeypatch):
    monkeypatch.setattr(parts, "FAN_IN", 2)
    with monkeypatch.context() as patch:
        patch.setattr(parts, "_delete", lambda paths: None)
        for value in range(2):
            folder.append(rows(value))
        folder.merge()
    for value in range(2, 8):
        folder.append(rows(value))
        folder.merge()
    assert seen(folder) == list(range(8))


def test_parts_of_unknown_trials_are_dropped(folder):
    folder.append(rows(1, trial="kept"))
    folder.append(rows(2, trial="orphan"))
    folder.drop_parts_without(pa.array(["kept1"]))
    assert seen(folder) == [1]


def test_a_column_added_since_reads_as_null(folder):
    folder.append(rows(1))
    path = folder.folder / "part-00000009-0-0123abcd.parquet"
    pq.write_table(rows(2).drop_columns(["value"]), path)
    assert folder.read()["value"].to_pylist() == [0.5, None]


def write_version(folder: PartFolder, version: int) -> None:
    metadata = {**SCHEMA.metadata, b"mtl_search.version": str(version)}
    path = folder.folder / "part-00000009-0-0123abcd.parquet"
    pq.write_table(rows(1).replace_schema_metadata(metadata), path)


def test_a_newer_schema_is_refused(folder):
    write_version(folder, VERSION + 1)
    message = f"expected schema version {VERSION} or older, found {VERSION + 1}"
    with pytest.raises(LeaderboardError, match=message):
        folder.read()


def damage_truncated(folder):
    path = folder.append(rows(1))
    path.write_bytes(path.read_bytes()[:40])


def damage_empty(folder):
    folder.append(rows(1)).write_bytes(b"")


def damage_garbage_in_the_middle(folder):
    path = folder.append(rows(*range(100)))
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(bytes(content))


def damage_footer(folder):
    path = folder.append(rows(1))
    content = bytearray(path.read_bytes())
    content[-300:-8] = b"\xff" * 292
    path.write_bytes(bytes(content))


def damage_other_table(folder):
    schema = SCHEMAS["tasks"]
    pq.write_table(schema.empty_table(), folder.folder / "part-00000009-0-0123abcd.parquet")


def damage_foreign_file(folder):
    pq.write_table(pa.table({"a": [1]}), folder.folder / "part-00000009-0-0123abcd.parquet")


def damage_retyped_column(folder):
    table = rows(1).set_column(3, "value", pa.array(["a"]))
    path = folder.folder / "part-00000009-0-0123abcd.parquet"
    pq.write_table(table.replace_schema_metadata(SCHEMA.metadata), path)


def damage_removed_parts(folder):
    for path in folder.folder.iterdir():
        path.unlink()


def damage_removed_folder(folder):
    damage_removed_parts(folder)
    folder.folder.rmdir()


@pytest.mark.parametrize(
    "damage",
    [
        damage_truncated,
        damage_empty,
        damage_garbage_in_the_middle,
        damage_footer,
        damage_other_table,
        damage_foreign_file,
        damage_retyped_column,
        damage_removed_parts,
        damage_removed_folder,
    ],
)
def test_damage_is_an_error_that_names_the_place(folder, damage):
    damage(folder)
    with pytest.raises(LeaderboardError, match="resamples") as caught:
        folder.read()
    assert caught.value.place.startswith(str(folder.folder))


def test_a_reader_that_loses_a_file_to_a_merge_reads_again(folder, monkeypatch):
    monkeypatch.setattr(parts, "FAN_IN", 3)
    for value in range(3):
        folder.append(rows(value))
    reader, merged = PartFolder(folder.folder, "resamples"), []
    opened = reader._open

    def merge_first(path):
        if not merged:
            merged.append(path)
            folder.merge()
        return opened(path)

    monkeypatch.setattr(reader, "_open", merge_first)
    assert seen(reader) == [0, 1, 2]


def test_a_reader_whose_listing_missed_a_merge_reads_again(folder, monkeypatch):
    """A folder that changes while it is listed may show neither the merged part nor its sources."""
    monkeypatch.setattr(parts, "FAN_IN", 3)
    for value in range(3):
        folder.append(rows(value))
    folder.merge()
    reader = PartFolder(folder.folder, "resamples")
    complete = reader._listed()
    listings = iter([[path for path in complete if "-1-" not in path.name], complete, complete, complete])
    monkeypatch.setattr(reader, "_listed", lambda: next(listings))
    assert seen(reader) == [0, 1, 2]


def test_a_table_that_never_rests_is_an_error(folder, monkeypatch):
    def lost(path):
        raise FileNotFoundError(path)

    monkeypatch.setattr(folder, "_open", lost)
    with pytest.raises(LeaderboardError, match="keep disappearing"):
        folder.read()
