"""The incumbents are what composing everything anew would give, whatever order the trials come in."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_search.leaderboard import SCHEMAS, Leaderboard
from mtl_search.records import Metric, MetricKind, Phase, Split, TrialRecord, TrialState
from mtl_search.search.designs import incumbents as module
from mtl_search.search.designs.composing import compose_arm
from mtl_search.search.designs.incumbents import Incumbents
from mtl_search.search.ledger import Ledger
from mtl_search.sweep import SweepSpec

TASKS = ("age", "cost", "death")
AUROC = MetricKind("auroc", higher_is_better=True)
ARMS = ("single_task", "shared_equal", "shared_tuned", "search")
DESIGNED = (*ARMS, "pooled")


class Board:
    """A leaderboard that keeps nothing."""

    def recover(self) -> set[str]:
        return set()

    def records(self) -> list[TrialRecord]:
        return []

    def resamples(self) -> pa.Table:
        return SCHEMAS["resamples"].empty_table()

    def record(self, record: TrialRecord) -> None:
        pass


def empty_ledger() -> Ledger:
    return Ledger(cast(Leaderboard, Board()), dict.fromkeys(TASKS, AUROC))


def sweep(**objective: int) -> SweepSpec:
    return SweepSpec.from_value(
        {
            "name": "test",
            "data": {"source": "support2"},
            "tasks": dict.fromkeys(TASKS, "binary"),
            "objective": objective,
            "budget": {"trials": 10},
            "trial": {
                "members": {"subset": {"min": 1, "max": 3}},
                "sharing": "shared",
                "trunk": {"name": "mlp", "stages": 2},
            },
        }
    )


def trial(
    number: int,
    arm: str,
    values: dict[str, float],
    n_params: int = 10,
    state: TrialState = TrialState.COMPLETE,
    **others: Any,
) -> TrialRecord:
    now = datetime.now(UTC)
    return TrialRecord(
        sweep="test",
        arm=arm,
        phase=Phase.SEARCH,
        trial_id=f"{arm}-{number:04d}",
        config_id=str(number),
        seed=number,
        state=state,
        members=tuple(sorted(values)),
        sharing=" ".join(sorted(values)),
        weighting="equal",
        params={},
        config="{}",
        data="",
        started=now,
        finished=now,
        n_params=n_params,
        metrics=tuple(Metric(task, Split.VALID, "auroc", value) for task, value in values.items()),
        **others,
    )


def singles() -> list[TrialRecord]:
    return [trial(i, "single_task", {task: 0.5}, n_params=5) for i, task in enumerate(TASKS)]


def expected(spec: SweepSpec, ledger: Ledger, arm: str) -> float:
    designs = compose_arm(spec, ledger, arm, final=False)
    return designs[-1].delta_m if designs else math.nan


values_of_some_tasks = st.dictionaries(
    st.sampled_from(TASKS), st.sampled_from([0.3, 0.4, 0.5, 0.6, 0.7, math.nan]), min_size=1
)
some_trials = st.lists(
    st.tuples(
        st.sampled_from(ARMS),
        values_of_some_tasks,
        st.integers(1, 30),
        st.sampled_from(list(TrialState)),
    ),
    max_size=14,
)


@pytest.mark.parametrize("objective", [{"max_networks": 1}, {"max_networks": 2}, {"max_params": 40}])
@given(drawn=some_trials)
@settings(max_examples=25, deadline=None)
def test_equal_to_composing_everything_anew_after_each_trial(
    objective: dict[str, int], drawn: Sequence[tuple[str, dict[str, float], int, TrialState]]
) -> None:
    spec, ledger = sweep(**objective), empty_ledger()
    incumbents = Incumbents(spec, ledger)
    records = [trial(100 + i, arm, values, size, state) for i, (arm, values, size, state) in enumerate(drawn)]
    for record in [*singles(), *records]:  # single-task trials among them move the references
        ledger.record(record)
        for arm in DESIGNED:
            assert incumbents.delta_m(arm) == pytest.approx(expected(spec, ledger, arm), nan_ok=True)


def test_nan_while_a_main_task_is_not_served() -> None:
    spec, ledger = sweep(max_networks=3), empty_ledger()
    incumbents = Incumbents(spec, ledger)
    assert math.isnan(incumbents.delta_m("pooled"))
    for record in singles()[:2]:
        ledger.record(record)
    assert math.isnan(incumbents.delta_m("pooled"))
    ledger.record(singles()[2])
    assert incumbents.delta_m("pooled") == 0.0


def test_composes_only_when_a_network_joins_the_front(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, ledger = sweep(max_networks=3), empty_ledger()
    incumbents = Incumbents(spec, ledger)
    for record in singles():
        ledger.record(record)
    incumbents.delta_m("pooled")
    composed: list[int] = []
    compose_for = module.compose_for  # type: ignore[attr-defined]

    def counted(spec: SweepSpec, ledger: Ledger, arm: str, candidates: Sequence[Any]) -> Any:
        composed.append(len(candidates))
        return compose_for(spec, ledger, arm, candidates)

    monkeypatch.setattr(module, "compose_for", counted)
    assert incumbents.delta_m("pooled") == 0.0
    ledger.record(trial(10, "search", {"age": 0.4}))  # worse than the single-task network, and larger
    ledger.record(trial(11, "search", {"age": 0.9}, state=TrialState.PRUNED))
    ledger.record(trial(12, "search", {"age": 0.9}, duplicate_of="search-0010"))
    assert incumbents.delta_m("pooled") == 0.0
    assert composed == []
    ledger.record(trial(13, "search", {"age": 0.55, "cost": 0.55}))
    assert incumbents.delta_m("pooled") == pytest.approx(20 / 3)
    assert composed == [2]  # it leaves only the single-task network of death beside it
