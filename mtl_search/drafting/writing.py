"""A sweep file as text: YAML with the reason beside each line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Listed", "Reasoned", "written"]

WIDTH = 112
PLAIN = re.compile(r"[A-Za-z_][\w/]*([ .\-][\w/]+)*(\.\w+)*", re.ASCII)
NOT_TEXT = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))


@dataclass(frozen=True, slots=True)
class Reasoned:
    """A value of a sweep file, and why it is so."""

    value: Any
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list, an item a line, with the reason of each."""

    reasons: Mapping[str, str]


def written(title: list[str], blocks: Mapping[str, Any]) -> str:
    """``title`` as comments, then the blocks; a value that is `Reasoned` stands on one line with its reason.

    >>> print(written(["Wine."], {"name": "wine", "data": {"drop": Reasoned(["a"], "an id")}}), end="")
    # Wine.
    name: wine
    data:
      drop: [a]   # an id
    """
    lines = [f"# {_comment(line)}" for line in title]
    return "\n".join([*lines, *_lines(blocks, 0)]) + "\n"


def _lines(block: Mapping[str, Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    plain = {key: value for key, value in block.items() if not isinstance(value, Mapping | Listed)}
    texts = {
        key: (f"{indent}{_scalar(key)}: {_flow(_value(one))}", _reason(one)) for key, one in plain.items()
    }
    aligned = dict(zip(texts, _commented(list(texts.values()), indent), strict=True))
    for key, value in block.items():
        if key in aligned:
            yield from aligned[key]
            continue
        yield f"{indent}{_scalar(key)}:"
        if isinstance(value, Listed):
            items = [(f"{indent}  - {_scalar(item)}", reason) for item, reason in value.reasons.items()]
            yield from (line for lines in _commented(items, indent + "  ") for line in lines)
        else:
            yield from _lines(value, depth + 1)


def _commented(texts: list[tuple[str, str]], indent: str) -> Iterator[list[str]]:
    """Each text with its reason to its right, all in one column, or above it where that is too far."""
    column = max((len(text) for text, _ in texts if len(text) <= WIDTH // 2), default=0)
    for text, why in texts:
        reason = _comment(why)
        if not reason:
            yield [text]
        elif max(len(text), column) + len(reason) + 5 <= WIDTH:
            yield [f"{text.ljust(column)}   # {reason}"]
        else:
            yield [f"{indent}# {reason}", text]


def _value(value: Any) -> Any:
    return value.value if isinstance(value, Reasoned) else value


def _reason(value: Any) -> str:
    return value.reason if isinstance(value, Reasoned) else ""


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """A scalar that is read as what it is."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    text = str(value)
    if PLAIN.fullmatch(text) and text.lower() not in NOT_TEXT:
        return text
    return '"' + "".join(map(_quoted, text)) + '"'


def _quoted(letter: str) -> str:
    """As it stands between double quotes."""
    if letter in '"\\':
        return f"\\{letter}"
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"


def _comment(text: str) -> str:
    """On one line, whatever names are in it."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
