"""Distinct values and codes, whatever the storage."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_search.data.distinct import distinct_values

texts = st.lists(st.none() | st.sampled_from(["a", "b", "cc"]), max_size=12)


@settings(deadline=None)
@given(st.lists(texts, max_size=3), st.booleans())
def test_values_at_codes_are_the_column(parts: list[list[str | None]], as_dictionary: bool) -> None:
    arrays = [pa.array(part, pa.string()) for part in parts]
    kind = pa.dictionary(pa.int8(), pa.string()) if as_dictionary else pa.string()
    column = pa.chunked_array([array.cast(kind) for array in arrays], kind)
    values, codes = distinct_values(column)
    back = [None if code < 0 else values[int(code)].as_py() for code in codes]
    assert back == [value for part in parts for value in part]


@pytest.mark.parametrize("values", [[b"x", b"y", b"x"], [True, None], [1.5, 1.5]])
def test_other_types(values: list[object]) -> None:
    found, codes = distinct_values(pa.chunked_array([pa.array(values)]))
    assert [None if code < 0 else found[int(code)].as_py() for code in codes] == values
