"""Which design is recommended: the smallest that is not shown to be worse than the best on valid."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import pytest

from mtl_search.search.designs.choosing import Choice, Contender, choose
from mtl_search.search.ledger import Ledger

TASKS = ("a", "b", "c", "d")


@dataclass
class Replicates:
    """What a ledger knows of replicated networks: gains by seed, and without groups of valid's units."""

    gains: dict[str, list[Mapping[str, float]]]
    left_out: dict[tuple[str, str], dict[int, float]] = field(default_factory=dict)

    @property
    def replicated(self) -> set[str]:
        return set(self.gains)

    def replicate_gains(self, config_id: str) -> dict[int, Mapping[str, float]]:
        return dict(enumerate(self.gains.get(config_id, [])))

    def resampled_gains(self, config_id: str, task: str) -> dict[int, float]:
        return self.left_out.get((config_id, task), {})


def measured(true: Mapping[str, float], *, noise: float, seeds: int = 2, shared: float = 0.0) -> Replicates:
    """Networks of all tasks with these mean gains; ``shared``: noise that all tasks of a training have."""
    rng = np.random.default_rng(1)
    found: dict[str, list[Mapping[str, float]]] = {}
    for config_id, gain in true.items():
        deviations = rng.normal(size=(seeds, len(TASKS))) * noise + rng.normal(size=(seeds, 1)) * shared
        deviations -= deviations.mean(axis=0)  # the means are as said
        found[config_id] = [dict(zip(TASKS, gain + row, strict=True)) for row in deviations]
    return Replicates(found)


def design(name: str, delta_m: float, configs: str, n_params: int = 10, helpers: int = 0) -> Contender:
    """``helpers``: members that are trained and not served."""
    served = dict(zip(TASKS, configs, strict=True))
    n_networks = len(set(configs))
    alone = name == "single_task"
    return Contender(name, n_networks, len(TASKS) + helpers, alone, n_params * n_networks, delta_m, served)


def chosen(
    designs: list[Contender], ledger: Replicates, weights: Mapping[str, float] | None = None
) -> Choice:
    choice = choose(designs, cast(Ledger, ledger), weights or {})
    assert choice is not None
    return choice


TRUE = {"s": 1.0, "x": 1.16, "y": 1.16, "z": 1.16, "t": 0.9}


def test_one_network_does_not_lose_to_three_that_are_hardly_ahead() -> None:
    one, three = design("shared", 1.0, "ssss"), design("search", 1.16, "xxyz")
    choice = chosen([three, one], measured(TRUE, noise=0.6))
    assert choice.chosen == 1
    assert choice.behind == (0.0, pytest.approx(0.16))
    assert choice.p[1] > 0.05
    assert "smallest of 2 designs" in choice.why
    assert "search: 0.16 percentage points behind it" in choice.why


def test_three_networks_that_are_far_ahead_are_chosen() -> None:
    one, three = design("shared", 1.0, "ssss"), design("search", 9.0, "xxyz")
    choice = chosen([one, three], measured({**TRUE, "x": 9.0, "y": 9.0, "z": 9.0}, noise=0.6))
    assert choice.chosen == 1
    assert choice.p[0] < 0.005
    assert choice.why.startswith("the best on valid: every smaller design is shown to be worse there")


def test_a_small_design_that_is_far_behind_is_not_forgiven_for_noise() -> None:
    """Noise hides everything; a point of delta_m is more than fewer networks may seem to cost."""
    ledger = measured({**TRUE, "x": 4.0, "y": 4.0, "z": 4.0}, noise=9.0)
    one, three = design("shared", 1.0, "ssss"), design("search", 4.0, "xxyz")
    choice = chosen([one, three], ledger)
    assert choice.p[0] > 0.05
    assert choice.chosen == 1
    near = design("shared", 3.1, "ssss")
    assert chosen([near, three], ledger).chosen == 0


