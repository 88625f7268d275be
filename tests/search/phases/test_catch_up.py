"""CatchUp: what serves a task in a promising design is tried for that task alone."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mtl_search.records import Phase, TrialRecord, TrialState
from mtl_search.search.designs import untried as module
from mtl_search.search.designs.composing import compose_arm, design_records, serving
from mtl_search.search.designs.control import alone
from mtl_search.search.ending import left_out
from mtl_search.search.jobs import Job, JobSource
from mtl_search.search.phases.catch_up import CatchUp
from mtl_search.search.phases.conductor import Conductor
from mtl_search.search.phases.replication import Replication
from mtl_search.search.phases.sequence import Phases
from mtl_search.training import TrialConfig, TrialOutcome, failure

MakeBench = Callable[..., Any]
SMALL = {"trials": 8, "reference_trials": 2}


def sources(b: Any, *, slots: int = 1) -> tuple[Conductor, CatchUp, Phases]:
    """The phases of a sweep up to its final designs, as a process finds them that has just started."""
    conductor = b.open(slots=slots)
    replication = Replication(b.spec, b.dataset.without_test(), conductor.ledger)
    catch_up = CatchUp(conductor, replication)

    def rest() -> Iterator[JobSource]:
        while True:
            yield catch_up
            yield replication
            if not catch_up.missing():
                return

    return conductor, catch_up, Phases(conductor, rest())


def alone_of(b: Any) -> dict[str, TrialRecord]:
    """By config_id, the networks of a task alone that its study trained to their end."""
    complete = (r for r in b.records() if r.state is TrialState.COMPLETE and r.phase is Phase.SEARCH)
    return {r.config_id: r for r in complete if r.arm == "single_task"}


@pytest.mark.parametrize("slots", [1, 3])
@pytest.mark.parametrize("repeats", [0, 2])
def test_no_network_serves_a_task_with_what_was_not_tried_alone(
    bench: MakeBench, slots: int, repeats: int
) -> None:
    b = bench(budget={**SMALL, "repeats": repeats})
    conductor, catch_up, source = sources(b, slots=slots)
    b.run(source, slots=slots)
    known = alone_of(b)
    served = serving(b.spec, conductor.ledger, conductor.ledger.replicated)
    assert served
    for key, tasks in served.items():
        config = TrialConfig.model_validate_json(conductor.ledger[key].config)
        for task in tasks:
            assert alone(config, task).identity(b.dataset.fingerprint) in known
    assert catch_up.missing() == []


def test_final_designs_have_what_is_promising_no_longer_and_that_was_tried_too(bench: MakeBench) -> None:
    plain = bench().values

    def noisy(job: Job) -> dict[str, float]:
        luck = random.Random(f"18{job.config.members}{job.config.optimizer.lr}{job.seed}")
        return {task: value * luck.gauss(1, 0.06) for task, value in plain(job).items()}

    b = bench(noisy, budget={"trials": 20, "reference_trials": 6, "repeats": 2})
    conductor, _, source = sources(b)
    b.run(source)
    ledger, known = conductor.ledger, alone_of(b)
    ledger.settle_references()
    for row in design_records(b.spec, ledger, final=True):
        for task, key in row.serves.items():
            config = TrialConfig.model_validate_json(ledger[key].config)
            if config.trunk.stages:  # a linear network is a reference of its own
                assert alone(config, task).identity(b.dataset.fingerprint) in known


def test_a_difference_in_tuning_is_no_gain_of_sharing(bench: MakeBench) -> None:
    # networks are as good as their learning rate, whoever their members are: nothing is gained by sharing
    b = bench(budget={"trials": 30, "reference_trials": 1})
    conductor = b.open()
    b.run(conductor)
    assert conductor.incumbents.delta_m("search") > 1.0, "the search found a better one"
    conductor, _, source = sources(b)
    b.run(source)
    assert conductor.incumbents.delta_m("search") == pytest.approx(0.0, abs=1e-9)


def test_it_counts_as_budget_of_single_task_and_is_not_stopped(bench: MakeBench) -> None:
    pruner = {"name": "asha", "min_epochs": 1, "reduction_factor": 2, "startup_trials": 0}
    b = bench(budget={"trials": 12, "reference_trials": 2}, pruner=pruner)
    _, _, source = sources(b)
    b.run(source)
    names = [r.arm for r in b.records()]
    last = [r for r in b.records()[len(names) - names[::-1].index("search") :] if r.phase is Phase.SEARCH]
    assert last
    assert {(r.arm, r.state) for r in last} == {("single_task", TrialState.COMPLETE)}
    assert {len(r.members) for r in last} == {1}


def test_a_network_that_another_arm_trained_alone_answers_it(bench: MakeBench) -> None:
    b = bench(
        budget={"trials": 6, "reference_trials": 2},
        trial={"members": {"subset": {"min": 1, "max": 1}}},
        objective={"max_networks": 2},
    )
    b.run(b.open())
    searched = len(b.jobs)
    _, _, source = sources(b)
    b.run(source)
    new = [r for r in b.records()[searched:] if r.phase is Phase.SEARCH]
    assert any(r.duplicate_of for r in new)
    assert sum(r.duplicate_of is None for r in new) == len(b.jobs) - searched


def test_a_network_of_another_space_is_tried_as_it_is(bench: MakeBench) -> None:
    wide = {"name": "mlp", "stages": 2, "width": 16}
    b = bench(arms={"wide": {"members": "all", "trunk": wide}}, budget=SMALL)
    conductor, _, source = sources(b)
    b.run(source)
    of_wide = [r for r in alone_of(b).values() if '"width":16' in r.config]
    assert of_wide
    assert all(r.params == {} for r in of_wide), "no sampled value of the study's own describes it"
    study = next(run.optuna.study for run in conductor.studies if run.optuna.name == "single_task/cost")
    assert len([t for t in study.trials if t.state.name == "FAIL"]) == sum(
        r.members == ("cost",) for r in of_wide
    ), "the study learns nothing of it"


def test_references_that_do_not_catch_up_stay_of_their_kind(bench: MakeBench) -> None:
    wide = {"name": "mlp", "stages": 2, "width": 16}
    b = bench(arms={"wide": {"members": "all", "trunk": wide}}, budget=SMALL, references={"catch_up": False})
    conductor, catch_up, source = sources(b)
    b.run(source)
    assert (catch_up.missing(), len(b.records())) == ([], len(b.jobs))
    assert not any('"width":16' in r.config for r in alone_of(b).values())
    assert any("may be of tuning" in note for note in left_out(b.spec.settings, conductor.ledger, [], []))


def test_what_fails_alone_is_not_tried_for_ever(bench: MakeBench) -> None:
    b = bench(budget={"trials": 30, "reference_trials": 1})
    plain = b.outcome
    searched: list[str] = []

    def outcome(job: Job) -> TrialOutcome:
        late = job.trial_id.startswith("single_task") and "search-0029" in searched
        searched.append(job.trial_id)
        return failure(ValueError("diverged")) if late else plain(job)

    b.outcome = outcome
    _, catch_up, source = sources(b)
    b.run(source)
    assert catch_up.missing() == []
    assert any(r.error for r in b.records())


@pytest.mark.parametrize("stop_after", [*range(17, 34, 2)])
def test_it_goes_on_where_it_was_stopped(bench: MakeBench, stop_after: int) -> None:
    whole = bench(folder="whole", budget={**SMALL, "repeats": 1})
    whole.run(sources(whole)[2])
    b = bench(budget={**SMALL, "repeats": 1})
    before = sources(b)[0]
    b.run(before)  # the search, whose draws depend on where it is stopped
    b.run(sources(b)[2], stop_after=stop_after - 16)
    b.run(sources(b)[2])
    assert {(r.arm, r.phase, r.config_id) for r in b.records()} == {
        (r.arm, r.phase, r.config_id) for r in whole.records()
    }
    ids = [r.trial_id for r in b.records()]
    assert len(ids) == len(set(ids))
    b.jobs.clear()
    b.run(sources(b)[2])
    assert b.jobs == [], "nothing is left"


def test_an_interrupted_trial_is_tried_again(bench: MakeBench) -> None:
    b = bench(budget={"trials": 30, "reference_trials": 1})
    b.run(b.open())
    _, catch_up, source = sources(b)
    job = source.next()
    assert isinstance(job, Job)
    source.interrupt()
    assert source.report(job.trial_id, next(b.reports(job)))
    source.finish(job.trial_id, None, b.placement)
    assert source.next() == "done"
    _, catch_up, source = sources(b)
    again = source.next()
    assert isinstance(again, Job)
    assert again.config == job.config
    b.end(source, again)
    b.run(source)
    assert catch_up.missing() == []


def test_a_network_alone_that_the_search_trained_first_can_be_the_reference(bench: MakeBench) -> None:
    b = bench(
        budget={"trials": 8, "reference_trials": 1, "repeats": 2},
        trial={"members": {"subset": {"min": 1, "max": 1}}},
    )
    conductor, _, source = sources(b)
    b.run(source)
    assert any(r.duplicate_of for r in b.records() if r.arm == "single_task")
    ledger = conductor.ledger
    ledger.settle_references()
    (design,) = compose_arm(b.spec, ledger, "single_task", final=True)
    gains = [ledger.mean_gains(ledger[key])[task] for task, key in design.serves.items()]
    assert gains == pytest.approx([0.0, 0.0])


def test_of_designs_that_are_not_recommended_no_more_is_tried_than_the_arm_s_own_budget(
    bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    b = bench(budget={"trials": 30, "reference_trials": 1})
    conductor = b.open()
    b.run(conductor)
    spec, ledger, data = b.spec, conductor.ledger, b.dataset.fingerprint
    found = module.untried(spec, ledger, data, serving(spec, ledger, ()))
    network = next(r for r in ledger.records if r.arm == "search")
    others = [(network, task) for task in ("cost", "ill")] * 4
    served = module.recommended(spec, ledger)
    mine = [(ledger[key], task) for task, key in served.items()] * 3
    assert module.within_bound(spec, ledger, found) == found
    assert module.within_bound(spec, ledger, [*mine, *others])[: len(mine)] == mine
    assert len(module.within_bound(spec, ledger, [*mine, *others])) == len(mine), "2 and 2 were allowed"
    monkeypatch.setattr(module, "recommended", lambda spec, ledger: {})
    assert len(module.within_bound(spec, ledger, others)) == 2
