"""Values that look like something else: numbers that stand for missing, text that stands for numbers."""

# N rows, V distinct values

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mtl_search.data.distinct import distinct_values
from mtl_search.data.inputs.categorical import is_categorical
from mtl_search.data.notes import abridged
from mtl_search.data.streamed import AnyTable, columns_of, type_of

__all__ = ["Suspects", "find_suspects", "suspects_in"]

OFTEN = 0.005  # share of rows from which one value far from all others is no outlier
ROWS = 5
FAR = 3.0  # a lone value further from the others than so many of their whole ranges
NINES = (9, 99, 999, 9999, 99999, 999999, 88, 888, 8888, 77, 777)
CODES = frozenset(float(sign * number) for number in NINES for sign in (1, -1))
WORDS = frozenset(("na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", ".", "?", "missing"))
NUMBER = r"^[+-]?(\d+([.,]\d*)*|[.,]\d+)([eE][+-]?\d+)?$"
LIKE_MISSING = "{value} in {columns} looks like a sign for a missing value; if it is one: missing: [{value}]"
TAKEN = "{value} in {columns} is taken as a value like any other; if it means missing: missing: [{value}]"
NUMBERS = (
    "{columns} is text though nearly all of it is numbers, except {value}: say what counts as missing "
    "(missing: [{value}]), the decimal sign, or what it is (inputs: {{{first}: categorical}})"
)
ONLY_NUMBERS = (
    "{columns} is text though all of it is numbers: say what it is, inputs: {{{first}: numeric}} or "
    "{{{first}: categorical}}"
)
MOSTLY = 0.8  # share of the distinct values of a text column that are numbers, from which it was meant as one


@dataclass(frozen=True, slots=True)
class Suspects:
    """Values that look like another thing, by column.

    ``sentinels``: numbers that look like a sign for missing; ``words``: texts that do; ``numbers``: in
    columns of text that are nearly all numbers, the first text that is none, empty if all are.
    """

    sentinels: Mapping[str, float]
    words: Mapping[str, str]
    numbers: Mapping[str, str]


def suspects_in(table: AnyTable, names: tuple[str, ...], declared: frozenset[str]) -> Suspects:
    """What is suspect in these columns; text of a ``declared`` one is what it is said to be."""
    sentinels, words, numbers = dict[str, float](), dict[str, str](), dict[str, str]()
    read = [name for name in names if _may_be_suspect(type_of(table, name))]
    for name, column in zip(read, columns_of(table, read), strict=True):
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            if (value := _sentinel(column)) is not None:
                sentinels[name] = value
        else:
            texts = _texts(column)
            said = name in declared or pa.types.is_dictionary(column.type)
            if not said and (odd := _odd_number(texts)) is not None:
                numbers[name] = odd
            elif (word := _word(texts)) is not None:
                words[name] = word
    return Suspects(sentinels, words, numbers)


def find_suspects(train: AnyTable, names: tuple[str, ...], declared: frozenset[str]) -> tuple[str, ...]:
    """Notes on columns whose values look like another thing than they are taken for, one for each value."""
    found = suspects_in(train, names, declared)
    return (
        *(
            _note(value, names, LIKE_MISSING)
            for value, names in _by_value({name: f"{value:g}" for name, value in found.sentinels.items()})
        ),
        *(_note(repr(value), names, TAKEN) for value, names in _by_value(found.words)),
        *(
            _note(repr(value), names, NUMBERS if value else ONLY_NUMBERS)
            for value, names in _by_value(found.numbers)
        ),
    )


def _may_be_suspect(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or is_categorical(kind)


def _by_value(values: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    columns: dict[str, list[str]] = {}
    for name, value in values.items():
        columns.setdefault(value, []).append(name)
    return list(columns.items())


def _note(value: str, names: list[str], text: str) -> str:
    columns = f"column{'s' if len(names) > 1 else ''} {abridged(names)}"
    return text.format(value=value, columns=columns, first=names[0])


def _sentinel(column: pa.ChunkedArray) -> float | None:
    """The value that looks like a sign, at the lower end before the upper one."""
    known_N = np.asarray(pc.cast(column.drop_null(), pa.float64(), safe=False).to_numpy())
    values_V, counts_V = np.unique(known_N[np.isfinite(known_N)], return_counts=True)
    if len(values_V) < 3:
        return None
    for end, others_V in ((0, values_V[1:]), (-1, values_V[:-1])):
        value = float(values_V[end])
        if counts_V[end] >= max(ROWS, OFTEN * len(known_N)) and _stands_out(value, others_V):
            return value
    return None


def _stands_out(value: float, others_V: NDArray[np.float64]) -> bool:
    """Whether it is -1 below counts from zero, or one of the usual codes, far from the other values."""
    whole = bool((others_V == np.floor(others_V)).all())
    if value == -1.0:
        return whole and others_V[0] == 0.0
    spread = others_V[-1] - others_V[0]
    gap = min(abs(value - others_V[0]), abs(value - others_V[-1]))
    return value in CODES and bool(gap > FAR * spread or gap > abs(value) / 2)


def _texts(column: pa.ChunkedArray) -> list[str]:
    """The distinct texts that occur."""
    values_V, codes_N = distinct_values(column)
    if not (pa.types.is_string(values_V.type) or pa.types.is_large_string(values_V.type)):
        return []
    occurs_V = np.bincount(codes_N + 1, minlength=len(values_V) + 1)[1:] > 0
    texts: list[str] = values_V.filter(pa.array(occurs_V)).to_pylist()
    return texts


def _word(texts: list[str]) -> str | None:
    """A text that often means missing, among others that do not."""
    words = [text for text in texts if text.strip().lower() in WORDS]
    return words[0] if 0 < len(words) < len(texts) else None


def _odd_number(texts: list[str]) -> str | None:
    """If nearly all texts are numbers: the first that is none, empty if all are."""
    numbers = pc.sum(pc.match_substring_regex(pa.array(texts, pa.string()), NUMBER)).as_py() or 0
    if numbers < max(3, MOSTLY * len(texts)):
        return None
    return next((text for text in texts if not _is_number(text)), "")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
