"""Afterwards: what follows the search, and how long it is expected to take."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mtl_search.arm_names import LINEAR, SEARCH, SHARED_EQUAL, SINGLE_TASK, TREES
from mtl_search.records import Phase, TrialRecord, TrialState
from mtl_search.search.designs.composing import design_records, serving
from mtl_search.search.designs.finalists import finalists
from mtl_search.search.designs.plans import new_seeds
from mtl_search.search.designs.untried import untried
from mtl_search.search.ledger import Ledger
from mtl_search.sweep.spec import SweepSpec

__all__ = ["FEWEST", "Afterwards", "expected_after"]

FEWEST = 2  # seeds of a confirmation that is cut short: with one there is no interval
LATER = 0.3  # what later rounds of catch-up and replication may take, relative to the first

Takes = Callable[[Iterable[float]], float]


@dataclass(frozen=True, slots=True)
class Afterwards:
    """Seconds: of the first ``catch_up``, of one seed of the first round to ``replicate``, of all its seeds
    (``round``), and of the confirmation on each seed (``seeds``)."""

    catch_up: float
    replicate: float
    round: float
    seeds: tuple[float, ...]

    def confirmation(self, count: int | None = None) -> float:
        """Of the confirmation, on the first ``count`` seeds or all."""
        return sum(self.seeds[:count])

    @property
    def whole(self) -> float:
        """Of everything."""
        return self.once + LATER * (self.catch_up + self.round)

    @property
    def once(self) -> float:
        """Of everything, with one round of catch-up and replication."""
        return self.catch_up + self.round + self.confirmation()

    @property
    def least(self) -> float:
        """Of what cannot be left out."""
        return self.catch_up + self.confirmation(FEWEST)


def expected_after(spec: SweepSpec, ledger: Ledger, data: str, takes: Takes) -> Afterwards | None:
    """What would follow if the search ended now; None if nothing was trained yet."""
    if ledger.timings.whole(SINGLE_TASK) is None:
        return None
    if any(record.arm == SEARCH and record.state == TrialState.COMPLETE for record in ledger.records):
        return _counted(spec, ledger, data, takes)
    return _guessed(spec, ledger, takes)


def _guessed(spec: SweepSpec, ledger: Ledger, takes: Takes) -> Afterwards:
    """Before the search has begun: designs are taken to have as many networks as they may."""
    settings, timings = spec.settings, ledger.timings
    budget, n = settings.budget, len(settings.main_tasks)
    alone, shared = (timings.whole(arm) or 0.0 for arm in (SINGLE_TASK, SHARED_EQUAL))
    linear = [timings.whole(LINEAR) or 0.0] * n * settings.references.linear
    trees = [timings.whole(TREES) or 0.0] * n * settings.references.trees
    plain = [alone] * n + linear + [shared] * 2
    designs = [shared] * min(settings.objective.max_networks or n, n)
    promising = plain + designs * (2 + len(spec.arms))
    again = [alone] * n * 2 * settings.references.catch_up
    confirmed = plain + trees + designs * min(2, budget.finalists) + [alone] * n
    wanted = budget.seeds if budget.finalists else 0
    return Afterwards(
        takes(again),
        takes(promising) if budget.repeats else 0.0,
        takes(promising * budget.repeats),
        (takes(confirmed),) * wanted,
    )


def _counted(spec: SweepSpec, ledger: Ledger, data: str, takes: Takes) -> Afterwards:
    """By the designs that are best so far, without what is trained already."""
    budget, timings = spec.settings.budget, ledger.timings
    alone = timings.whole(SINGLE_TASK) or 0.0
    promising = serving(spec, ledger, ledger.replicated)
    again = untried(spec, ledger, data, promising) if spec.settings.references.catch_up else []
    found = {ledger[key].config_id: ledger[key] for key in promising}
    networks = list(found.values())
    repeated = [
        _missing(ledger, networks, Phase.REPLICATION, seed)
        for seed in new_seeds(spec.settings, Phase.REPLICATION, budget.repeats)
    ]
    rows = finalists(design_records(spec, ledger, final=False), budget)
    confirmed = {ledger[key].config_id: ledger[key] for row in rows for key in row.networks}
    controlled = [row for row in rows if row.chosen or budget.controls == "finalists"]
    served = [ledger[key].members for row in controlled for key in row.serves.values()]
    control = [alone] * sum(len(members) > 1 for members in served)
    seeds = new_seeds(spec.settings, Phase.CONFIRMATION, budget.seeds if rows else 0)
    of_seeds = [_missing(ledger, list(confirmed.values()), Phase.CONFIRMATION, seed) for seed in seeds]
    return Afterwards(
        takes([alone] * len(again)),
        max(map(takes, repeated), default=0.0),
        takes(one for seed in repeated for one in seed),
        tuple(takes([*seed, *control]) if seed else 0.0 for seed in of_seeds),
    )


def _missing(ledger: Ledger, networks: Sequence[TrialRecord], phase: Phase, seed: int) -> list[float]:
    """How long the trainings of ``networks`` on ``seed`` take that are not there yet."""
    return [
        ledger.timings.network(network.config_id, network.arm)
        for network in networks
        if all(
            one.state != TrialState.COMPLETE
            for one in ledger.replicates.attempts(phase, network.config_id, seed)
        )
    ]
