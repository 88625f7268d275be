"""URIs with secrets: which are written out, what is looked up, and that none is shown."""

from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.utils import infer_storage_options

from mtl_search.errors import Mismatch
from mtl_search.uris import check_no_secret, filled, open_uri, shown, without_secrets

SECRET = "s3/cr+t@:word"


@pytest.mark.parametrize(
    "uri",
    [
        "s3://bucket/x.parquet?region=eu-north-1&endpoint_override=127.0.0.1%3A9000&scheme=http",
        "s3://${KEY}:${WORD}@bucket/x.parquet?session_token=${TOKEN}",
        "sftp://me@host:22/x.csv",
        "https://[::1]:8080/a:b@c.csv?download=1",
        "https://${HOST}:${PORT}/x.csv",
        "file:///x.csv",
    ],
)
def test_nothing_secret_is_written_out(uri: str) -> None:
    check_no_secret(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "s3://key:s3cret@bucket/x.parquet",
        "s3://${KEY}:${WORD}s3cret@bucket/x.parquet",
        "s3://key:s3/cret@bucket/x.parquet",
        "s3://bucket/x?access_key=s3cret&secret_key=${WORD}",
        "s3://bucket/x?secret_key=s3cret",
        "s3://bucket/x?region=eu&session_token=s3cret",
        "https://host/x.csv?X-Amz-Signature=s3cret",
        "https://host/x.csv?sv=1&sig=s3cret",
        "sftp://me:s3cret@host/x.csv?a=b",
    ],
)
def test_a_secret_that_is_written_out_is_not_repeated(uri: str) -> None:
    with pytest.raises(Mismatch) as caught:
        check_no_secret(uri)
    said = "expected a secret by its name, found one in plain text, which is not shown; write ${NAME}, a "
    assert str(caught.value).startswith(said)


def test_variables_are_looked_up_whatever_signs_are_in_them() -> None:
    there = {"KEY": "me", "WORD": SECRET, "PLACE": "bucket/a b", "TOKEN": "a&b=c#d"}
    uri = filled("s3://${KEY}:${WORD}@${PLACE}/x?session_token=${TOKEN}&region=eu", there)
    assert uri == ("s3://me:s3%2Fcr%2Bt%40%3Aword@bucket/a b/x?session_token=a%26b%3Dc%23d&region=eu")
    with pytest.raises(Mismatch, match="expected the variable WORD in the environment, found none of that"):
        filled("s3://${KEY}:${WORD}@bucket", {"KEY": "me"})


def test_what_a_library_says_has_a_secret_neither_as_written_nor_as_it_is() -> None:
    uri = filled("s3://key:${WORD}@bucket/x", {"WORD": SECRET})
    said = without_secrets(f"key with {SECRET} at {uri} is wrong", uri)
    assert said == f"*** with *** at {shown(uri)} is wrong"


def test_arrow_and_fsspec_have_it_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    class Kept(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
        protocol = "kept"
        cachable = False

        def __init__(self, **options: Any) -> None:
            super().__init__()
            self.options = options

        @staticmethod
        def _get_kwargs_from_urls(path: str) -> dict[str, Any]:
            found = infer_storage_options(path)
            return {name: found[name] for name in ("host", "username", "password")}

    fsspec.register_implementation("kept", Kept, clobber=True)
    there = {"WORD": SECRET}
    by_fsspec, _ = open_uri(filled("kept://me:${WORD}@host/x", there))
    assert by_fsspec.handler.fs.options == {"host": "host", "username": "me", "password": SECRET}
    by_arrow, path = open_uri(filled("s3://me:${WORD}@bucket/x?region=us-east-1", there))
    assert by_arrow.__reduce__()[1][0]["secret_key"] == SECRET
    assert path == "bucket/x"


def test_what_only_looks_like_one_is_shown_as_it_is() -> None:
    assert shown("a?b://c") == "a?b://c"


@pytest.mark.parametrize(
    ("uri", "without"),
    [
        ("s3://key:s3/cr@t@bucket/x", "s3://***@bucket/x"),
        ("https://host:8080/a:b@c.csv", "https://host:8080/a:b@c.csv"),
        ("https://[::1]:80/a:b@c.csv", "https://[::1]:80/a:b@c.csv"),
        ("https://${HOST}:${PORT}/a:b@c.csv", "https://${HOST}:${PORT}/a:b@c.csv"),
    ],
)
def test_a_slash_that_is_not_escaped_shows_no_part_of_a_password(uri: str, without: str) -> None:
    assert shown(uri) == without
