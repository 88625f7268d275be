"""Rows: batches, devices, and pickles that share memory."""

import pickle
import warnings

import numpy as np
import pytest
import torch

from mtl_search.data import DataSpec, Rows, SplitSpec, dataset_from_table
from tests.fixtures.data import TINY_TASKS, task_configs, tiny_dataset, tiny_table


@pytest.fixture(scope="module")
def rows() -> Rows:
    return tiny_dataset(100).train


def equal(one: Rows, other: Rows) -> bool:
    parts = ("inputs", "targets", "labelled")
    return torch.equal(one.units, other.units) and all(
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
    assert batch.units.tolist() == [3, 0, 3]


def test_slices_make_up_the_whole(rows: Rows) -> None:
    first, rest = rows.slice(0, 7), rows.slice(7, len(rows))
    assert (len(first), len(first) + len(rest)) == (7, len(rows))
    assert equal(rest, rows.take(torch.arange(7, len(rows))))


def test_select_keeps_inputs_and_some_tasks(rows: Rows) -> None:
    chosen = rows.select(["cost", "ill"])
    assert list(chosen.targets) == list(chosen.labelled) == ["cost", "ill"]
    assert chosen.inputs is rows.inputs
    assert chosen.units is rows.units


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


def test_without_groups_each_row_is_a_unit(rows: Rows) -> None:
    assert rows.units.tolist() == list(range(len(rows)))


def test_units_are_the_groups_of_the_data() -> None:
    table = tiny_table(200)
    spec = DataSpec(source="tiny", split=SplitSpec(valid=0.25, test=0.25), group="patient")
    dataset = dataset_from_table(table, spec, task_configs(TINY_TASKS))
    units = [set(part.units.tolist()) for part in dataset.splits.values()]
    patients = table["patient"].to_numpy()
    assert sum(map(len, units)) == len(set().union(*units)) == len(set(patients.tolist()))
    sizes = sorted(np.unique(patients, return_counts=True)[1])
    found = [np.unique(part.units.numpy(), return_counts=True)[1] for part in dataset.splits.values()]
    assert sorted(np.concatenate(found)) == sizes
