"""URIs: what opens them, and how they are shown without what is secret in them."""

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from mtl_search.errors import Mismatch

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

__all__ = ["below", "is_uri", "local_path", "open_uri", "shown", "without_secrets"]

_PARTS = re.compile(r"([^?#]*?://)(?:([^/?#]*)@)?([^?#]*)(?:\?(.*))?", re.DOTALL)
_OF_ARROW = ("s3://", "gs://", "gcs://", "abfs://", "abfss://", "hdfs://")
_PLAIN = frozenset({"endpoint_override", "region", "scheme"})  # options of a URI that are no secret


def is_uri(place: str) -> bool:
    """Whether this is no path.

    >>> is_uri("s3://bucket/results"), is_uri("results/s3")
    (True, False)
    """
    return "://" in place


def local_path(place: Path | str) -> Path | None:
    """The path that ``place`` is, or says as ``file://``; None for another URI.

    >>> local_path("results"), local_path("file:///results/a%20b"), local_path("s3://bucket")
    (PosixPath('results'), PosixPath('/results/a b'), None)
    """
    if isinstance(place, Path) or not is_uri(place):
        return Path(place)
    scheme, _, rest = place.partition("://")
    return Path(unquote("/" + rest.partition("/")[2])) if scheme == "file" else None


def below(place: str, name: str) -> str:
    """What lies below a place, by that name.

    >>> below("results/", "sweep"), below("s3://bucket?region=eu-north-1", "sweep")
    ('results/sweep', 's3://bucket/sweep?region=eu-north-1')
    """
    head, mark, options = place.partition("?") if is_uri(place) else (place, "", "")
    return f"{head.rstrip('/')}/{name}{mark}{options}"


def shown(uri: str) -> str:
    """``uri`` for people, logs and pages: without user, password, and options that may be secret. A path is
    itself.

    >>> shown("s3://key:secret@bucket/x?region=eu-north-1&session_token=abc")
    's3://***@bucket/x?region=eu-north-1'
    """
    if not is_uri(uri):
        return uri
    scheme, user, rest, options = _parts(uri)
    plain = "&".join(one for one in options.split("&") if one.partition("=")[0] in _PLAIN)
    return f"{scheme}{'***@' if user else ''}{rest}{'?' if plain else ''}{plain}"


def without_secrets(text: str, uri: str) -> str:
    """What a library says of ``uri``, without what is secret in it.

    >>> without_secrets("no s3://me:xyz@b, or xyz is wrong", "s3://me:xyz@b")
    'no s3://***@b, or *** is wrong'
    """
    _, user, _, options = _parts(uri)
    hidden = [pair.partition("=") for pair in options.split("&")]
    secrets = [value for name, _, value in hidden if name not in _PLAIN]
    text = text.replace(uri, shown(uri))
    for secret in sorted({user, *user.split(":"), *secrets} - {""}, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def open_uri(uri: str) -> "tuple[FileSystem, str]":
    """The file system of ``uri`` and the path in it; `Mismatch` if there is nothing here that opens it."""
    import pyarrow as pa
    from pyarrow.fs import FileSystem

    try:
        filesystem, path = FileSystem.from_uri(uri)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        if uri.startswith(_OF_ARROW) and "?" in uri:  # which fsspec would take for a part of the path
            raise _unopened(uri, error) from error
        return _by_fsspec(uri)
    except OSError as error:
        raise _unopened(uri, error) from error
    return filesystem, path


def _by_fsspec(uri: str) -> "tuple[FileSystem, str]":
    import fsspec  # most never need it
    from pyarrow.fs import FSSpecHandler, PyFileSystem

    try:
        filesystem, path = fsspec.core.url_to_fs(uri)
    except Exception as error:  # each driver has its own
        raise _unopened(uri, error) from error
    return PyFileSystem(FSSpecHandler(filesystem)), path


def _unopened(uri: str, error: Exception) -> Mismatch:
    found = str(error).strip().split("\n")[0] or type(error).__name__
    return Mismatch("a URI that pyarrow.fs or fsspec opens", without_secrets(found, uri))


def _parts(uri: str) -> tuple[str, str, str, str]:
    """Scheme, user and password, host and path, options."""
    found = _PARTS.match(uri)
    assert found is not None, "no URI"
    return found[1], found[2] or "", found[3], found[4] or ""
