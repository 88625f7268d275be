"""What a trial needs of a GPU, by the parts that it is made of."""

from collections.abc import Callable

from mtl_search.data import load_dataset
from mtl_search.search.preparing.gpu_memory import CONTEXT, bytes_of, gpu_memory
from mtl_search.sweep import SweepSpec
from tests.fixtures.data import tiny_dataset

MakeSpec = Callable[..., SweepSpec]


def needed(spec: SweepSpec) -> int:
    settings = spec.settings
    return gpu_memory(spec, load_dataset(settings.data, settings.tasks, base=spec.base))


def test_small_trials_take_what_the_gpu_itself_takes(tiny_spec: MakeSpec) -> None:
    assert CONTEXT < needed(tiny_spec()) < 1.01 * CONTEXT


def test_a_large_network_counts_with_its_optimiser(tiny_spec: MakeSpec) -> None:
    width = 4096
    trunk = {"name": "mlp", "stages": 2, "width": width}
    weights = 2 * width * width  # of the second stage of both tasks, where the cut is before it
    assert 4 * 5 * weights < needed(tiny_spec(trial={"trunk": trunk})) - CONTEXT < 2 * 4 * 5 * weights


def test_every_expert_counts(tiny_spec: MakeSpec) -> None:
    width, sharing = 4096, {"name": "mmoe", "experts": 3, "start": 1}
    trunk = {"name": "mlp", "stages": 2, "width": width}
    weights = 3 * width * width
    assert 4 * 5 * weights < needed(tiny_spec(trial={"trunk": trunk, "sharing": sharing})) - CONTEXT


def test_large_batches_count(tiny_spec: MakeSpec) -> None:
    small, large = (needed(tiny_spec(trial={"batch_size": size})) for size in (64, 64_000))
    assert large > small + 64_000 * 4 * 16


def test_copies_count_like_rows(tiny_spec: MakeSpec) -> None:
    copied, large = (needed(tiny_spec(trial=given)) for given in ({"copies": 1000}, {"batch_size": 64_000}))
    assert copied > 0.9 * large


def test_the_data_counts_and_train_twice() -> None:
    dataset = tiny_dataset(300, tasks={"cost": "regression"})
    rows = dataset.train
    by_hand = sum(v.nbytes for part in (rows.inputs, rows.targets, rows.labelled) for v in part.values())
    assert bytes_of(rows) == by_hand + rows.units.nbytes
    spec = SweepSpec.from_value(
        {
            "name": "x",
            "data": {"source": "unused.parquet"},
            "tasks": {"cost": "regression"},
            "budget": {"trials": 1},
            "trial": {"trunk": {"name": "mlp", "stages": 1, "width": 1}},
        }
    )
    assert dataset.test is not None
    expected = 2 * bytes_of(rows) + bytes_of(dataset.valid) + bytes_of(dataset.test)
    without = gpu_memory(spec, dataset.without_test())
    assert gpu_memory(spec, dataset) - without == bytes_of(dataset.test)
    assert without - CONTEXT > expected - bytes_of(dataset.test)
