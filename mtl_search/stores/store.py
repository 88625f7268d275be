"""Store: the objects below a URI, by name."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Self, final

from pyarrow import fs

from mtl_search.errors import Mismatch, StoreError
from mtl_search.uris import below, open_uri, shown, without_secrets

__all__ = ["Entry", "Store", "is_plain"]

OPTIONS: Mapping[str, str] = MappingProxyType(
    {  # of Arrow's file systems, unless the URI has them
        "s3": "allow_delayed_open=true",  # a small object in one request in place of three
        "gs": "retry_limit_seconds=20",  # of 15 minutes: it is tried again here
        "gcs": "retry_limit_seconds=20",
    }
)
READERS = 16  # objects that are read at a time
BUCKETS = frozenset({"s3", "gcs"})  # file systems whose paths begin with a bucket, which has to be there
IN_PLACE = frozenset({"file", "local", "ftp", "sftp", "ssh", "smb", "webdav", "hdfs", "webhdfs"})


@final
@dataclass(frozen=True, slots=True)
class Entry:
    """How large an object is, and when it was put if that is known: what tells it from a later one."""

    size: int
    put: int | None


@final
@dataclass(frozen=True)
class Store:
    """Objects by their names, which are paths below ``path``; each is there whole or not at all.

    `StoreError` for all that goes wrong but an object that is not there (any more): `FileNotFoundError`.
    """

    uri: str = field(repr=False)  # which may hold a secret
    filesystem: fs.FileSystem
    path: str
    name: str = ""  # below the URI

    @classmethod
    def at(cls, uri: str) -> Self:
        """The store that ``uri`` leads to; `StoreError` if nothing opens it."""
        try:
            filesystem, path = open_uri(_with_options(uri))
        except Mismatch as wrong:
            raise StoreError(shown(uri), wrong.expected, wrong.found) from wrong
        return cls(uri, filesystem, path.rstrip("/"))

    def below(self, name: str) -> Self:
        """The part of it below ``name``."""
        return type(self)(self.uri, self.filesystem, f"{self.path}/{name}", f"{self.name}/{name}".strip("/"))

    @property
    def place(self) -> str:
        """What people are told of it."""
        return below(shown(self.uri), self.name) if self.name else shown(self.uri)

    @property
    def last(self) -> str:
        """The last part of its path, which is the name of what is in it."""
        return PurePosixPath(self.path).name

    def entries(self) -> dict[str, Entry]:
        """All objects by name, as they are now."""
        with self._asking():
            if self._fsspec is not None:  # which remembers what it has listed
                self._fsspec.invalidate_cache()
            found = self.filesystem.get_file_info(fs.FileSelector(self.path, True, True))
        begin = self.path.strip("/") + "/"
        return {
            one.path.strip("/").removeprefix(begin): Entry(one.size, one.mtime_ns)
            for one in found
            if one.is_file
        }

    def check_writable(self) -> None:
        """`StoreError` if the rules of a store do not hold there, or its bucket is not there.

        The listing of one that is not there is empty, like that of any prefix.
        """
        kind = self.filesystem.type_name.rpartition("+")[2]
        if kind in IN_PLACE:
            hint = "mount it, and name the folder"
            raise StoreError(self.place, "a store that puts files whole", f"{kind}, which shows halves", hint)
        bucket = self.path.partition("/")[0]
        if kind in BUCKETS:
            with self._asking():
                (info,) = self.filesystem.get_file_info([bucket])
            if info.type is fs.FileType.NotFound:
                raise StoreError(self.place, "a bucket that is there", f"none named {bucket!r}")

    def read(self, name: str) -> bytes:
        """The content of an object, of one that was there at some moment meanwhile."""
        path = f"{self.path}/{name}"
        with self._asking():
            if self._fsspec is not None:
                return bytes(self._fsspec.cat_file(path))
            while True:  # Arrow asks for the size first, and reads no more than that of a longer one
                with self.filesystem.open_input_stream(path) as stream:
                    content: bytes = stream.read()
                if self.filesystem.get_file_info(path).size in (len(content), None):
                    return content

    def read_all(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The contents of objects, several read at a time."""
        wanted = list(names)
        with ThreadPoolExecutor(READERS) as pool:
            yield from zip(wanted, pool.map(self.read, wanted), strict=True)

    def write(self, name: str, content: bytes) -> None:
        """Put an object, in the place of an older one."""
        path = f"{self.path}/{name}"
        with self._asking():
            if self._fsspec is not None:
                self._fsspec.pipe_file(path, content)
                return
            with self.filesystem.open_output_stream(path) as stream:
                stream.write(content)

    def delete(self, name: str) -> None:
        """Delete an object, unless it is gone."""
        try:
            with self._asking():
                self.filesystem.delete_file(f"{self.path}/{name}")
        except FileNotFoundError:
            return

    def delete_below(self, name: str) -> None:
        """Delete all objects below ``name``, many in one request."""
        try:
            with self._asking():
                self.filesystem.delete_dir(f"{self.path}/{name}")
        except FileNotFoundError:
            return

    @property
    def _fsspec(self) -> Any:
        """What Arrow asks, where that is fsspec: itself it does in one request what Arrow does in two."""
        return self.filesystem.handler.fs if isinstance(self.filesystem, fs.PyFileSystem) else None

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, StoreError):
            raise
        except Exception as error:  # each driver has its own
            said = " ".join(str(error).split()) or type(error).__name__
            found = without_secrets(said, self.uri)[:300]
            raise StoreError(self.place, "a store that answers and allows this", found) from error


def is_plain(name: str) -> bool:
    """Whether the name of an object is a path that stays where it is put.

    >>> is_plain("networks/a-1/weights"), is_plain("../a"), is_plain("/a")
    (True, False, False)
    """
    return "\0" not in name and not {"", ".", ".."} & {*name.split("/")}


def _with_options(uri: str) -> str:
    option = OPTIONS.get(uri.partition("://")[0], "")
    known = not option or option.partition("=")[0] in uri
    return uri if known else f"{uri}{'&' if '?' in uri else '?'}{option}"
