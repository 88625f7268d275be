"""Rows: batches, devices, and pickles that share memory."""

import pickle
import warnings

import pytest
import torch

from mtl_search.data import Rows
from mtl_search.testing.data import tiny_dataset


@pytest.fixture(scope="module")
def rows() -> Rows:
    return tiny_dataset(100).train


def equal(one: Rows, other: Rows) -> bool:
    parts = ("inputs", "targets", "labelled")
    return all(
        getattr(one, part).keys() == getattr(other, part).keys()
        and all(torch.equal(value, getattr(other, part)[name]) for name, value in getattr(one, part).items())
        for part in parts
    )


def test_take_is_an_index_into_every_part(rows: Rows) -> None:
    index = torch.tensor([3, 0, 3])
    batch = rows.take(index)
    assert len(batch) == 3
    for part in ("inputs", "targets", "labelled"):
        for name, values in getattr(rows, part).items():
            assert torch.equal(getattr(batch, part)[name], values[index])


def test_slices_make_up_the_whole(rows: Rows) -> None:
    first, rest = rows.slice(0, 7), rows.slice(7, len(rows))
    assert (len(first), len(first) + len(rest)) == (7, len(rows))
    assert equal(rest, rows.take(torch.arange(7, len(rows))))


def test_select_keeps_inputs_and_some_tasks(rows: Rows) -> None:
    chosen = rows.select(["cost", "ill"])
    assert list(chosen.targets) == list(chosen.labelled) == ["cost", "ill"]
    assert chosen.inputs is rows.inputs


def test_to_a_device_keeps_values(rows: Rows) -> None:
    assert equal(rows.to("cpu"), rows)
    assert rows.to("meta").inputs["numeric"].device.type == "meta"


@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_pickles_are_equal(rows: Rows, protocol: int) -> None:
    assert equal(pickle.loads(pickle.dumps(rows, protocol)), rows)


def test_out_of_band_pickles_share_memory(rows: Rows) -> None:
    """As Ray's object store does: read-only buffers, no copy, no warning, and batches that can be changed."""
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(rows, protocol=5, buffer_callback=buffers.append)
    assert len(data) < 2000
    store = [bytes(buffer) for buffer in buffers]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one, other = (pickle.loads(data, buffers=store) for _ in range(2))
    assert equal(one, rows)
    assert one.inputs["numeric"].data_ptr() == other.inputs["numeric"].data_ptr()
    batch = one.take(torch.tensor([0, 1]))
    batch.inputs["numeric"].zero_()
    assert equal(one, rows)
