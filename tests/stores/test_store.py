"""Objects by name, whatever the file system; what is said when it does not answer."""

from pathlib import Path

import pytest

from mtl_search.errors import StoreError
from mtl_search.stores.store import Store, is_plain

SECRET = "s3://name:word@bucket/x?endpoint_override=127.0.0.1%3A9&scheme=http&region=eu-north-1"


def test_objects_are_put_listed_read_and_deleted(anywhere: str) -> None:
    store = Store.at(anywhere).below("sweep")
    assert store.entries() == {}
    store.write("b/c.txt", b"first")
    store.write("a", b"")
    assert {name: entry.size for name, entry in store.entries().items()} == {"a": 0, "b/c.txt": 5}
    store.write("b/c.txt", b"other!")
    assert dict(store.read_all(["b/c.txt", "a"])) == {"b/c.txt": b"other!", "a": b""}
    assert set(Store.at(anywhere).entries()) == {"sweep/a", "sweep/b/c.txt"}
    store.write("b/d", b"more")
    store.delete("b/d")
    store.delete("b/d")
    assert set(store.entries()) == {"a", "b/c.txt"}
    store.delete_below("b")
    store.delete_below("b")
    assert set(store.entries()) == {"a"}
    with pytest.raises(FileNotFoundError):
        store.read("b/c.txt")


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("ftpx://host/x", "expected a URI that pyarrow.fs or fsspec opens, found Protocol not known: ftpx"),
        ("oss://bucket/x", "found Install ossfs"),
        ("s3://bucket/x?speed=high", "found Unexpected query parameter in S3 URI: 'speed'"),
    ],
)
def test_what_nothing_opens(uri: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as error:
        Store.at(uri)
    assert error.value.place == uri.partition("?")[0]


def test_a_bucket_that_is_not_there(server: str) -> None:
    host = server.removeprefix("http://")
    store = Store.at(f"s3://name:word@none/x?endpoint_override={host}&scheme=http&region=us-east-1")
    with pytest.raises(StoreError, match="a bucket that is there, found none named 'none'"):
        store.check_writable()


def test_files_that_are_written_in_place(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"puts files whole, found .*; mount it, and name the folder"):
        Store.at(f"local://{tmp_path}").check_writable()


def test_who_does_not_answer_is_told_of_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise RuntimeError(f"no\nway to {SECRET}, says word")

    monkeypatch.setattr("mtl_search.stores.store.fs.FileSelector", broken)
    with pytest.raises(StoreError) as error:
        Store.at(SECRET).below("sweep").entries()
    shown = "s3://***@bucket/x/sweep?endpoint_override=127.0.0.1%3A9&scheme=http&region=eu-north-1"
    assert str(error.value).startswith(
        f"{shown}: expected a store that answers and allows this, found no way"
    )
    assert "word" not in str(error.value)


@pytest.mark.parametrize("name", ["../a", "/a", "a//b", "a/./b", "a/../../b", "", "a\0"])
def test_names_that_leave_their_folder(name: str) -> None:
    assert not is_plain(name)
