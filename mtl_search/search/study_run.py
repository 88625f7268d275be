"""StudyRun: one study of an arm at work, from the members of a trial to its checked configuration."""

from collections.abc import Sequence
from dataclasses import dataclass

from optuna.trial import Trial

from mtl_search.data import Dataset
from mtl_search.errors import SpecError
from mtl_search.search.arms import Arm
from mtl_search.search.members import Measurement, MemberStrategy
from mtl_search.search.settings import Settings
from mtl_search.search.studies import JournalledStudy
from mtl_search.training import NetworkCost, TrialConfig, network_cost

__all__ = ["Draft", "StudyRun"]

MAX_REFUSED = 200  # networks beyond the constraints in a row, after which the space counts as empty


@dataclass(frozen=True, slots=True)
class Draft:
    """A trial that was asked and is ready to start."""

    trial: Trial
    config: TrialConfig
    cost: NetworkCost
    reason: str


class StudyRun:
    """A study, the members its trials have (or the strategy that chooses them) and its constraints."""

    def __init__(
        self,
        arm: Arm,
        study: JournalledStudy,
        members: tuple[str, ...] | None,
        strategy: MemberStrategy | None,
        settings: Settings,
    ) -> None:
        self.arm, self.study = arm, study
        self._members, self._strategy = members, strategy
        self._constraints, self._main = settings.constraints, set(settings.main_tasks)
        self.refused = 0
        self.live = 0

    def draft(
        self, dataset: Dataset, measured: Sequence[Measurement], running: Sequence[tuple[str, ...]]
    ) -> Draft:
        """Ask for a network within the constraints; SpecError where none is found."""
        busy = list(running)
        for _ in range(MAX_REFUSED):
            reason = self._choose_members(measured, busy)
            trial = self.study.ask()
            members = self._members or self.arm.space.suggest_members(trial)
            if not set(members) & self._main:  # a sampler's free choice: nothing that a design could use
                self._refuse(trial, "main_members", 1.0)
                continue
            config = TrialConfig.model_validate(self.arm.space.sample(trial, members))
            cost = network_cost(config, dataset)
            broken = self._broken(cost)
            if broken is None:
                return Draft(trial, config, cost, reason)
            self._refuse(trial, *broken)
            busy.append(members)  # so that a strategy moves on from sets that cannot be kept small
        limits = self._constraints.model_dump(exclude_none=True)
        raise SpecError(
            f"constraints of arm {self.arm.name!r}",
            f"some network within {limits}",
            f"{MAX_REFUSED} in a row beyond",
            "allow more, or narrow the trunk",
        )

    def _refuse(self, trial: Trial, constraint: str, excess: float) -> None:
        self.study.refuse(trial, constraint, excess)
        self.refused += 1

    def _choose_members(self, measured: Sequence[Measurement], running: Sequence[tuple[str, ...]]) -> str:
        if self._strategy is None or self.study.has_queue:
            return ""
        proposal = self._strategy.propose(measured, running)
        self.study.enqueue(self.arm.space.fix_members(proposal.members))
        return " ".join(filter(None, (proposal.reason, proposal.note)))

    def _broken(self, cost: NetworkCost) -> tuple[str, float] | None:
        """The first constraint that ``cost`` breaks, and by how much relative to its bound."""
        for name, bound in self._constraints.model_dump(exclude_none=True).items():
            if (found := getattr(cost, name)) > bound:
                return name, found / bound - 1.0
        return None
