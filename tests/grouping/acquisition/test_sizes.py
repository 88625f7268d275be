"""How large the next network of a set is expected to be."""

import numpy as np
import pytest

from mtl_search.grouping.acquisition.sizes import Sizes, affordable
from mtl_search.grouping.strategy import Measurement


def sized(members: str, n_params: int, *, gain: float = 1.0, failed: bool = False) -> Measurement:
    return Measurement(tuple(members), {} if failed else dict.fromkeys(members, gain), failed, n_params)


def test_a_set_that_was_trained_is_as_small_as_its_smallest_network() -> None:
    sizes = Sizes.gather([sized("ab", 300), sized("ab", 100), sized("c", 50, failed=True)])
    assert sizes.smallest([("a", "b"), ("c",)]).tolist() == [100.0, 50.0]


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
def test_sizes_that_are_a_power_of_the_members_are_foretold_surely(exponent: float) -> None:
    known = [sized("abcdefgh"[:n], round(1000 * n**exponent)) for n in (1, 2, 4)]
    found = Sizes.gather(known).next_ones([tuple("abc"), tuple("abcdefgh")])
    np.testing.assert_allclose(found[len(found) // 2], 1000 * np.array([3.0, 8.0]) ** exponent, rtol=0.01)
    assert np.ptp(found, axis=0).max() < 20


def test_more_members_never_make_a_network_smaller_nor_larger_than_one_for_each() -> None:
    shrinking = Sizes.gather([sized("a", 900), sized("abc", 100)]).next_ones([tuple("a"), tuple("abcd")])
    growing = Sizes.gather([sized("a", 10), sized("ab", 500)]).next_ones([tuple("ab"), tuple("abcd")])
    assert shrinking[1, 1] >= 0.3 * shrinking[1, 0]
    assert growing[1, 1] <= 2 * growing[1, 0]


def test_where_hyperparameters_make_sizes_differ_so_may_the_next() -> None:
    sizes = Sizes.gather([sized("ab", size) for size in (100, 200, 400, 800)])
    low, middle, high = sizes.next_ones([("a", "b")])[:, 0]
    assert 80 < low < 200 < middle < 400 < high < 1000
    assert len(Sizes.gather([sized("ab", 100)] * 4).next_ones([("a", "b")])) == 1


def test_a_set_keeps_to_what_its_own_trainings_showed() -> None:
    alike = [sized(members, 100) for members in ("ab", "bc", "cd", "ac")]
    sizes = Sizes.gather([*alike, sized("ad", 800), sized("ad", 800)])
    assert sizes.next_ones([("a", "d")])[1, 0] > 2 * sizes.next_ones([("b", "d")])[1, 0]


def test_where_no_size_is_known_everything_fits() -> None:
    assert Sizes.gather([sized("a", 0)]).next_ones([("a",), ("a", "b")]).tolist() == [[0.0, 0.0]]


def test_networks_too_large_for_any_design_do_not_speak_for_sets_that_have_others() -> None:
    large, small, only = sized("ab", 900, gain=9.0), sized("ab", 100), sized("bc", 900)
    assert affordable([large, small, only], 500) == [small, only]
    assert affordable([large, only], 500) == [large, only]
    assert affordable([large, sized("ab", 10, failed=True)], 500)[0] == large


def test_seconds_are_foretold_like_sizes_by_trainings_that_succeeded() -> None:
    known = [
        Measurement(("a",), {"a": 0.0}, seconds=10.0),
        Measurement(("a", "b"), {"a": 0.0}, seconds=20.0),
        Measurement(("b", "c"), {}, failed=True, seconds=1.0),
    ]
    assert Sizes.seconds(known).smallest([("b", "c", "d", "e")]) == pytest.approx([40.0])
    assert not Sizes.seconds([sized("a", 100)]).trainings
