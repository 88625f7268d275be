import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from mtl_search.errors import SpecError
from mtl_search.space.wording import inner
from mtl_search.space.yaml import load_document, parse_document


def read(text: str) -> Any:
    return parse_document(text, "x.yaml").data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1E5", 1e5),
        (".5", 0.5),
        ("1.", 1.0),
        ("-0.0", 0.0),
        ("+3", 3),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("9" * 18, 10**18 - 1),
        ("1" * 19, float("1" * 19)),
        ("0x" + "f" * 16, "0x" + "f" * 16),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("", None),
        ("~", None),
        ("null", None),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("tRue", "tRue"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2020-01-01", "2020-01-01"),
        ("1e", "1e"),
        ("'1'", "1"),
        ('"null"', "null"),
        ("|\n  1\n", "1\n"),
        ("age cost / age | cost", "age cost / age | cost"),
        ("[1, [a], {b: 2}]", [1, ["a"], {"b": 2}]),
        ("{}", {}),
    ],
)
def test_scalars_are_those_of_the_core_schema(text: str, value: Any) -> None:
    found = read(f"a: {text}\n")["a"]
    assert found == value
    assert type(found) is type(value)


def test_every_value_has_the_line_of_its_key_or_of_its_item() -> None:
    trial = "trial:\n  lr:\n    float: [1,\n      2]\n  members:\n    - age\n    -\n      cost\n"
    document = parse_document(f"# a sweep\n{trial}name: x\n", "x.yaml")
    lines = {
        (): 1,
        ("trial",): 2,
        ("trial", "lr"): 3,
        ("trial", "lr", "float"): 4,
        ("trial", "lr", "float", 0): 4,
        ("trial", "lr", "float", 1): 5,
        ("trial", "members"): 6,
        ("trial", "members", 0): 7,
        ("trial", "members", 1): 9,
        ("name",): 10,
    }
    assert document.lines == lines


