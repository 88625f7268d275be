"""Replicates: what was trained again on new seeds, after the search."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import final

from mtl_search.records import Phase, TrialRecord, TrialState

__all__ = ["Replicates"]


@final
class Replicates:
    """The trainings of the phases after the search, by configuration and seed."""

    def __init__(self) -> None:
        self._complete: dict[str, list[TrialRecord]] = {}  # of the replication, by config_id
        self._attempts: dict[tuple[Phase, str], dict[int, list[TrialRecord]]] = {}  # by config_id and seed
        self.states: dict[Phase, Counter[TrialState]] = defaultdict(Counter)  # lost ones in none of them
        self.by_arm: dict[Phase, Counter[str]] = defaultdict(Counter)

    def add(self, record: TrialRecord) -> None:
        """Take in a training of the replication or of the confirmation."""
        of_seeds = self._attempts.setdefault((record.phase, record.config_id), {})
        of_seeds.setdefault(record.seed, []).append(record)
        if not record.lost:
            self.states[record.phase][record.state] += 1
            self.by_arm[record.phase][record.arm] += 1
        if record.phase == Phase.REPLICATION and record.state == TrialState.COMPLETE:
            self._complete.setdefault(record.config_id, []).append(record)

    @property
    def configurations(self) -> set[str]:
        """Those that have complete replicates, by config_id."""
        return set(self._complete)

    def complete(self, config_id: str) -> Sequence[TrialRecord]:
        """The complete replicates of that configuration, oldest first."""
        return self._complete.get(config_id, ())

    def attempts(self, phase: Phase, config_id: str, seed: int) -> list[TrialRecord]:
        """The trainings of a configuration on a seed in a phase, oldest first; lost ones among them."""
        return self._attempts.get((phase, config_id), {}).get(seed, [])

    def fails_on_a_seed(self, config_id: str) -> bool:
        """Whether a replicate of that configuration never came to its end, by an error of its own."""
        of_seeds = self._attempts.get((Phase.REPLICATION, config_id), {}).values()
        return any(
            not attempts[-1].lost and all(one.state != TrialState.COMPLETE for one in attempts)
            for attempts in of_seeds
        )
