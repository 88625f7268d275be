"""Seeds: derived numbers are fixed for ever, since a resumed sweep must draw what it would have drawn."""

import numpy as np

from mtl_search.seeds import derive_seed, random_stream


def test_seeds_are_the_same_on_every_machine() -> None:
    assert derive_seed(0, "single_task.cost", 3) == 602004879
    assert derive_seed("age cost") == derive_seed("age cost")
    assert derive_seed(0, 12) != derive_seed(1, 12)


def test_a_stream_depends_on_seed_and_purpose() -> None:
    assert random_stream(7).random() == np.random.default_rng(7).random()
    assert random_stream(7, 1).random() == np.random.default_rng((7, 1)).random()
    assert random_stream(7, 1).random() != random_stream(7, 2).random()