def test_two_replicates_are_enough_since_noise_is_pooled() -> None:
    """A t test of these two designs alone has one degree of freedom."""
    many = {f"n{i}": 0.0 for i in range(12)} | TRUE | {"x": 3.0, "y": 3.0, "z": 3.0}
    one, three = design("shared", 1.0, "ssss"), design("search", 3.0, "xxyz")
    assert chosen([one, three], measured(many, noise=0.6)).chosen == 1


def test_what_a_seed_brings_to_all_networks_cancels() -> None:
    """The replicates are paired: one seed is good for all, the other bad."""
    many = {f"n{i}": 0.0 for i in range(12)} | TRUE | {"x": 3.0, "y": 3.0, "z": 3.0}
    ledger = measured(many, noise=0.6)
    for gains in ledger.gains.values():
        for seed, row in enumerate(gains):
            for task in TASKS:
                cast(dict[str, float], row)[task] += 20.0 * (-1) ** seed
    one, three = design("shared", 1.0, "ssss"), design("search", 3.0, "xxyz")
    assert chosen([one, three], ledger).chosen == 1


def test_of_equally_many_networks_the_fewest_parameters() -> None:
    small, large = design("small", 1.0, "ssss", n_params=5), design("large", 1.0, "tttt", n_params=50)
    assert chosen([large, small], measured(TRUE, noise=0.6)).chosen == 1


def test_of_equally_many_networks_sharing_has_to_earn_its_place() -> None:
    """Fewer parameters are no reason to train tasks that the network does not serve."""
    plain = design("alone", 1.0, "ssss", n_params=50)
    shared = design("helped", 1.16, "tttt", n_params=5, helpers=3)
    assert chosen([shared, plain], measured(TRUE, noise=0.6)).chosen == 1
    far = design("helped", 9.0, "tttt", n_params=5, helpers=3)
    assert chosen([far, plain], measured({**TRUE, "t": 9.0}, noise=0.6)).chosen == 0


def test_single_tasks_are_recommended_unless_as_many_networks_are_shown_to_be_better() -> None:
    """Others are taken for what they train only if they are hardly behind, and lose to it as equals."""
    true = {"s": 0.0, **dict.fromkeys("uvwxyz", 2.5)}
    alone, helped = design("single_task", 0.0, "stvw"), design("helped", 2.5, "uxyz", n_params=5, helpers=1)
    noisy, clear = measured({**true, "t": 0.0}, noise=9.0), measured({**true, "t": 0.0}, noise=0.1)
    assert chosen([helped, alone], noisy).chosen == 1
    assert chosen([helped, alone], clear).chosen == 0
    plain = design("search", 0.1, "uxyz", n_params=5)
    assert chosen([plain, alone], noisy).chosen == 1
    assert chosen([helped, design("alone", 0.0, "stvw")], noisy).chosen == 0


def test_tasks_that_the_same_network_serves_do_not_differ() -> None:
    """Only task d differs, so the noise of the others does not hide that it is worse."""
    noisy = measured({"s": 0.0, "t": 0.0, "u": -4.0, **dict.fromkeys("efghijklmn", 0.0)}, noise=0.5)
    for number, gains in enumerate(noisy.gains.values()):
        for seed, row in enumerate(gains):
            cast(dict[str, float], row)["a"] += 50.0 * (-1) ** (seed + number)
    best, worse = design("best", 0.0, "ssst"), design("other", -1.0, "sssu")
    choice = chosen([best, worse], noisy)
    assert choice.p[1] < 0.01
    same = chosen([best, design("twin", 0.0, "ssst")], noisy)
    assert same.p == (1.0, 1.0)


