"""The replication: no network is chosen for one lucky seed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtl_search.records import Phase, TrialState
from mtl_search.search import run_sweep
from mtl_search.search.designs.composing import compose_arm, design_records
from mtl_search.search.designs.plans import new_seeds
from mtl_search.search.jobs import Job
from mtl_search.search.ledger import Ledger
from mtl_search.search.phases.replication import ROUNDS, Replication
from mtl_search.sweep import SweepSpec
from mtl_search.training import failure

MakeBench = Callable[..., Any]
Values = Callable[[Job], dict[str, float]]
MakeSpec = Callable[..., SweepSpec]
MORE = {"repeats": 2, "trials": 12, "reference_trials": 6}


def searched(b: Any) -> Ledger:
    """The ledger after all arms."""
    source = b.open()
    b.run(source)
    return source.ledger


def replicated(b: Any, ledger: Ledger) -> Replication:
    """The replication of it, run to its end."""
    source = Replication(b.spec, b.dataset.without_test(), ledger)
    b.run(source)
    return source


@pytest.fixture
def plain(bench: MakeBench) -> Values:
    """Made-up values, the better the nearer the learning rate is to 0.01."""
    values: Values = bench().values
    return values


@pytest.fixture
def lucky(plain: Values) -> Values:
    """The same, but a network is far better on the seed it is first trained on."""

    def values(job: Job) -> dict[str, float]:
        fair = plain(job)
        if job.trial_id.startswith(Phase.REPLICATION.value) or len(job.config.members) == 1:
            return fair
        return {"cost": 0.5 * fair["cost"], "ill": 1.1 * fair["ill"], "stage": 1.1 * fair["stage"]}

    return values


@pytest.fixture
def noisy(plain: Values) -> Values:
    """The same, but the cost depends on the seed alone."""
    return lambda job: {**plain(job), "cost": 100.0 + job.seed % 7}


def test_final_designs_are_made_of_replicated_networks_alone(bench: MakeBench) -> None:
    b = bench(budget=MORE)
    ledger = searched(b)
    source = replicated(b, ledger)
    seeds = set(new_seeds(b.spec.settings, Phase.REPLICATION, 2))
    rows = design_records(b.spec, ledger, final=True)
    arms = {arm for row in rows for arm in row.arms}
    assert arms == {"single_task", "shared_equal", "shared_tuned", "search", "pooled"}
    for row in rows:
        for key in row.networks:
            assert {one.seed for one in ledger.replicates.complete(ledger[key].config_id)} == seeds
    assert source.failed == 0
    assert source.done == source.planned == len(b.records()) - len(ledger.records)


def test_a_gain_that_one_seed_gave_is_gone_with_the_others(
    bench: MakeBench, plain: Values, lucky: Values
) -> None:
    designs = []
    for values in (lucky, plain):
        b = bench(values, folder=values.__name__, budget=MORE)
        ledger = searched(b)
        if values is lucky:
            too_good = compose_arm(b.spec, ledger, "pooled", final=False)[-1].delta_m
        replicated(b, ledger)
        ledger.settle_references()
        rows = design_records(b.spec, ledger, final=True)
        designs.append(next(row for row in rows if "shared_equal" in row.arms))
        (alone,) = (row for row in rows if "single_task" in row.arms)
        assert alone.delta_m == pytest.approx(0.0)
    assert too_good > 20.0
    assert designs[0].delta_m == pytest.approx(designs[1].delta_m), "as if there had been no luck"


def test_a_gain_is_the_mean_over_the_replicates(bench: MakeBench, noisy: Values) -> None:
    b = bench(noisy, budget=MORE)
    ledger = searched(b)
    replicated(b, ledger)
    ledger.settle_references()
    design = next(row for row in design_records(b.spec, ledger, final=True) if "shared_equal" in row.arms)
    for task, key in design.serves.items():
        config_id = ledger[key].config_id
        again = [r for r in b.records() if r.config_id == config_id and r.phase == Phase.REPLICATION]
        assert len(again) == 2
        gains = [ledger.gains(record)[task] for record in again]
        assert design.gains[task] == pytest.approx(sum(gains) / 2)
        (candidate,) = (
            c for c in ledger.candidates(("shared_equal",), replicated={config_id}) if c.key == key
        )
        assert candidate.n_seen == 3, "for choosing all count"
        assert candidate.gains[task] == pytest.approx((sum(gains) + ledger.gains(ledger[key])[task]) / 3)
    assert design.delta_m == pytest.approx(sum(design.gains.values()) / len(design.gains))


def test_noise_is_the_spread_between_seeds(bench: MakeBench, noisy: Values) -> None:
    b = bench(noisy, budget=MORE)
    ledger = searched(b)
    assert ledger.noise(ledger.replicated) == {}, "before the replication nobody knows"
    replicated(b, ledger)
    noise = ledger.noise(ledger.replicated)
    assert noise["ill"] == pytest.approx(0.0)
    assert 0.5 < noise["cost"] < 5.0, "seven values about 1 % apart have a standard deviation of 2"


def test_references_are_means_too(bench: MakeBench, noisy: Values) -> None:
    b = bench(noisy, budget=MORE)
    ledger = searched(b)
    best_of_many = ledger.references["cost"]
    replicated(b, ledger)
    ledger.settle_references()
    assert ledger.references["cost"] > best_of_many, "an RMSE: the luck is gone"


def test_without_repeats_nothing_is_trained_again(bench: MakeBench) -> None:
    b = bench(budget={"repeats": 0})
    ledger = searched(b)
    references = dict(ledger.references)
    source = replicated(b, ledger)
    ledger.settle_references()
    assert source.planned == 0
    assert ledger.references == references
    assert len(b.records()) == len(ledger.records)


def test_it_ends_after_a_few_rounds(bench: MakeBench, noisy: Values) -> None:
    b = bench(noisy, budget={**MORE, "trials": 30})
    ledger = searched(b)
    source = Replication(b.spec, b.dataset.without_test(), ledger)
    rounds = 0
    while pairs := source.more():
        rounds += 1
        assert rounds <= ROUNDS
        assert len({(record.config_id, seed) for record, seed in pairs}) == len(pairs)
        b.run(OnePass(b.spec, b.dataset.without_test(), ledger, pairs))
    assert rounds > 1, "noise makes others promising"


class OnePass(Replication):
    """The trainings of one round alone."""

    def __init__(self, spec: Any, dataset: Any, ledger: Ledger, pairs: list[Any]) -> None:
        super().__init__(spec, dataset, ledger)
        self._queue = pairs

    def more(self) -> list[Any]:
        return []


@pytest.mark.parametrize("stop_after", [1, 3, 11])
def test_a_resume_ends_as_if_it_had_never_stopped(bench: MakeBench, noisy: Values, stop_after: int) -> None:
    rows = []
    for folder in ("whole", "stopped"):
        b = bench(noisy, folder=folder, budget=MORE)
        ledger = searched(b)
        if folder == "stopped":
            b.run(Replication(b.spec, b.dataset.without_test(), ledger), stop_after=stop_after)
            ledger = b.open().ledger
        replicated(b, ledger)
        assert replicated(b, ledger).done == 0, "and nothing is left to do"
        ledger.settle_references()
        pairs = [(r.config_id, r.seed) for r in b.records() if r.phase == Phase.REPLICATION]
        assert len(pairs) == len(set(pairs))
        rows.append((set(pairs), design_records(b.spec, ledger, final=True)))
    assert rows[0] == rows[1]


def test_designs_of_a_search_that_was_stopped_know_no_replicates(bench: MakeBench, noisy: Values) -> None:
    b = bench(noisy, budget=MORE)
    ledger = searched(b)
    before = design_records(b.spec, ledger, final=False)
    b.run(Replication(b.spec, b.dataset.without_test(), ledger), stop_after=5)
    assert design_records(b.spec, ledger, final=False) == before


def test_a_network_that_fails_on_a_new_seed_is_no_candidate(bench: MakeBench) -> None:
    b = bench(budget=MORE)
    ledger = searched(b)
    best = compose_arm(b.spec, ledger, "shared_equal", final=False)[0].keys[0]
    plain = b.outcome

    def outcome(job: Job) -> Any:
        sick = job.config.identity(b.dataset.fingerprint) == ledger[best].config_id
        return failure(ValueError("diverged")) if sick else plain(job)

    b.outcome = outcome
    source = replicated(b, ledger)
    assert source.failed == 4, "each of two seeds was tried again"
    assert best not in {key for row in design_records(b.spec, ledger, final=True) for key in row.networks}


def test_a_whole_sweep(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    spec = tiny_spec(budget={"repeats": 2, "finalists": 1, "seeds": 1})
    board = run_sweep(spec, tmp_path, inline=True).board
    trials = board.frame("trials")
    again = trials[trials["phase"] == "replication"]
    assert set(again["state"]) == {TrialState.COMPLETE.value}
    assert not again.duplicated(["config_id", "seed"]).any()
    confirmed = set(trials[trials["phase"] == "confirmation"]["seed"])
    assert not confirmed & set(again["seed"])
    splits = board.frame("metrics").groupby("phase")["split"].unique()
    assert set(splits["replication"]) == {"valid"}
    (alone,) = board.frame("designs").query("arm == 'single_task'")["delta_m"]
    assert alone == pytest.approx(0.0)
