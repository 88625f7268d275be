"""Planned trials: what is said before a sweep, against what sweeps trained."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from mtl_search.arm_names import SINGLE_TASK
from mtl_search.errors import Mismatch
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import Phase
from mtl_search.search import Count, Step, planned_trials
from mtl_search.sweep import SweepSpec, load_sweep

TinySpec = Callable[..., SweepSpec]

RESULTS = Path(__file__).parents[3] / "results"


def trained(folder: Path, of_search: int) -> Counter[Step]:
    """How many trials each step had; what the search has beyond its budget is the catch-up."""
    phases = Counter(record.phase for record in Leaderboard(folder).records())
    return Counter(
        {
            Step.SEARCH: of_search,
            Step.CATCH_UP: phases[Phase.SEARCH] - of_search,
            Step.REPLICATION: phases[Phase.REPLICATION],
            Step.CONFIRMATION: phases[Phase.CONFIRMATION],
        }
    )


@pytest.mark.parametrize("name", ["support2_nine", "yeast", "qm9"])
def test_the_committed_sweeps_trained_what_is_expected(name: str) -> None:
    plan = planned_trials(load_sweep(RESULTS / name / "sweep.yaml"))
    real = trained(RESULTS / name, plan.of(Step.SEARCH).expected)
    for step in Step:
        assert plan.of(step).low <= real[step] <= plan.of(step).high
        assert plan.of(step).expected == pytest.approx(real[step], rel=0.2)
    assert plan.total.expected == pytest.approx(real.total(), rel=0.05)


def test_the_search_is_exact_and_what_is_switched_off_is_not_there(tiny_spec: TinySpec) -> None:
    plan = planned_trials(tiny_spec())
    assert {part.arm: part.count for part in plan.within(Step.SEARCH)} == {
        "single_task": Count.exactly(4),
        "shared_equal": Count.exactly(4),
        "shared_tuned": Count.exactly(4),
        "search": Count.exactly(3),
    }
    assert (plan.within(Step.REPLICATION), plan.within(Step.CONFIRMATION)) == ((), ())
    assert plan.total.low == 15
    assert planned_trials(tiny_spec(references={"catch_up": False})).total == Count.exactly(15)


def test_a_linear_arm_and_arms_of_the_user_count(tiny_spec: TinySpec) -> None:
    budget = {"repeats": 2, "finalists": 2, "seeds": 5}
    plan = planned_trials(tiny_spec(budget=budget))
    more = planned_trials(
        tiny_spec(budget=budget, references={"linear": True}, arms={"mine": {"members": "all"}})
    )
    for step in Step:
        assert more.of(step).expected > plan.of(step).expected or step is Step.CATCH_UP
    assert {"linear", "mine"} <= {part.arm for part in more.within(Step.REPLICATION)}


def test_seeds_multiply_and_no_arm_replicates_more_networks_than_it_has(tiny_spec: TinySpec) -> None:
    def plan(**budget: int) -> tuple[Count, Count]:
        made = planned_trials(tiny_spec(budget={"finalists": 2, "seeds": 1, "repeats": 1, **budget}))
        return made.of(Step.REPLICATION), made.of(Step.CONFIRMATION)

    once, five = plan(), plan(seeds=5, repeats=5)
    assert (once[0] * 5, once[1] * 5) == five
    replicated, _ = plan(trials=1, reference_trials=1)
    assert replicated.high == 2 + 2 + 2 + 1


def test_under_hours_nobody_knows_the_search(tiny_spec: TinySpec) -> None:
    plan = planned_trials(tiny_spec(budget={"trials": None, "hours": 1.0, "finalists": 1, "seeds": 2}))
    assert plan.within(Step.SEARCH) == ()
    assert plan.of(Step.CONFIRMATION).low > 0
    assert {part.arm for part in plan.within(Step.CATCH_UP)} == {SINGLE_TASK}


def test_a_range_has_its_expectation_inside() -> None:
    assert Count.about(2.4, 9.0, 5.2) == Count(2, 5, 5)
    with pytest.raises(Mismatch):
        Count(3, 2, 4)
