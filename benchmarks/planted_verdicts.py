"""Kinds of planted data on which a verdict is known to be right or wrong; run by ``planted.py``."""

from collections.abc import Iterator

from benchmarks.planted_data import (
    Planted,
    Sample,
    planted_independent,
    planted_narrow,
    planted_pairs,
)
from benchmarks.planted_sweep import Row, sweep

SEARCH = 40  # trials of the search, whatever the references have: often several times as many
SMALL = Sample(train=100, held_out=300)  # four steps an epoch: a training of .05 seconds


def independent_6(seed: int) -> Iterator[Row]:
    """Three tasks with nothing in common, 6 trials a reference: "better" would be a false finding."""
    return _verdict(planted_independent(seed, 3, SMALL), seed, reference_trials=6, networks=3)


def independent_12(seed: int) -> Iterator[Row]:
    """The same with 12 trials a reference."""
    return _verdict(planted_independent(seed, 3, SMALL), seed, reference_trials=12, networks=3)


def independent_48(seed: int) -> Iterator[Row]:
    """The same with 48 trials a reference."""
    return _verdict(planted_independent(seed, 3, SMALL), seed, reference_trials=48, networks=3)


def pairs(seed: int) -> Iterator[Row]:
    """Two pairs of tasks that help each other: "better" is right, and the gain is one of sharing."""
    return _verdict(planted_pairs(seed), seed, reference_trials=10, networks=2)


def narrow(seed: int) -> Iterator[Row]:
    """One narrow hyperparameter, sharing that does nothing, 6 trials a reference: never "better"."""
    return _verdict(planted_narrow(seed), seed, reference_trials=6, networks=3)


def _verdict(planted: Planted, seed: int, *, reference_trials: int, networks: int) -> Iterator[Row]:
    """What a sweep says of the design that it recommends, and which part of the gain it calls whose."""
    budget = {"trials": SEARCH, "reference_trials": reference_trials, "finalists": 1, "seeds": 5}
    tables = sweep(planted, "bayes", seed, budget=budget, networks=networks)
    (design,) = tables["designs"].query("chosen").to_dict("records")
    (said,) = tables["summary"].query("chosen").to_dict("records")
    members = dict(zip(tables["trials"]["trial_id"], tables["trials"]["members"].map(tuple), strict=True))
    better, tuning, sharing = said["verdict"] == "better", said["gain_of_tuning"], said["gain_of_sharing"]
    yield {
        "variant": f"{reference_trials} reference trials",
        "better": better,
        "better, mostly by sharing": better and sharing > max(tuning, 0.0),
        "worse": said["verdict"] == "worse",
        "provisional": len(said["provisional"]) > 0,
        "delta_m": said["delta_m"],
        "gain_of_tuning": tuning,
        "gain_of_sharing": sharing,
        "n_networks": said["n_networks"],
        "as planted": {members[key] for key in design["networks"]} == set(planted.networks),
        "trials": len(members),
        "chosen": said["text"],
        "verdict": said["verdict"],
    }