def test_a_seed_that_is_good_for_all_tasks_of_a_network_counts_once() -> None:
    """Noise that the tasks of a training share does not average out over them."""
    one, other = design("one", 0.0, "ssss", 5), design("other", 0.9, "tttt", 9)
    p = []
    for signs in ((1, 1, -1, -1), (1, 1, 1, 1)):  # over seeds as noisy a task, but apart or together
        gains: dict[str, list[Mapping[str, float]]] = {
            name: [
                {task: mean + seed * 0.7 * sign for task, sign in zip(TASKS, signs, strict=True)}
                for seed in ((-1, 1) if name in "su" else (1, -1))
            ]
            for name, mean in {"s": 0.0, "t": 0.9, "u": 0.0, "v": 0.0}.items()
        }
        left_out = {(name, task): {0: 0.1, 1: -0.1, 2: 0.0} for name in "s" for task in TASKS}
        left_out |= {(name, task): dict.fromkeys(range(3), 0.0) for name in "t" for task in TASKS}
        p.append(chosen([one, other], Replicates(gains, left_out)).p[0])
    assert p[0] < 0.05 < p[1]


def test_what_hangs_on_the_rows_of_valid_counts() -> None:
    ledger = measured({**TRUE, "x": 1.95, "y": 1.95, "z": 1.95}, noise=0.3)
    one, three = design("shared", 1.0, "ssss"), design("search", 1.95, "xxyz")
    sure = chosen([one, three], ledger)
    for config, task in zip("xxyzssss", "abcdabcd", strict=True):
        sign = 1 if config != "s" else -1
        ledger.left_out[config, task] = {group: 2.0 + sign * (-1) ** group * 0.6 for group in range(10)}
    unsure = chosen([one, three], ledger)
    assert sure.p[0] < 0.05 < unsure.p[0]
    assert (sure.chosen, unsure.chosen) == (1, 0)


def test_weights_count() -> None:
    one, other = design("one", 1.0, "ssss", 5), design("other", 1.5, "ssst", 9)
    ledger = measured({"s": 1.0, "t": 3.0, "u": 0.0}, noise=0.5)
    light, heavy = (chosen([one, other], ledger, {"d": weight}) for weight in (0.01, 1.0))
    assert light.p[0] < heavy.p[0], "the same difference, of which d's noise is a smaller part"


def test_without_two_replicates_it_is_the_best() -> None:
    one, three = design("shared", 1.0, "ssss"), design("search", 1.16, "xxyz")
    choice = chosen([one, three], measured(TRUE, noise=0.6, seeds=1))
    assert choice.chosen == 1
    assert "nothing was replicated twice" in choice.why
    assert math.isnan(choice.p[0])


def test_a_design_that_was_not_replicated_is_not_taken_for_as_good() -> None:
    one, three = design("shared", 1.1, "????"), design("search", 1.16, "xxyz")
    assert chosen([one, three], measured(TRUE, noise=0.6)).chosen == 1


def test_nothing_known_nothing_chosen() -> None:
    assert choose([], cast(Ledger, measured(TRUE, noise=1.0)), {}) is None
    unknown = design("x", math.nan, "ssss")
    assert choose([unknown], cast(Ledger, measured(TRUE, noise=1.0)), {}) is None


def test_a_worse_design_is_seldom_called_as_good_and_an_equal_one_seldom_worse() -> None:
    """The level, by simulation: designs that are equal are called worse in one of twenty."""
    rng = np.random.default_rng(0)
    worse = 0
    for _ in range(400):
        deviations = rng.normal(size=(14, 2, len(TASKS)))
        gains = [[dict(zip(TASKS, row, strict=True)) for row in network] for network in deviations]
        ledger = Replicates({name: list(rows) for name, rows in zip("stuvwxyzklmnop", gains, strict=True)})
        means = deviations.mean(axis=1).mean(axis=1)
        pair = [design("s", float(means[0]), "ssss"), design("t", float(means[1]), "tttt")]
        worse += min(chosen(pair, ledger).p) < 0.05
    assert 0.05 < worse / 400 < 0.16, "twice the level, since the better of two is taken as the best"


def test_what_was_not_replicated_is_not_taken_for_its_luck() -> None:
    ledger = measured({"x": 1.0}, noise=0.1)
    choice = chosen([design("lucky", 9.0, "llll"), design("known", 1.0, "xxxx")], ledger)
    assert choice.chosen == 1
    assert math.isnan(choice.behind[0])
    assert chosen([design("lucky", 9.0, "llll"), design("other", 1.0, "oooo")], ledger).chosen == 0
