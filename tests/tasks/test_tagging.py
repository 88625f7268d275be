"""Tags of tokens: losses worked by hand, scikit-learn's values, lengths, classes and what is none."""

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score

from mtl_search.errors import DataError, LabelError, Mismatch
from mtl_search.features import FeatureSpec, MapSpec, SequenceSpec, Steps, VectorSpec
from mtl_search.tasks import Layout, Tagging

LAYOUTS = {"words": Layout("words", (3,))}


def column(*rows: list[Any] | None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(rows)])


def fit(*rows: list[Any] | None, **options: object) -> Tagging:
    config = Tagging.Config.model_validate(options).laid_over(LAYOUTS)
    return config.fit("tags", [column(*rows)])


def outputs(*probabilities: list[float]) -> torch.Tensor:
    """N x 3 x 3, of the probabilities of the second of two tags; a row ends where they do."""
    found = torch.zeros(len(probabilities), 3, 3)
    for row, of_row in enumerate(probabilities):
        second_L = torch.tensor(of_row)
        found[row, : len(of_row)] = torch.stack(
            [(1 - second_L).log(), second_L.log(), torch.ones(len(of_row))], dim=1
        )
    return found


def test_the_mean_is_over_all_tokens_with_a_tag() -> None:
    task = fit(["a", "b"])
    targets, labelled = task.encode([column(["a", None], ["b", "b", "a", "a"], None, [])])
    assert targets.tolist() == [[0, -1, -1], [1, 1, 0], [-1] * 3, [-1] * 3]
    assert labelled.tolist() == [True, True, False, False]
    said = outputs([0.5, 0.1], [0.25, 0.5, 0.75], [0.9], [0.9])
    loss = task.loss(said, targets, labelled)
    assert float(loss) == pytest.approx((math.log(2) + math.log(4) + math.log(2) + math.log(4)) / 4)


def test_class_weights_divide_the_loss_too() -> None:
    task = fit(["a", "a", "b"], class_weights={"b": 3.0})
    loss = task.loss(outputs([0.5, 0.5, 0.25]), *task.encode([column(["a", "a", "b"])]))
    assert float(loss) == pytest.approx((2 * math.log(2) + 3 * math.log(4)) / 5)


def test_metrics_are_those_of_all_tokens_at_once() -> None:
    generator = torch.Generator().manual_seed(0)
    codes = torch.randint(-1, 4, (40, 3), generator=generator)
    task = fit(["a", "b"], ["c", "d"])
    said = torch.randn(40, 3, 5, generator=generator)
    known, likeliest = codes >= 0, said[..., :-1].argmax(-1)
    values = task.evaluate(said, codes.to(torch.int16))
    assert values["token_accuracy"] == pytest.approx(accuracy_score(codes[known], likeliest[known]))
    assert values["macro_f1"] == pytest.approx(f1_score(codes[known], likeliest[known], average="macro"))
    assert "span_f1" not in values
    assert task.evidence(said, codes.to(torch.int16))[1].tolist() == known.sum(1).tolist()


def test_predictions_are_as_long_as_their_row() -> None:
    task = fit([3, 7], classes=[7, 3])
    columns = task.decode(task.predictions(outputs([0.9], [0.1, 0.8, 0.1], [])))
    assert columns[""].to_pylist() == [[3], [7, 3, 7], []]
    assert columns[""].type == pa.list_(pa.int64())


def test_the_head_says_where_a_row_ends_and_reads_nothing_beyond() -> None:
    task = fit(["a", "b"])
    known_BL = torch.tensor([[True, True, False], [True, True, True]])
    values_BLW = torch.randn(2, 3, 5)
    values_BLW[0, 2] = torch.nan
    said = task.head(SequenceSpec(5, 3))(Steps(values_BLW, known_BL))
    assert said.isfinite().all()
    assert torch.equal(said[..., -1], known_BL.float())
    assert [len(row) for row in task.decode(task.predictions(said))[""].to_pylist()] == [2, 3]


def test_new_tags_are_counted_and_without_a_label() -> None:
    task = fit(["a", "b"], missing=["?"])
    known, unseen = task.seen([column(["a", "z", "?"], ["z", "y"], None, ["b"])])
    assert unseen == {"z": 2, "y": 1}
    assert known[0].to_pylist() == [["a", None, None], [None, None], None, ["b"]]
    assert task.encode(known)[1].tolist() == [True, False, False, True]
    with pytest.raises(LabelError, match=r"train rows \('a', 'b'\) in every split, found 'z' in other rows"):
        task.encode([column(["a", "z"])])


def test_tags_of_a_row_are_its_strata_and_their_shares_its_signals() -> None:
    rows = column(["a", "a", "b"], ["b"], None, ["-"])
    config = Tagging.Config(missing=("-",))
    assert [codes.tolist() for codes in config.strata("tags", [rows])] == [[1, 0, -1, -1], [1, 1, -1, -1]]
    task = config.laid_over(LAYOUTS).fit("tags", [rows])
    signals_NS = task.signals(task.encode([rows])[0])
    np.testing.assert_allclose(signals_NS[:2], [[2 / 3, 1 / 3], [0.0, 1.0]])
    assert signals_NS[2:].isnan().all()
    assert task.describe() == "2 tags, 50.0% of tokens are 'b'"


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([None, [None]], {}, "expected a list of labels in each row|two tags or more .* found no label"),
        ([["a", "a"]], {}, "found only 'a'"),
        ([["a", "b"]], {"classes": ["a", "b", "c"]}, "each of classes in train, found none of 'c'"),
        ([["a", "b"]], {"class_weights": {"c": 2.0}}, "class_weights of classes in train, found 'c'"),
        ([["B-x", "X"]], {"metric": "span_f1"}, "tags of spans in IOB2 .* needs them, found 'X'"),
        (["a", "b"], {}, "expected a list of labels in each row, found values of type string"),
        ([[0.5, 1.0]], {}, "classes .whole numbers., found 0.5"),
    ],
)
def test_tags_that_cannot_be_learned_are_refused(
    rows: list[Any], options: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        fit(*rows, **options)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (VectorSpec(8), "a sequence to label steps of, as trunk transformer makes of a text, found a vector"),
        (MapSpec(8, 3, 3), "as trunk transformer makes of a text, found a map"),
        (SequenceSpec(8, 2), "a step for each of 3 tokens, found a sequence of 2 .*halve: false"),
    ],
)
def test_features_without_a_step_for_each_token_are_refused(spec: FeatureSpec, message: str) -> None:
    with pytest.raises(Mismatch, match=message):
        fit(["a", "b"]).head(spec)
