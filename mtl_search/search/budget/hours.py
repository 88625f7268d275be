"""Hours: how a budget of time is divided, planned backwards from its end by what trainings have taken so far.

``budget.hours`` bounds the whole command, from reading the data to the summary, together with what earlier
processes of the same sweep have used: the time that their recorded trainings held their places. What was
interrupted, and idle, is not in that. The plan, made anew again and again:

- After the search come the catch-up of the references, the replication and the confirmation. Time is
  *reserved* for all of it, but no more than `AFTER` of the hours, or what the catch-up and the confirmation
  on `FEWEST` seeds need if that is more, but half of the hours at most.
- Of the time of the arms that is left the search gets half of the *whole* hours, but `MOST` of the arms'
  time at most, and never less than half of that. So: the search has at least as much time as all other
  arms together, and half of the hours, within a tenth, if what follows it needs no more than a third.
  Only the first training of each study, without which nothing can be compared, and the confirmation on
  `FEWEST` seeds can take from that, if trainings are long compared with the hours.
- The other arms have even parts of the rest (see `turns`).

What turns out not to be needed after the search goes back to it, before test is read.

No training is started that is expected to last longer than what is left to its phase. If what follows
the search turns out longer than planned, first seeds of the confirmation are left out (down to `FEWEST`),
then later rounds of the replication and the catch-up of designs that are not recommended, then the first
round, and the recommended design's catch-up last; `ending.left_out` says so.
"""

import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Self, final

from mtl_search.arm_names import SINGLE_TASK
from mtl_search.search.budget.afterwards import FEWEST, Afterwards, expected_after
from mtl_search.search.designs.untried import Untried, recommended
from mtl_search.search.ledger import Ledger
from mtl_search.sweep.spec import SweepSpec

__all__ = ["AIM", "CONFIRMING", "Hours"]

AIM = 0.97  # of the hours, to which is planned: the rest is for tables, workers to start, and the page
AFTER = 1 / 3
MOST = 0.75
AGAIN = 0.01  # of the hours, after which the plan is made anew
CONFIRMING = ".hours"  # holds the budget under which a confirmation began: there is no more search under it


