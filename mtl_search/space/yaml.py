"""Strict YAML 1.2: files as documents, with a line for every value.

Built from ruamel's nodes rather than by its constructors: anchors, tags and both lines of a duplicate key are
at hand there, and the few scalars of the core schema are read by the YAML 1.2 text itself, so ``no`` and
``2020-01-01`` are text, ``1e-4`` is a number and ``012`` is twelve.
"""

import math
import re
from pathlib import Path as FilePath
from typing import Any, final

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, ComposerError, MaxDepthExceededError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from typing_extensions import override

from mtl_search.errors import SpecError
from mtl_search.space.document import Document
from mtl_search.space.wording import Path, show

__all__ = ["load_document", "parse_document"]

_DEPTH = 50  # levels of nesting; sweep files need less than ten
_LONGEST_KEY = 200  # characters

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]{1,18}")  # longer ones, which no table or tensor holds, are floats
_OCTAL_OR_HEX = re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
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
    yaml.Composer = _Composer
    yaml.max_depth = 2 * _DEPTH
    try:
        root = yaml.compose(text)
    except MaxDepthExceededError as error:
        raise SpecError(_place(name, error), f"at most {_DEPTH} levels", "more") from None
    except ComposerError as error:
        raise SpecError(_place(name, error), "one document", "a second one") from None
    except MarkedYAMLError as error:
        raise SpecError(_place(name, error), "valid YAML", f"a syntax error ({_problem(error)})") from None
    except YAMLError as error:
        raise SpecError(name, "valid YAML", str(error).splitlines()[0]) from None
    reader = _Reader(name)
    if yaml.version not in (None, (1, 2)):
        raise reader.error((), "YAML 1.2", f"YAML {'.'.join(map(str, yaml.version))}")
    data = None if root is None else reader.value(root, ())
    if data is None:
        raise SpecError(name, "a mapping", "an empty file")
    if not isinstance(data, dict):
        raise reader.error((), "a mapping", show(data))
    return Document(name, data, reader.lines)


@final
class _Composer(Composer):
    """Composes an alias as what it is, and gives a node no tag but the one that is written."""

    @override
    def compose_node(self, parent: Any, index: Any) -> Any:
        self.warn_double_anchors = False  # they are refused
        event = self.parser.peek_event()
        if isinstance(event, AliasEvent):
            self.parser.get_event()
            return ScalarNode(None, "", event.start_mark, event.end_mark, anchor=event.anchor)
        node = super().compose_node(parent, index)
        node.ctag = event.ctag
        return node


@final
class _Reader:
    """Reads nodes as plain data; errors are placed by the lines met so far."""

    def __init__(self, name: str) -> None:
        self.lines: dict[Path, int] = {(): 1}
        self.error = Document(name, {}, self.lines).error

    def value(self, node: Node, path: Path) -> object:
        self.lines.setdefault(path, node.start_mark.line + 1)  # a key has set the line before
        if node.anchor is not None:
            raise self.error(path, "each value written out", "a reference (& or *)")
        if node.tag is not None:
            raise self.error(path, "a plain value", f"the tag {node.tag}")
        if len(path) > _DEPTH:
            raise self.error(path[:3], f"at most {_DEPTH} levels", "more")
        if isinstance(node, MappingNode):
            return self.mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        assert isinstance(node, ScalarNode)
        value = _scalar(node)
        if isinstance(value, float) and not math.isfinite(value):
            raise self.error(path, "a finite number", _cut(node.value))
        return value

    def mapping(self, node: MappingNode, path: Path) -> dict[str, object]:
        data: dict[str, object] = {}
        first = self.lines[path]
        for key_node, item in node.value:
            line = self.lines[path] = key_node.start_mark.line + 1  # of what is wrong with a key
            key = self.key(key_node, path)
            if key in data:
                found = f"{key!r} in lines {self.lines[*path, key]} and {line}"
                raise self.error(path, "each key once", found)
            self.lines[path], self.lines[*path, key] = first, line
            data[key] = self.value(item, (*path, key))
        return data

    def key(self, node: Node, path: Path) -> str:
        if not isinstance(node, ScalarNode) or node.anchor is not None or node.tag is not None:
            raise self.error(path, "text as each key", "a list, a mapping or a reference")
        key = _scalar(node)
        if not isinstance(key, str):
            hint = "put it in quotes" if isinstance(key, int | float) else None
            raise self.error(path, "text as each key", show(key), hint)
        if len(key) > _LONGEST_KEY:
            raise self.error(path, f"keys of at most {_LONGEST_KEY} characters", show(key))
        return key


def _scalar(node: ScalarNode) -> object:
    """The value of a scalar by the core schema of YAML 1.2; what is quoted is text."""
    text = str(node.value)
    if node.style is not None:
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


def _cut(written: str) -> str:
    return show(written).strip("'")


def _place(name: str, error: MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return name if mark is None else f"{name}:{mark.line + 1}"


def _problem(error: MarkedYAMLError) -> str:
    problem = str(error.problem or error.context)
    if error.problem and error.context and error.context_mark is not None:
        return f"{problem}, {error.context} from line {error.context_mark.line + 1}"
    return problem
