"""The levels of a network with experts, from the table of gates."""

import pandas as pd
import pytest

from mtl_search.analysis.gates import GateLevel, gate_levels

COLUMNS = ["trial_id", "level", "task", "expert", "weight"]
GATES = pd.DataFrame(
    [
        ("a", 1, "age", "shared 1", 1.0),
        ("a", 0, "age", "shared 1", 0.25),
        ("a", 0, "age", "age 1", 0.75),
        ("a", 0, "cost", "shared 1", 0.5),
        ("a", 0, "cost", "cost 1", 0.5),
        ("b", 0, "age", "age", 0.9),
    ],
    columns=COLUMNS,
)


def test_levels_are_in_order_with_the_weights_of_each_task() -> None:
    first, second = gate_levels(GATES, {"trial_id": "a", "duplicate_of": None})
    assert first.experts == ("shared 1", "age 1", "cost 1")
    assert first.weights["age"] == {"shared 1": 0.25, "age 1": 0.75}
    assert (first.shared, first.own("cost")) == (["shared 1"], ["cost 1"])
    assert second.weights == {"age": {"shared 1": 1.0}}


def test_a_trial_that_was_answered_from_another_has_its_gates() -> None:
    again = gate_levels(GATES, {"trial_id": "again", "duplicate_of": "a"})
    assert again == gate_levels(GATES, {"trial_id": "a", "duplicate_of": None})
    assert gate_levels(GATES, {"trial_id": "tree", "duplicate_of": None}) == ()


@pytest.mark.parametrize(
    ("experts", "stitch"), [(("age", "cost"), True), (("shared 1",), False), (("age 1", "cost 1"), False)]
)
def test_a_stitch_mixes_the_tasks_themselves(experts: tuple[str, ...], stitch: bool) -> None:
    assert GateLevel(experts, {"age": {}, "cost": {}}).is_stitch is stitch
