"""What tests share: a tiny table on disk, tiny sweeps over it, one Ray for all that need it."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from hypothesis import settings

from mtl_search.leaderboard import pace

if TYPE_CHECKING:  # torch is imported by the tests that need it
    from mtl_search.sweep import SweepSpec

TinySweep = Callable[..., dict[str, Any]]

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: tiny tensors gain nothing from more
# threads that wait for each other sleep: on a busy machine one that spins takes the turn of who it waits for:
# a sweep of tiny networks with ``cpu: 2`` took four times as long
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# a deadline in wall time fails on a busy machine; the same examples each time, so that a change is what fails
# (``pytest --hypothesis-profile=default`` draws others)
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _tables_are_written_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not after each trial of a millisecond, which is most of what tiny sweeps would do."""
    monkeypatch.setattr(pace, "CREDIT", 0.0)


@pytest.fixture(scope="session")
def tiny_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``tiny_table`` as a Parquet file."""
    from tests.fixtures.data import tiny_table

    path = tmp_path_factory.mktemp("data") / "tiny.parquet"
    pq.write_table(tiny_table(160, missing=0.05), path)
    return path


@pytest.fixture(scope="session")
def tiny_sweep(tiny_file: Path) -> TinySweep:
    """Makes the value of a sweep file: two tasks, a handful of trials of two epochs, no confirmation.

    Blocks that are given are laid over the default ones key by key; None takes a block or a key away.
    """

    def make(**changes: Any) -> dict[str, Any]:
        blocks: dict[str, Any] = {
            "name": "tiny",
            "data": {
                "source": str(tiny_file),
                "split": {"valid": 0.25, "test": 0.25, "seed": 0},
                "drop": ["patient", "topics", "stage"],
            },
            "tasks": {"cost": "regression", "ill": "binary"},
            "objective": {"max_networks": 2},
            "budget": {"trials": 3, "reference_trials": 2, "repeats": 0, "finalists": 0, "seeds": 0},
            "references": {"linear": False, "trees": False},
            "resources": {"gpu": 0},
            "sampler": {"name": "random", "grouping": "random"},
            "pruner": {"name": "none"},
            "trial": {
                "members": {"subset": {"min": 1, "max": 2}},
                "sharing": {"split": {"int": [1, 2]}},
                "trunk": {"name": "mlp", "stages": 2, "width": 8},
                "optimizer": {"name": "adamw", "lr": {"float": [1e-3, 1e-1], "log": True}},
                "epochs": 2,
                "batch_size": 64,
            },
        }
        for name, change in changes.items():
            blocks[name] = laid_over(blocks.get(name), change)
        return {name: block for name, block in blocks.items() if block is not None}

    return make


def laid_over(known: object, change: object) -> object:
    """``change`` in the place of ``known``, key by key where both are mappings."""
    if not (isinstance(known, Mapping) and isinstance(change, Mapping)):
        return change
    return {key: value for key, value in {**known, **change}.items() if value is not None}


@pytest.fixture(scope="session")
def tiny_spec(tiny_sweep: TinySweep) -> "Callable[..., SweepSpec]":
    """Makes the checked sweep of ``tiny_sweep``."""
    from mtl_search.sweep import SweepSpec

    return lambda **changes: SweepSpec.from_value(tiny_sweep(**changes))


@pytest.fixture(scope="session")
def ray_address() -> Iterator[str]:
    """A local Ray of two CPUs, the only one of all tests; its address, for processes of their own."""
    from mtl_search.search.executors import ray_backend
    from mtl_search.search.executors.loopback import agent_on_any_port

    ray = ray_backend.ray  # type: ignore[attr-defined]  # imported after what Ray reads was set

    with agent_on_any_port():
        ray.init(
            address="local",  # whatever cluster another test has started meanwhile
            num_cpus=2,
            num_gpus=0,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
        )
    yield ray.get_runtime_context().gcs_address
    ray.shutdown()
