"""Texts as codes and n-grams: what train has, what it has not, what is cut and what is missing."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from mtl_search.data import Encoding
from mtl_search.data.inputs.text import TextInputs, TextOptions
from mtl_search.data.inputs.texts import MISSING, RESERVED, UNKNOWN
from mtl_search.data.notes import told
from mtl_search.data.shapes import TextShape
from mtl_search.errors import DataError
from mtl_search.tasks.base import Layout

LISTS = pa.list_(pa.string())
TRAIN = [["Ev", "ev", "de", "."], ["de", "."], [], None, ["Kuş"]]


def one(values: Sequence[object], kind: pa.DataType | None = LISTS) -> pa.Table:
    return pa.table({"x": pa.array(values, kind)})


def fit(values: Sequence[object], kind: pa.DataType | None = LISTS, **options: object) -> TextInputs:
    return TextInputs.fit(
        one(values, kind), ("x",), {"x": TextOptions.model_validate({"kind": "text", **options})}
    )


def test_frequent_words_have_codes_in_any_case_and_rare_ones_are_unknown() -> None:
    inputs = fit(TRAIN)
    assert inputs.readers[0].words == (".", "de", "ev")
    codes = inputs.encode(one(TRAIN))["text:x"]
    dot, de, ev = range(RESERVED, RESERVED + 3)
    assert codes.tolist() == [
        [ev, ev, de, dot],
        [de, dot, 0, 0],
        [MISSING, 0, 0, 0],
        [MISSING, 0, 0, 0],
        [UNKNOWN, 0, 0, 0],
    ]
    assert inputs.encode(one([["EV", "yok", None, ""]]))["text:x"].tolist() == [[ev, *[UNKNOWN] * 3]]
    assert fit(TRAIN, words=1).readers[0].words == (".",)
    assert fit(TRAIN, at_least=1).readers[0].words == (".", "de", "ev", "kuş")


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_strings_are_split_into_words_and_signs(kind: pa.DataType) -> None:
    train = one(["de de, ev", "ev ,", "  ", None], pa.string()).cast(pa.schema([("x", kind)]))
    inputs = TextInputs.fit(train, ("x",), {"x": TextOptions()})
    assert inputs.readers[0].words == (",", "de", "ev")
    codes = inputs.encode(train)["text:x"]
    assert codes.tolist() == [[4, 4, 3, 5], [5, 3, 0, 0], [MISSING, 0, 0, 0], [MISSING, 0, 0, 0]]


@pytest.mark.parametrize(
    "kind",
    [
        pa.large_list(pa.string()),
        pa.list_(pa.large_string()),
        pa.list_(pa.dictionary(pa.int32(), pa.string())),
        pa.list_(pa.string(), 2),
    ],
)
def test_lists_of_any_storage_are_the_same_text(kind: pa.DataType) -> None:
    rows = [["a", "b"], None, ["b", None], ["a", "a"]]
    inputs = fit(rows)
    plain, other = inputs.encode(one(rows)), inputs.encode(one(rows, kind))
    assert TextInputs.reads(kind)
    assert {key: value.tolist() for key, value in plain.items()} == {k: v.tolist() for k, v in other.items()}
    sliced = inputs.encode(one(rows, kind).slice(2))
    assert sliced["text:x"].tolist() == plain["text:x"][2:].tolist()


def test_similar_words_have_ngrams_in_common_also_if_train_has_neither() -> None:
    inputs = fit([["evlerde"] * 2])
    grams = inputs.encode(one([["kuşlarda"], ["masalarda"], ["Kuşlarda"], ["xyz"]]))["text:x:ngrams"][:, 0]
    bags = [set(row.tolist()) - {0} for row in grams]
    assert len(bags[0] & bags[1]) >= 9  # l a r d a and the end, of two to four characters
    assert not bags[0] & bags[3]
    assert bags[0] != bags[2], "a capital shows"


def test_text_without_ngrams_has_words_alone() -> None:
    inputs = fit(TRAIN, ngrams=None)
    assert set(inputs.encode(one(TRAIN))) == {"text:x"}
    assert inputs.shape.texts[0].ngrams == 0


def _joined(row: list[str | None] | None) -> str | None:
    return None if row is None else " ".join(word or "" for word in row)


words = st.text(st.characters(codec="utf-8"), max_size=40)
rows = st.lists(st.none() | st.lists(st.none() | words, max_size=6), max_size=8)


@settings(deadline=None, max_examples=60)
@given(rows, rows, st.booleans(), st.integers(1, 4))
def test_every_row_has_a_token_and_fits_the_shape(
    train: list[list[str | None] | None], other: list[list[str | None] | None], joined: bool, length: int
) -> None:
    kind = pa.string() if joined else LISTS
    train_rows, other_rows = (
        [_joined(row) for row in rows] if joined else [*rows] for rows in (train, other)
    )
    inputs = fit(train_rows, kind, length=length)
    (shape,) = inputs.shape.texts
    assert shape.length <= length
    for values in (train_rows, other_rows):
        encoded = inputs.encode(one(values, kind))
        expected = shape.example(len(values), "cpu")
        assert {key: (v.shape, v.dtype) for key, v in encoded.items()} == {
            key: (v.shape, v.dtype) for key, v in expected.items()
        }
        codes, grams = encoded["text:x"], encoded["text:x:ngrams"]
        assert (codes[:, 0] > 0).all()
        assert ((codes == 0).cummax(1).values == (codes == 0)).all(), "padding stands at the end"
        assert (codes < shape.vocabulary).all()
        assert ((grams >= 0) & (grams <= shape.buckets)).all()
        assert ((grams != 0).any(-1) == (codes != 0) & (codes != MISSING)).all()


def test_a_row_depends_on_no_other() -> None:
    inputs = fit(TRAIN)
    whole = inputs.encode(one(TRAIN))
    for row, values in enumerate(TRAIN):
        alone = inputs.encode(one([values]))
        assert all(alone[key].tolist() == whole[key][row : row + 1].tolist() for key in whole)


def test_what_is_empty_cut_and_unknown_is_counted() -> None:
    inputs = fit(TRAIN, length=3)
    _, notes = inputs.encode_with_notes(one([["ev"] * 5, ["de"], None, ["yok"]]))
    assert told(notes) == (
        "column 'x' has no text in 1 of 4 rows",
        "column 'x' is cut after 3 tokens in 1 of 4 rows: 2 of 7 tokens are not read",
        "column 'x': 1 of 7 words are not in the vocabulary and read by their character n-grams alone",
    )
    _, more = inputs.encode_with_notes(one([["ev", "de"], None]))
    assert told(more) == ("column 'x' has no text in 1 of 2 rows",)
    together = told((*notes, *more))
    assert together[0] == "column 'x' has no text in 2 of 6 rows"
    assert "1 of 9 words" in together[2]


def test_labels_may_lie_over_the_tokens() -> None:
    assert fit(TRAIN).layouts == {"x": Layout("x", (4,))}


def test_a_vocabulary_is_written_as_json_and_read_again() -> None:
    encoding, adapter = Encoding.fit(one(TRAIN), ("x",)), TypeAdapter(Encoding)
    assert [inputs.kind for inputs in encoding.inputs if inputs.columns] == ["text"], (
        "told by the column's type"
    )
    again = adapter.validate_json(adapter.dump_json(encoding))
    assert again == encoding


@pytest.mark.parametrize("kind", [pa.int64(), pa.list_(pa.int64()), pa.binary()])
def test_what_is_no_text_is_refused(kind: pa.DataType) -> None:
    with pytest.raises(DataError, match=r"column 'x': expected strings or lists of strings as a text, found"):
        fit([None], kind)


def test_a_column_of_nothing_is_missing_text() -> None:
    assert fit(TRAIN).encode(one([None, None], pa.null()))["text:x"][:, 0].tolist() == [MISSING] * 2


VOCABULARY = {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "ev": 3, "##ler": 4, "##de": 5, "kuş": 6}


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    """A tokenizer.json of seven pieces."""
    tokenizers = pytest.importorskip("tokenizers", reason="the extra huggingface is not installed")
    made = tokenizers.Tokenizer(tokenizers.models.WordPiece(VOCABULARY, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    made.enable_padding(length=50)
    made.save(str(tmp_path / "tokenizer.json"))
    return tmp_path / "tokenizer.json"


def test_strings_are_the_pieces_of_a_tokenizer(tokenizer: Path) -> None:
    said = TextOptions(tokenizer=tokenizer.name).with_files(tokenizer.parent)
    texts = one(["evlerde kuş", "xyz", None], pa.string())
    inputs = TextInputs.fit(texts, ("x",), {"x": said})
    assert inputs.shape.texts[0] == TextShape("x", vocabulary=10, length=6)
    codes = inputs.encode(texts)["text:x"] - RESERVED
    assert codes.tolist() == [[1, 3, 4, 5, 6, 2], [1, 0, 2, -3, -3, -3], [1, 2, -3, -3, -3, -3]]
    adapter = TypeAdapter(TextInputs)
    assert adapter.validate_json(adapter.dump_json(inputs)) == inputs


def test_a_token_of_a_list_stays_one_with_its_pieces_beside_it(tokenizer: Path) -> None:
    said = TextOptions(tokenizer=str(tokenizer)).with_files(Path("/"))
    tokens = one([["evlerde", "kuş"], [None, ""], None])
    inputs = TextInputs.fit(tokens, ("x",), {"x": said})
    assert inputs.shape.texts[0] == TextShape("x", vocabulary=10, length=2, ngrams=3, buckets=7)
    encoded = inputs.encode(tokens)
    assert encoded["text:x"].tolist() == [[6, 9], [UNKNOWN, UNKNOWN], [MISSING, 0]]
    assert encoded["text:x:ngrams"].tolist() == [[[4, 5, 6], [7, 0, 0]], [[0] * 3] * 2, [[0] * 3] * 2]


@pytest.mark.parametrize(("text", "found"), [(None, "no file"), ("{}", "Model missing"), ("x", "expected")])
def test_what_is_no_tokenizer_is_refused(tokenizer: Path, text: str | None, found: str) -> None:
    path = tokenizer.parent / "other.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(DataError, match=f"tokenizer.* expected a tokenizer.json, found .*({found})"):
        fit([["ev"]], tokenizer=TextOptions(tokenizer=str(path)).with_files(Path()).tokenizer)


@pytest.mark.parametrize(
    "options",
    [
        {"ngrams": [4, 2]},
        {"ngrams": [2]},
        {"length": 0},
        {"buckets": 2**15},
        {"tokenizer": "t.json", "words": 5},
    ],
)
def test_wrong_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TextOptions.model_validate({"kind": "text", **options})
