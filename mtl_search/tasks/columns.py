"""Target columns as plain labels or numbers, checked."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from torch import Tensor

from mtl_search.errors import DataError, LabelError, Mismatch
from mtl_search.tasks.base import Column

__all__ = [
    "Label",
    "as_array",
    "check_classes",
    "check_labels",
    "class_codes",
    "count_rows",
    "find_classes",
    "label_codes",
    "labels",
    "listing",
    "numbers",
    "of_rows",
    "place",
    "probabilities",
    "without_unseen",
]

Label = bool | int | str


def place(name: str) -> str:
    """How an error names a column."""
    return f"column {name!r}"


def numbers(column: Column, name: str) -> NDArray[np.float64]:
    """The column as float64 with NaN where a label is missing; DataError unless finite numbers."""
    kind, types = column.type, pa.types
    fits = (types.is_integer, types.is_floating, types.is_decimal, types.is_null)
    if not any(fit(kind) for fit in fits):
        raise DataError(place(name), "numbers", f"values of type {kind}", _kind_for(kind))
    values = pc.cast(column, pa.float64(), safe=False).to_numpy()
    if np.isinf(values).any():
        raise DataError(place(name), "finite numbers", f"{np.isinf(values).sum()} infinite values")
    return np.asarray(values, np.float64)


def _kind_for(kind: pa.DataType) -> str | None:
    if pa.types.is_boolean(kind):
        return "use kind: binary"
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)
    return "use kind: multiclass, or binary for two classes" if is_text else None


def labels(column: Column, name: str) -> Column:
    """The column as booleans, int64 or strings, null where a label is missing.

    Whole floats and decimals are integers.
    """
    if pa.types.is_dictionary(column.type):
        chunks = [chunk.dictionary.take(chunk.indices) for chunk in column.chunks]
        column = pa.chunked_array(chunks, column.type.value_type)  # a cast fails on nulls among the values
    kind = column.type
    if pa.types.is_boolean(kind):
        return column
    if pa.types.is_null(kind):
        return pc.cast(column, pa.string())
    if pa.types.is_integer(kind):
        try:
            return pc.cast(column, pa.int64())
        except pa.ArrowInvalid:  # too large: uint64
            return column
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pc.cast(column, pa.string())
    if not (pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise DataError(place(name), "classes (strings, booleans or integers)", f"values of type {kind}")
    values = numbers(column, name)
    broken = values[np.isfinite(values) & (values != np.floor(values))]
    if len(broken):
        raise DataError(place(name), "classes (whole numbers)", str(broken[0]), "use kind: regression")
    return pa.chunked_array([pa.array(values, pa.int64(), from_pandas=True, safe=False)])


def find_classes(column: Column) -> tuple[Label, ...]:
    """The classes that occur among these labels, sorted."""
    return tuple(sorted(value for value in pc.unique(column).to_pylist() if value is not None))


def check_labels(classes: Sequence[Label]) -> None:
    """Mismatch unless these can be all the labels of a column: different ones of one type."""
    if len({type(label) for label in classes}) != 1 or len(set(classes)) < len(classes):
        raise Mismatch("different labels of one type", listing(classes) or "none")
    if isinstance(classes[0], int) and not all(-(2**63) <= int(label) < 2**64 for label in classes):
        raise Mismatch("whole numbers of 64 bits as labels", listing(classes))


def check_classes(column: Column, classes: tuple[Label, ...], name: str) -> None:
    """DataError unless these labels are of the classes and each occurs; 1, "1" and true differ."""
    counts = {
        (type(entry["values"]), entry["values"]): entry["counts"]
        for entry in pc.value_counts(column.drop_null()).to_pylist()
    }
    listed = [(type(label), label) for label in classes]
    others = {key: count for key, count in counts.items() if key not in listed}
    if others:
        found = f"{listing([label for _, label in others])} in {count_rows(sum(others.values()))}"
        raise DataError(place(name), f"one of classes ({listing(classes)}) in every row", found)
    absent = [label for _, label in listed if (type(label), label) not in counts]
    if absent:
        found = f"no row of {listing(absent)}"
        raise DataError(place(name), f"rows of each of classes ({listing(classes)})", found)


def class_codes(column: Column) -> NDArray[np.int64]:
    """A code for each of these labels, equal for equal ones; -1 where it is missing."""
    encoded = pc.dictionary_encode(column).unify_dictionaries().combine_chunks()
    return np.asarray(pc.cast(encoded.indices, pa.int64()).fill_null(-1).to_numpy())


def label_codes(
    column: Column, classes: tuple[Label, ...], name: str
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """``(codes_N, labelled_N)``: the position of each label among ``classes``, 0 where it is missing."""
    codes = pc.index_in(column, value_set=pa.array(classes, column.type), skip_nulls=True)
    labelled_N = np.asarray(pc.is_valid(column).to_numpy(), bool)
    unseen = pc.unique(column.filter(pc.and_(pc.is_null(codes), pc.is_valid(column)))).to_pylist()
    if unseen:
        raise LabelError(
            place(name),
            f"the classes of the train rows ({listing(classes)}) in every split",
            f"{listing(sorted(unseen))} in other rows alone",
            "leave these rows out or change the split",
        )
    return np.asarray(pc.fill_null(codes, 0).to_numpy(), np.int64), labelled_N


def without_unseen(column: Column, classes: tuple[Label, ...], name: str) -> tuple[Column, dict[str, int]]:
    """The labels with others than ``classes`` null, and how often each of those occurs."""
    column, known = labels(column, name), pa.array(classes)
    if column.null_count == len(column):
        return pa.chunked_array([pa.nulls(len(column), known.type)]), {}
    if column.type != known.type:
        expected = f"labels as in training ({listing(classes)})"
        raise DataError(place(name), expected, f"values of type {column.type}")
    unseen = pc.and_(pc.is_valid(column), pc.invert(pc.is_in(column, value_set=known)))
    counts = pc.value_counts(column.filter(unseen)).to_pylist()
    others = {str(entry["values"]): entry["counts"] for entry in counts}
    return pc.if_else(unseen, pa.scalar(None, column.type), column), others


def as_array(values: Tensor) -> pa.Array:
    """The values of a tensor as Arrow's, from any device."""
    return pa.array(values.detach().cpu().numpy())


def probabilities(predictions_NK: Tensor, classes: tuple[Label, ...]) -> dict[str, pa.Array]:
    """A column of probabilities for each class, by what its name adds to the task's."""
    columns_KN = predictions_NK.detach().cpu().T.contiguous()
    pairs = zip(classes, columns_KN, strict=True)
    return {f"_probability_{label}": as_array(column_N) for label, column_N in pairs}


def of_rows(weights_N: NDArray[np.float64] | None, these_N: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """The weights of these rows, None if rows have none."""
    return None if weights_N is None else weights_N[these_N]


def count_rows(n: int) -> str:
    """A number of rows in words.

    >>> count_rows(1), count_rows(2000)
    ('1 row', '2,000 rows')
    """
    return f"{n:,} row{'' if n == 1 else 's'}"


def listing(values: Sequence[Label]) -> str:
    """The first few values for a message.

    >>> listing(list(range(9)))
    '0, 1, 2, 3, 4 ...'
    """
    shown = ", ".join(repr(value) for value in values[:5])
    return f"{shown} ..." if len(values) > 5 else shown
