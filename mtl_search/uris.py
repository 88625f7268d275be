"""URIs: what opens them, how secrets in them are named, and how they are shown without any."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from mtl_search.errors import Mismatch

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

__all__ = [
    "VARIABLE",
    "below",
    "check_no_secret",
    "filled",
    "is_uri",
    "local_path",
    "open_uri",
    "shown",
    "variable",
    "without_secrets",
]

VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)\}")

_UNESCAPED = r"[^/?#:\[]*:(?!(?:\d*|\$\{\w+\})/)[^?#]*"  # a password with a slash: no port is like it
_PARTS = re.compile(rf"([^?#]*?://)(?:([^/?#]*|{_UNESCAPED})@)?([^?#]*)(?:\?(.*))?", re.DOTALL)
_OF_ARROW = ("s3://", "gs://", "gcs://", "abfs://", "abfss://", "hdfs://")
_PLAIN = frozenset({"endpoint_override", "region", "scheme"})  # options of a URI that are no secret
_SECRET = re.compile(r"pass|secret|token|key|credential|auth|signature|^sig$", re.IGNORECASE)  # that are


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


def check_no_secret(uri: str) -> None:
    """Mismatch, which does not repeat it, if a password or an option that is secret is written out.

    >>> check_no_secret("s3://${KEY}:${SECRET}@bucket/x?session_token=${TOKEN}&region=eu-north-1")
    """
    _, user, _, options = _parts(uri)
    pairs = [one.partition("=") for one in options.split("&")]
    given = [user.partition(":")[2], *(value for option, _, value in pairs if _SECRET.search(option))]
    if any(value and not VARIABLE.fullmatch(value) for value in given):
        raise Mismatch(
            "a secret by its name",
            "one in plain text, which is not shown",
            "write ${NAME}, a variable of the environment, or leave it to what is read by itself "
            "(AWS_SECRET_ACCESS_KEY, a role, a file)",
        )


def filled(uri: str, environment: Mapping[str, str] = os.environ) -> str:
    """``uri`` with each ``${NAME}`` looked up; Mismatch for a variable that is not set.

    What stands for a user, a password or an option is taken as it is, whatever signs are in it.

    >>> filled("s3://me:${WORD}@${PLACE}/x", {"WORD": "a/b@c", "PLACE": "bucket"})
    's3://me:a%2Fb%40c@bucket/x'
    """
    found = _PARTS.match(uri)
    escaped = [] if found is None else [range(*found.span(group)) for group in (2, 4)]

    def value(match: re.Match[str]) -> str:
        text = variable(match[1], environment)
        return quote(text, safe="") if any(match.start() in part for part in escaped) else text

    return VARIABLE.sub(value, uri)


def variable(name: str, environment: Mapping[str, str]) -> str:
    """Its value; Mismatch if it is not set."""
    if name not in environment:
        raise Mismatch(f"the variable {name} in the environment", "none of that name")
    return environment[name]


def without_secrets(text: str, uri: str) -> str:
    """What a library says of ``uri``, without what is secret in it.

    >>> without_secrets("no s3://me:xyz@b, or xyz is wrong", "s3://me:xyz@b")
    'no s3://***@b, or *** is wrong'
    """
    _, user, _, options = _parts(uri)
    hidden = [pair.partition("=") for pair in options.split("&")]
    secrets = [value for name, _, value in hidden if name not in _PLAIN]
    written = {user, *user.split(":"), *secrets}
    text = text.replace(uri, shown(uri))
    for secret in sorted({*written, *map(unquote, written)} - {""}, key=len, reverse=True):
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
        filesystem, path = _with_user(uri) or fsspec.core.url_to_fs(uri)
    except Exception as error:  # each driver has its own
        raise _unopened(uri, error) from error
    return PyFileSystem(FSSpecHandler(filesystem)), path


def _with_user(uri: str) -> "tuple[Any, str] | None":
    """The same for a URI of one driver with a user, whose name and password fsspec would leave escaped."""
    import fsspec

    scheme, user, _, _ = _parts(uri)
    if "%" not in user or "::" in uri:
        return None
    driver = fsspec.get_filesystem_class(scheme.removesuffix("://"))
    options = driver._get_kwargs_from_urls(uri)
    named = {name: unquote(options[name]) for name in ("username", "password") if name in options}
    return driver(**{**options, **named}), driver._strip_protocol(uri)


def _unopened(uri: str, error: Exception) -> Mismatch:
    found = str(error).strip().split("\n")[0] or type(error).__name__
    return Mismatch("a URI that pyarrow.fs or fsspec opens", without_secrets(found, uri))


def _parts(uri: str) -> tuple[str, str, str, str]:
    """Scheme, user and password, host and path, options."""
    found = _PARTS.match(uri)
    if found is None:
        return "", "", uri, ""
    return found[1], found[2] or "", found[3], found[4] or ""
