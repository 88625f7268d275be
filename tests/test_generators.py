"""Draws of code that knows no generator."""

import threading

import torch

from mtl_search.generators import drawing_from


def test_the_numbers_are_those_after_seeding_the_global_generator() -> None:
    generator = torch.Generator().manual_seed(5)
    torch.manual_seed(5)
    expected = [torch.rand(3), torch.randn(3), torch.randperm(7)]
    with drawing_from(generator):
        found = [torch.rand(3)]
    found.append(torch.randn(3, generator=generator))
    with drawing_from(generator):
        found.append(torch.randperm(7))
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_the_global_generator_is_left_alone() -> None:
    torch.manual_seed(1)
    expected = torch.rand(4)
    torch.manual_seed(1)
    with drawing_from(torch.Generator()):
        torch.rand(9)
    assert torch.equal(torch.rand(4), expected)


def test_without_a_generator_the_global_one_is_drawn_from() -> None:
    torch.manual_seed(1)
    expected = torch.rand(4)
    torch.manual_seed(1)
    with drawing_from(None):
        assert torch.equal(torch.rand(4), expected)


def test_threads_take_turns() -> None:
    """What is drawn in one must not be of the generator of another."""
    expected = torch.rand(2, generator=torch.Generator().manual_seed(1))
    begun = threading.Event()

    def draw() -> None:
        begun.set()
        with drawing_from(torch.Generator().manual_seed(2)):
            torch.rand(1)

    other = threading.Thread(target=draw)
    with drawing_from(torch.Generator().manual_seed(1)):
        first = torch.rand(1)
        other.start()
        begun.wait()
        other.join(0.1)
        assert other.is_alive()
        second = torch.rand(1)
    other.join()
    assert torch.equal(torch.cat([first, second]), expected)
