"""Multilabel tasks: columns of flags and columns of lists, single unknown labels, the loss by hand."""

import math

import pyarrow as pa
import pytest
import torch

from mtl_search.errors import DataError
from mtl_search.tasks import Column, Multilabel

FLAGS = [pa.chunked_array([pa.array(v)]) for v in ([1.0, 0.0, None, None], [False, True, True, None])]
LISTS: list[Column] = [pa.chunked_array([pa.array([["b", "a"], [], ["a"], None])])]


def fit(sources: list[Column], **options: object) -> Multilabel:
    return Multilabel.Config.model_validate(options).fit("y", sources)


def test_flags_may_be_unknown_one_by_one() -> None:
    task = fit(FLAGS, columns=["one", "two"])
    targets, labelled = task.encode(FLAGS)
    assert targets.tolist() == [[1, 0], [0, 1], [-1, 1], [0, 0]]
    assert labelled.tolist() == [True, True, True, False]
    assert task.classes == ("one", "two")


def test_lists_name_their_labels() -> None:
    task = fit(LISTS)
    targets, labelled = task.encode(LISTS)
    assert task.classes == ("a", "b")
    assert targets.tolist() == [[1, 1], [0, 0], [1, 0], [0, 0]]
    assert labelled.tolist() == [True, True, True, False]


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.string()), pa.large_list(pa.large_string()), pa.list_(pa.int8())]
)
def test_lists_of_every_type(kind: pa.DataType) -> None:
    values: list[list[object] | None] = [["1"], ["1", "2"], ["2"], None]
    if pa.types.is_integer(kind.value_type):
        values = [None if row is None else [int(str(x)) for x in row] for row in values]
    column = pa.chunked_array([pa.array(values, kind)])
    assert fit([column]).encode([column])[0].tolist() == [[1, 0], [1, 1], [0, 1], [0, 0]]


@pytest.mark.parametrize("chunks", [1, 2])
def test_what_lies_under_a_missing_list_is_nobodys(chunks: int) -> None:
    """Polars and Arrow leave the elements there when they make a row null."""
    mask = pa.array([False, True, False])
    rows = pa.ListArray.from_arrays(pa.array([0, 1, 3, 4]), pa.array(["a", "b", "a", "b"]), mask=mask)
    column = pa.chunked_array([rows] * chunks)
    targets, labelled = Multilabel.Config().fit("topics", [column]).encode([column])
    assert targets.tolist() == [[1, 0], [0, 0], [0, 1]] * chunks
    assert labelled.tolist() == [True, False, True] * chunks


def test_loss_by_hand() -> None:
    task = fit(FLAGS, columns=["one", "two"], pos_weight=3.0)
    targets, labelled = task.encode(FLAGS)
    logit = math.log(3)  # probability 3/4
    loss = float(task.loss(torch.full((4, 2), logit), targets, labelled))
    positive, negative = 3 * math.log(4 / 3), math.log(4)
    assert loss == pytest.approx((3 * positive + 2 * negative) / 5)  # five labels are known


def test_balanced_weights_are_per_label() -> None:
    task = fit(LISTS, pos_weight="balanced")
    assert task.pos_weights == pytest.approx((0.5, 2.0))
    assert task.rate == pytest.approx(0.5)


def test_signals_of_unknown_labels_are_nan() -> None:
    signals = fit(FLAGS, columns=["one", "two"]).signals(torch.tensor([[1.0, -1.0]]))
    assert signals[0, 0] == 1
    assert signals[0, 1].isnan()


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ([["a", "b"]], {}, "column 'y': expected lists of labels, found values of type string; or name a"),
        ([[["a"], ["a"]]], {}, "column 'y'.*'a' in all of them"),
        ([[["a"], []]], {}, "two labels or more.*only 'a'"),
        ([[None, None]], {}, "lists of labels"),
        ([[0, 1], [0, 2]], {"columns": ["p", "q"]}, "column 'q': expected 0 and 1, or booleans, found 0, 2"),
        ([[0, 1], [0, 0]], {"columns": ["p", "q"]}, "'q' in none of them"),
        ([[0, 1], [None, None]], {"columns": ["p", "q"]}, "'q' without any label"),
    ],
)
def test_what_cannot_be_labels(columns: list[list[object]], options: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit([pa.chunked_array([pa.array(values)]) for values in columns], **options)


def test_a_label_that_train_lacks_is_an_error() -> None:
    task = fit(LISTS)
    with pytest.raises(DataError, match="'c' in other rows alone"):
        task.encode([pa.chunked_array([[["a", "c"]]])])


def test_source_columns() -> None:
    assert Multilabel.Config().source_columns("y") == ("y",)
    assert Multilabel.Config(columns=("p", "q")).source_columns("y") == ("p", "q")


def test_predictions_are_a_flag_and_a_probability_for_each_label() -> None:
    task = Multilabel.Config().fit("topics", [pa.chunked_array([[["a"], ["b"]]])])
    columns = task.decode(torch.tensor([[0.25, 0.75], [1.0, 0.0]]))
    assert {suffix: column.to_pylist() for suffix, column in columns.items()} == {
        "_a": [False, True],
        "_b": [True, False],
        "_probability_a": [0.25, 1.0],
        "_probability_b": [0.75, 0.0],
    }
