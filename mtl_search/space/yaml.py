"""Strict YAML 1.2: files as documents, with a line for every value.

Built from ruamel's events rather than its loaders: anchors, tags and both lines of a duplicate key are at
hand there, and the few scalars of the core schema are read by the YAML 1.2 text itself, so ``no`` and
``2020-01-01`` are text, ``1e-4`` is a number and ``012`` is twelve.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path as FilePath

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from mtl_search.errors import SpecError
from mtl_search.space.document import Document
from mtl_search.space.wording import Path, show

__all__ = ["load_document", "parse_document"]

_DEPTH = 50  # levels of nesting; sweep files need less than ten

_Open = ScalarEvent | SequenceStartEvent | MappingStartEvent  # the events that a value begins with

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]{1,99}")  # longer ones become floats
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def load_document(path: FilePath | str) -> Document:
    """The document in a file; SpecError if it cannot be read or is no YAML mapping."""
    name = str(path)
    try:
        content = FilePath(path).read_bytes()
    except FileNotFoundError:
        raise SpecError(name, "a sweep file", "no such file") from None
    except OSError as error:
        raise SpecError(name, "a sweep file", str(error.strerror).lower()) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SpecError(f"{name}:{line}", "text in UTF-8", f"the byte 0x{content[error.start]:02x}") from None
    return parse_document(text, name)


def parse_document(text: str, name: str) -> Document:
    r"""The document that ``text`` holds; ``name`` is what errors call it.

    >>> document = parse_document("trial:\n  lr: 1e-4\n", "x.yaml")
    >>> document.data, document.place(("trial", "lr"))
    ({'trial': {'lr': 0.0001}}, 'x.yaml:2: trial.lr')
    """
    yaml = YAML(typ="safe", pure=True)
    try:
        return _Builder(name, yaml.parse(text)).document()
    except MarkedYAMLError as error:
        raise SpecError(_place(name, error), "valid YAML", f"a syntax error ({_problem(error)})") from None
    except YAMLError as error:
        raise SpecError(name, "valid YAML", str(error).splitlines()[0]) from None


class _Builder:
    """Builds one document out of a stream of events; errors are placed by the lines met so far."""

    def __init__(self, name: str, events: Iterator[Event]) -> None:
        self.events = events
        self.lines: dict[Path, int] = {(): 1}
        self.error = Document(name, {}, self.lines).error
        self.name = name

    def document(self) -> Document:
        next(self.events)  # the start of the stream
        start = next(self.events)
        if not isinstance(start, DocumentStartEvent):
            raise SpecError(self.name, "a mapping", "an empty file")
        if start.version not in (None, (1, 2)):
            raise self.error((), "YAML 1.2", f"YAML {'.'.join(map(str, start.version))}")
        data = self.value(next(self.events), ())
        if data is None:
            raise SpecError(self.name, "a mapping", "an empty file")
        if not isinstance(data, dict):
            raise self.error((), "a mapping", show(data))
        next(self.events)  # the end of the document
        if isinstance(second := next(self.events), DocumentStartEvent):
            self.lines[()] = second.start_mark.line + 1
            raise self.error((), "one document", "a second one")
        return Document(self.name, data, self.lines)

    def value(self, event: Event, path: Path) -> object:
        self.lines.setdefault(path, event.start_mark.line + 1)  # a key has set the line before
        if not isinstance(event, _Open) or event.anchor is not None:
            raise self.error(path, "each value written out", "a reference (& or *)")
        if event.tag is not None:
            raise self.error(path, "a plain value", f"the tag {event.tag}")
        if len(path) > _DEPTH:
            raise self.error(path[:3], f"at most {_DEPTH} levels", "more")
        if isinstance(event, MappingStartEvent):
            return self.mapping(path)
        if isinstance(event, SequenceStartEvent):
            return self.sequence(path)
        value = _scalar(event)
        if isinstance(value, float) and not math.isfinite(value):
            raise self.error(path, "a finite number", event.value)
        return value

    def mapping(self, path: Path) -> dict[str, object]:
        data: dict[str, object] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            line = event.start_mark.line + 1
            key = self.key(event, path, line)
            if key in data:
                lines = f"{key!r} in lines {self.lines[*path, key]} and {line}"
                raise self.error_of_key(path, line, "each key once", lines)
            self.lines[*path, key] = line
            data[key] = self.value(next(self.events), (*path, key))
        return data

    def key(self, event: Event, path: Path, line: int) -> str:
        if not isinstance(event, ScalarEvent) or event.anchor is not None or event.tag is not None:
            raise self.error_of_key(path, line, "text as each key", "a list, a mapping or a reference")
        key = _scalar(event)
        if not isinstance(key, str):
            hint = "put it in quotes" if isinstance(key, int | float) else None
            raise self.error_of_key(path, line, "text as each key", show(key), hint)
        return key

    def error_of_key(
        self, path: Path, line: int, expected: str, found: str, hint: str | None = None
    ) -> SpecError:
        self.lines[path] = line  # the line of the key, not of the mapping
        return self.error(path, expected, found, hint)

    def sequence(self, path: Path) -> list[object]:
        data: list[object] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            data.append(self.value(event, (*path, len(data))))
        return data


def _scalar(event: ScalarEvent) -> object:
    """The value of a scalar by the core schema of YAML 1.2; what is quoted is text."""
    text = str(event.value)
    if event.style is not None:
        return text
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text)
    if _OCTAL_OR_HEX.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    return math.nan if _NOT_FINITE.fullmatch(text) else text


def _place(name: str, error: MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return name if mark is None else f"{name}:{mark.line + 1}"


def _problem(error: MarkedYAMLError) -> str:
    problem = str(error.problem or error.context)
    if error.problem and error.context and error.context_mark is not None:
        return f"{problem}, {error.context} from line {error.context_mark.line + 1}"
    return problem
