import pytest

from mtl_search.errors import Mismatch, SpecError


def test_a_mismatch_is_a_value_error_that_reads_as_one() -> None:
    mismatch = Mismatch("low < high", "[2, 1]", "swap them")
    assert str(mismatch) == "expected low < high, found [2, 1]; swap them"
    with pytest.raises(ValueError, match="expected low < high"):
        raise mismatch


def test_a_mismatch_gets_its_place() -> None:
    error = Mismatch("low", "high", "swap them", about="b").within("a").at("x.yaml:3: lr")
    assert isinstance(error, SpecError)
    assert str(error) == "x.yaml:3: lr: expected low (a: b), found high; swap them"
