from typing import Any

import pytest
from pydantic import ValidationError

from mtl_search.testing.toy_networks import LinearNetwork
from mtl_search.weighting import DbMtlConfig
from mtl_search.weighting.db_mtl import DbMtlWeighting

ROWS = {"a": [3.0, 4.0], "b": [0.0, 2.0]}
MEMBERS = ("a", "b")
BOTH = {"a": 2.0, "b": 4.0}  # gradients of the logs: (1.5, 2), 2.5 long, and (0, 0.5)


def step(weighting: DbMtlWeighting, **losses: float) -> tuple[list[float], list[float]]:
    """The shared gradient and the weights in a batch with these losses."""
    network = LinearNetwork(ROWS)
    weights = weighting.backward(network.losses(**losses), network)
    for name, loss in losses.items():
        assert network.own[name].grad.item() == pytest.approx(1 / loss)
    return network.gradient(), [float(weights[name]) for name in losses]


def test_without_memory_all_log_gradients_have_the_length_of_the_longest() -> None:
    """The second, (0, 0.5), is made five times as long: (1.5, 2) + (0, 2.5)."""
    gradient, weights = step(DbMtlConfig(beta=0.0).build(MEMBERS), **BOTH)
    assert gradient == pytest.approx([1.5, 4.5])
    assert weights == pytest.approx([1 / 2, 5 / 4])
    rows = zip(*ROWS.values(), strict=True)
    assert gradient == pytest.approx([weights[0] * a + weights[1] * b for a, b in rows])


def test_the_running_mean_starts_at_zero() -> None:
    weighting = DbMtlConfig(beta=0.9).build(MEMBERS)
    assert step(weighting, **BOTH)[0] == pytest.approx([0.1 * 1.5, 0.1 * 4.5])
    assert step(weighting, **BOTH)[0] == pytest.approx([0.19 * 1.5, 0.19 * 4.5])


def test_the_past_fades_with_the_number_of_batches() -> None:
    """beta is 0.9 and then 0.9 / 2: the mean is 0.55 g + 0.45 * 0.1 g."""
    weighting = DbMtlConfig(beta=0.9, decay=1.0).build(MEMBERS)
    step(weighting, **BOTH)
    assert step(weighting, **BOTH)[0] == pytest.approx([0.595 * 1.5, 0.595 * 4.5])


def test_gradients_are_averaged_before_they_are_scaled() -> None:
    """The second's mean is half of (0, 0.5) and half of (0, 2) / 1: (0, 1.25) beside (1.5, 2) * 0.75."""
    weighting = DbMtlConfig(beta=0.5).build(MEMBERS)
    step(weighting, **BOTH)
    gradient, _ = step(weighting, a=2.0, b=1.0)
    a, b = [0.75 * 1.5, 0.75 * 2.0], 0.5 * 0.25 + 0.5 * 2.0
    longest = 0.75 * 2.5
    assert b < longest
    assert gradient == pytest.approx([a[0], a[1] + longest])


def test_an_absent_member_adds_nothing_and_keeps_its_mean_and_count() -> None:
    with_gap, without = (DbMtlConfig(beta=0.9, decay=0.5).build(MEMBERS) for _ in range(2))
    for weighting in (with_gap, without):
        step(weighting, **BOTH)
    gradient, _ = step(with_gap, a=2.0)
    assert gradient[0] / gradient[1] == pytest.approx(0.75)  # the direction of a alone
    kept = with_gap._means["b"].tolist(), with_gap._counts["b"]
    assert kept == (without._means["b"].tolist(), without._counts["b"])


def test_a_loss_of_zero_leaves_gradients_finite() -> None:
    network = LinearNetwork(ROWS)
    weights = DbMtlConfig().build(MEMBERS).backward(network.losses(a=0.0, b=1.0), network)
    assert all(abs(value) < 1e12 for value in [*network.gradient(), float(weights["a"])])


def test_a_network_of_one_follows_its_log_loss() -> None:
    network = LinearNetwork({"a": [3.0, 4.0]})
    weights = DbMtlConfig().build(("a",)).backward(network.losses(a=2.0), network)
    assert network.gradient() == pytest.approx([1.5, 2.0])
    assert float(weights["a"]) == pytest.approx(0.5)


def test_scaling_a_loss_changes_nothing() -> None:
    """The point of the logarithm."""
    found = []
    for factor in (1.0, 1000.0):
        network = LinearNetwork({"a": [3.0 * factor, 4.0 * factor], "b": [0.0, 2.0]})
        DbMtlConfig().build(MEMBERS).backward(network.losses(a=2.0 * factor, b=4.0), network)
        found.append(network.gradient())
    assert found[0] == pytest.approx(found[1], rel=1e-5)


@pytest.mark.parametrize("options", [{"beta": 1.0}, {"beta": -0.1}, {"decay": -1.0}, {"lr": 1.0}])
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DbMtlConfig(**options)