@final
class Hours:
    """The time of a sweep with ``slots`` places, in seconds of the clock on the wall (that never jumps).

    ``began``: when this process did, by ``time.monotonic()``. ``closed``: whether the confirmation has begun
    under this budget, so that only what it lacks is trained.
    """

    def __init__(self, spec: SweepSpec, ledger: Ledger, data: str, slots: int, began: float) -> None:
        hours, references = spec.settings.budget.hours, spec.settings.budget.reference_hours
        assert hours is not None
        self.spec, self.ledger, self.slots = spec, ledger, slots
        self.total = hours * 3600 * AIM
        self.references = self.total if references is None else min(references * 3600 * AIM, self.total)
        self._data, self._began, self._hours = data, began, hours
        self._before = ledger.timings.total / slots
        self._plan: Afterwards | None = None
        self._planned = -1.0, -1  # when, and from how many records
        self._mark = Path(ledger.board.path) / CONFIRMING
        self.closed = self._mark.exists() and float(self._mark.read_text() or 0) >= hours

    @classmethod
    def of(cls, spec: SweepSpec, ledger: Ledger, data: str, slots: int, began: float | None) -> Self | None:
        """None under a budget of trials; ``began``: now, if it is not given."""
        if spec.settings.budget.hours is None:
            return None
        return cls(spec, ledger, data, slots, time.monotonic() if began is None else began)

    @property
    def elapsed(self) -> float:
        """What the sweep has used, in all its processes."""
        return self._before + time.monotonic() - self._began

    @property
    def left(self) -> float:
        """What the whole command has left."""
        return self.total - self.elapsed

    def takes(self, seconds: Iterable[float]) -> float:
        """How long trainings that take so long each will last in all the places."""
        known = list(seconds)
        return max(sum(known) / self.slots, max(known, default=0.0))

    def confirming(self) -> None:
        """Note that the confirmation begins: a resume under the same budget will not search any more."""
        self._mark.write_text(f"{self._hours}")

    @property
    def afterwards(self) -> Afterwards | None:
        """What the search is followed by; None until something was trained that shows how long it takes.

        It is composed anew at most once in `AGAIN` of the time.
        """
        made, records = self._planned
        moved = len(self.ledger.records) != records
        if self._plan is None or (moved and self.elapsed - made >= AGAIN * self.total):
            return self.look_again()
        return self._plan

    def look_again(self) -> Afterwards | None:
        """The same, by all that is known now."""
        self._plan = expected_after(self.spec, self.ledger, self._data, self.takes)
        self._planned = self.elapsed, len(self.ledger.records)
        return self._plan

    def reserved(self, total: float) -> float:
        """For what comes after the search, of ``total``."""
        plan = self.afterwards
        if plan is None:
            return AFTER * total
        return min(plan.whole, max(AFTER * total, min(plan.least, total / 2)))

    def of_search(self, total: float) -> float:
        """The part of the search of ``total``."""
        arms = total - self.reserved(total)
        return max(arms / 2, min(total / 2, MOST * arms))

    def of_others(self, total: float, searched: float) -> float:
        """What other arms have left of ``total``, if the search has used ``searched``: both in seconds of
        the wall, the search's in full use of all places."""
        arms_left = total - self.reserved(total) - self.elapsed
        return arms_left - max(0.0, self.of_search(total) - searched)

    def of_search_left(self, searched: float, others: float) -> float:
        """What the search has left: to the end of the arms' time, or until it has had its part, if that
        takes nothing from one round of all that follows, or as much as all others, if it takes nothing
        from what has to follow."""
        plan = self.afterwards
        to_end = self.total - self.reserved(self.total) - self.elapsed
        if plan is None:
            return to_end
        to_its_part = min(self.of_search(self.total) - searched, self.left - plan.once)
        return max(to_end, to_its_part, min(others - searched, self.left - plan.least))

    def has_room(self, arm: str) -> bool:
        """Whether a trial of ``arm`` is expected to end before the command does."""
        return (self.ledger.timings.trial(arm) or 0.0) <= self.left

    def catches_up(self, found: Sequence[Untried], replicated: Collection[str]) -> list[Untried]:
        """Of ``found``, ordered by what matters, as much as there is time for.

        The recommended design's networks may use all but what the confirmation on the fewest seeds needs,
        others leave time for the replication, and after its first round for the whole confirmation.
        """
        plan = None if self.closed or not found else self.look_again()
        if plan is None:
            return []
        served = recommended(self.spec, self.ledger)
        each = self.ledger.timings.whole(SINGLE_TASK) or 0.0
        taken: list[Untried] = []
        for network, task in found:
            kept = plan.confirmation(FEWEST)
            if served.get(task) != network.trial_id:
                kept = plan.confirmation() if replicated else kept + plan.replicate
            if self.takes([each] * (len(taken) + 1)) > self.left - kept:
                break
            taken.append((network, task))
        return taken

    def replicates(self, seconds: Sequence[float], *, first: bool) -> bool:
        """Whether there is time to train the networks of a round, ``seconds`` each, on one more seed.

        The first round may use all but the confirmation on the fewest seeds, later ones leave it whole.
        """
        plan = None if self.closed else self.look_again()
        return plan is not None and self.takes(seconds) <= self.left - plan.confirmation(
            FEWEST if first else None
        )

    def fitting(self, of_seeds: Sequence[Sequence[float]]) -> int:
        """How many seeds of a confirmation fit, whose missing trainings take so long on each; never fewer
        than `FEWEST`, if so many are wanted."""
        for count in range(len(of_seeds), FEWEST, -1):
            if self.takes(one for seed in of_seeds[:count] for one in seed) <= self.left:
                return count
        return min(FEWEST, len(of_seeds))
