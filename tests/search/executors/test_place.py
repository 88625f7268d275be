"""Place: what a trial was allocated."""

import platform

import pytest
import torch

from mtl_search.search.executors.place import Place

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU, which this machine lacks")


def test_without_a_gpu_a_trial_stays_on_the_cpu() -> None:
    place = Place(3, 0.0)
    assert (place.device, place.threads, place.units) == ("cpu", 3, 3.0)


@pytest.mark.parametrize("gpus", [0.25, 1.0, 2.0])
def test_with_a_gpu_that_is_what_counts(gpus: float) -> None:
    place = Place(4, gpus)
    assert (place.device, place.threads, place.units) == ("cuda", 4, gpus)


def test_where_a_job_ran() -> None:
    placement = Place(2, 0.0).placement(1.5)
    assert (placement.seconds, placement.units, placement.device) == (1.5, 2.0, "cpu")
    assert placement.node == platform.node()


@needs_gpu
def test_a_gpu_has_a_name() -> None:
    assert Place(1, 0.5).placement(1.0).device == f"cuda: {torch.cuda.get_device_name()}"