DEEP = "a: " + "[" * 60 + "]" * 60


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x.yaml: expected a mapping, found an empty file"),
        ("# nothing\n", "x.yaml: expected a mapping, found an empty file"),
        ("---\n...\n", "x.yaml: expected a mapping, found an empty file"),
        ("- 1\n", "x.yaml:1: expected a mapping, found [1]"),
        ("support2\n", "x.yaml:1: expected a mapping, found 'support2'"),
        ("a: 1\nb: 2\na: 3\n", "x.yaml:3: expected each key once, found 'a' in lines 1 and 3"),
        ("t:\n  a: 1\n  'a': 3\n", "x.yaml:3: t: expected each key once, found 'a' in lines 2 and 3"),
        ("t: {a: 1,\n  a: 3}\n", "x.yaml:2: t: expected each key once, found 'a' in lines 1 and 2"),
        ("t:\n  2014: binary\n", "x.yaml:2: t: expected text as each key, found 2014; put it in quotes"),
        ("t:\n  ~: 1\n", "x.yaml:2: t: expected text as each key, found nothing"),
        ("true: 1\n", "x.yaml:1: expected text as each key, found true; put it in quotes"),
        ("a: 1\n[b]: 1\n", "x.yaml:2: expected text as each key, found a list, a mapping or a reference"),
        ("a: &x 1\n", "x.yaml:1: a: expected each value written out, found a reference (& or *)"),
        ("a: 1\nb: *a\n", "x.yaml:2: b: expected each value written out, found a reference (& or *)"),
        ("a: [1, *a]\n", "x.yaml:1: a[1]: expected each value written out, found a reference (& or *)"),
        ("&k a: 1\n", "x.yaml:1: expected text as each key, found a list, a mapping or a reference"),
        ("a: !!str 1\n", "x.yaml:1: a: expected a plain value, found the tag tag:yaml.org,2002:str"),
        ("a: !python {}\n", "x.yaml:1: a: expected a plain value, found the tag !python"),
        ("a: .nan\n", "x.yaml:1: a: expected a finite number, found .nan"),
        ("a: [-.inf]\n", "x.yaml:1: a[0]: expected a finite number, found -.inf"),
        ("a: 1e999\n", "x.yaml:1: a: expected a finite number, found 1e999"),
        ("%YAML 1.1\n---\na: no\n", "x.yaml:1: expected YAML 1.2, found YAML 1.1"),
        ("a: 1\n---\nb: 1\n", "x.yaml:2: expected one document, found a second one"),
        (DEEP, "x.yaml:1: a[0][0]: expected at most 50 levels, found more"),
        ("a:\n  " + "[" * 3000, "x.yaml:2: expected at most 50 levels, found more"),
        (
            "a: b: c\n",
            "x.yaml:1: expected valid YAML, found a syntax error (mapping values are not allowed here)",
        ),
        (
            "a: 1\n\tb: 1\n",
            "x.yaml:2: expected valid YAML, found a syntax error"
            " (found character '\\t' that cannot start any token)",
        ),
        (
            "t:\n  a: [1,\n  b: 2\n",
            "x.yaml:4: expected valid YAML, found a syntax error"
            " (expected ',' or ']', but got '<stream end>', while parsing a flow sequence from line 2)",
        ),
        (
            "a: \x01\n",
            "x.yaml: expected valid YAML,"
            " found unacceptable character #x0001: special characters are not allowed",
        ),
    ],
)
def test_documents_that_are_refused(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_document(text, "x.yaml")
    assert str(caught.value) == message


def test_a_file_is_read_and_called_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("\ufeffa: é\r\nb: 2\r\n".encode())
    document = load_document(path)
    assert document.data == {"a": "é", "b": 2}
    assert document.place(("b",)) == f"{path}:2: b"
    assert load_document(str(path)) == document


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    def message(path: Path) -> str:
        with pytest.raises(SpecError) as caught:
            load_document(path)
        return str(caught.value).removeprefix(str(tmp_path))

    (tmp_path / "latin.yaml").write_bytes("a: 1\nb: é\n".encode("latin-1"))
    assert message(tmp_path / "none.yaml") == "/none.yaml: expected a sweep file, found no such file"
    assert message(tmp_path) == ": expected a sweep file, found is a directory"
    assert message(tmp_path / "latin.yaml") == "/latin.yaml:2: expected text in UTF-8, found the byte 0xe9"


TEXT = st.one_of(
    st.text(st.characters(exclude_categories=("C", "Z")), max_size=8),
    st.text("0123456789.eE+-_:xo~", max_size=6),
    st.sampled_from(["no", "null", "True", "", "<<", "=", "1e5", "0x1F", "2020-01-01", "a: b", "# x", " a "]),
)
WHOLE = st.integers(1 - 10**18, 10**18 - 1)
SCALARS = st.one_of(st.none(), st.booleans(), WHOLE, st.floats(allow_nan=False, allow_infinity=False), TEXT)
DATA = st.dictionaries(
    TEXT,
    st.recursive(
        SCALARS,
        lambda inside: st.one_of(st.lists(inside, max_size=3), st.dictionaries(TEXT, inside, max_size=3)),
        max_leaves=10,
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(DATA)
def test_json_is_read_as_what_it_is(data: Any) -> None:
    assert read(json.dumps(data, ensure_ascii=False)) == data


@settings(deadline=None)
@given(DATA)
def test_what_ruamel_writes_is_read_back(data: Any) -> None:
    texts = (item for item in everything(data) if isinstance(item, str))
    assume(not any(POINT_FIRST.fullmatch(text) for text in texts))
    stream = io.StringIO()
    YAML().dump(data, stream)
    assert read(stream.getvalue()) == data


POINT_FIRST = re.compile(r"[-+]?\.[0-9]+[eE][0-9]+")  # numbers in YAML 1.2 that ruamel takes for text


def everything(value: Any) -> Iterator[Any]:
    yield value
    for step, item in inner(value).items():
        yield step
        yield from everything(item)


@settings(deadline=None)
@given(DATA)
def test_the_line_of_a_key_is_where_it_stands(data: Any) -> None:
    text = json.dumps(data, ensure_ascii=False, indent=1)
    document = parse_document(text, "x.yaml")
    lines = text.split("\n")
    assert document.lines.keys() == set(paths(data, ()))
    for path, line in document.lines.items():
        if path and isinstance(path[-1], str):
            assert lines[line - 1].lstrip().startswith(json.dumps(path[-1], ensure_ascii=False) + ":")


def paths(value: Any, path: Any) -> Iterator[Any]:
    yield path
    for step, item in inner(value).items():
        yield from paths(item, (*path, step))


ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
SIGNS = st.text("ab:-[]{},?&*!|>'\"#%@ \n\t0.", max_size=30)


@settings(deadline=None)
@given(ANY | SIGNS)
def test_any_text_is_a_document_or_a_spec_error(text: str) -> None:
    found = ""
    try:
        found = parse_document(text, "x.yaml").place(())
    except SpecError as error:
        found = error.place
    assert found.startswith("x.yaml")
