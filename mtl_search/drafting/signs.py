"""Signs for missing values that a table seems to use, and text that is numbers but for them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from mtl_search.data.declared import InputKind, categories_of_pandas
from mtl_search.data.missing import without_values
from mtl_search.data.suspects import suspects_in

__all__ = ["Signs", "find_signs"]

CERTAIN = frozenset(("na", "n/a", "#n/a", "nan", "null", "?", "."))  # words that mean nothing else
CODE = r"^0\d"  # a code like 007, which a number would not keep


@dataclass(frozen=True, slots=True)
class Signs:
    """``missing``: the values that count as missing, by column; ``declared``: what columns of text that is
    nearly all numbers are."""

    missing: Mapping[str, tuple[float | str, ...]]
    declared: Mapping[str, InputKind]

    def without(self, tasks: Collection[str]) -> "Signs":
        """The same without a declaration of tasks, which are no inputs."""
        return Signs(self.missing, {name: kind for name, kind in self.declared.items() if name not in tasks})


def find_signs(table: pa.Table) -> Signs:
    """What nearly all tables mean by such values; ``table`` is plain, its empty text null."""
    names = tuple(table.column_names)
    found = suspects_in(table, names, categories_of_pandas(table.schema))
    missing: dict[str, tuple[float | str, ...]] = {
        name: (int(value) if value.is_integer() else value,)
        for name, value in found.sentinels.items()
        if value != -1 or len(pc.unique(table[name].drop_null())) > 3  # -1, 0 and 1 may be classes
    }
    missing |= {name: (word,) for name, word in found.words.items() if _is_certain(word)}
    missing |= {name: (odd,) for name, odd in found.numbers.items() if _is_certain(odd)}
    numbers = [name for name, odd in found.numbers.items() if not odd or _is_certain(odd)]
    declared: dict[str, InputKind] = {name: _kind(table[name], missing.get(name, ())) for name in numbers}
    return Signs(missing, declared)


def _is_certain(word: str) -> bool:
    return word.strip().lower() in CERTAIN


def _kind(column: pa.ChunkedArray, missing: tuple[float | str, ...]) -> InputKind:
    """Numeric if that loses nothing."""
    texts = pc.unique(without_values(column, missing)).drop_null()
    if pc.any(pc.match_substring_regex(texts, CODE)).as_py():
        return "categorical"
    try:
        pc.cast(pc.utf8_trim_whitespace(texts), pa.float64())
    except pa.ArrowInvalid:
        return "categorical"
    return "numeric"
