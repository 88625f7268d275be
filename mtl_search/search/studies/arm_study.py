"""ArmStudy: one study of an arm at work, from the members of a trial to its checked configuration."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from optuna import create_study
from optuna.samplers import RandomSampler
from optuna.trial import Trial
from optuna.trial import TrialState as OptunaState

from mtl_search.grouping.strategy import GroupingStrategy, Measurement, Proposal, left_alone
from mtl_search.model import NetworkCost, NetworkCosts
from mtl_search.records import Belief, TrialRecord, TrialState
from mtl_search.search.studies.optuna_study import OptunaStudy
from mtl_search.search.studies.transfer import Setting, Transfer, params_of, setting_of
from mtl_search.seeds import derive_seed
from mtl_search.space import Scalar
from mtl_search.sweep.arms import Arm
from mtl_search.sweep.settings import Settings
from mtl_search.training import AnyConfig, TreesConfig, TrialConfig, read_config

__all__ = ["ArmStudy", "Draft"]

START = 3  # trials of a study that begin with what did well elsewhere, at most a third of its budget
AGAIN = 3  # trials at its end that do so once more, if tasks have studies of their own; at most a quarter
HOPELESS = 10  # trials that failed with none that succeeded, after which a study gives up
RETRIES = 10  # of a first branching whose network is beyond the constraints, with other hyperparameters
STUCK = 30  # networks beyond the constraints in a row, after which they are drawn evenly
NO_NETWORK = NetworkCost(0, 0)  # what trees count as: they have no weights
MAX_REFUSED = 200  # networks beyond the constraints in a row, after which a space counts as empty


@dataclass(frozen=True, slots=True)
class Draft:
    """A trial that was asked and is ready to start.

    ``exact``: whether its configuration is what the study sampled; else it is one that the study's space does
    not hold, of which the study learns nothing.
    """

    trial: Trial
    config: AnyConfig
    cost: NetworkCost
    proposal: Proposal
    exact: bool = True

    @property
    def params(self) -> Mapping[str, Scalar]:
        """The sampled parameters that its configuration follows from."""
        return self.trial.params if self.exact else {}

    @property
    def beliefs(self) -> tuple[Belief, ...]:
        """What the strategy that chose the members expects of them."""
        expected, why = self.proposal.expected, self.proposal.why
        return tuple(Belief(task, mean, spread, why) for task, (mean, spread) in expected.items())


@final
class ArmStudy:
    """A study, the members its trials have (or the strategy that chooses them) and its constraints.

    ``begun``: the trials that it has already. ``transfer`` says what to begin with: the first trials of
    given members, and the first of each set that a strategy chooses.
    """

    def __init__(
        self,
        arm: Arm,
        optuna: OptunaStudy,
        members: tuple[str, ...] | None,
        strategy: GroupingStrategy | None,
        settings: Settings,
        transfer: Transfer,
        begun: Iterable[TrialRecord] = (),
    ) -> None:
        self.arm, self.optuna = arm, optuna
        self._members, self._strategy, self._transfer = members, strategy, transfer
        self._constraints, self._main = settings.constraints, set(settings.main_tasks)
        self._tasks = settings.all_tasks
        self._begun: Counter[tuple[str, ...]] = Counter()
        self._tried: list[Setting] = []
        self._failed: list[bool] = []  # of each trial that ended
        for record in begun:
            self._note(record.members, params_of(record))
            self._failed.append(record.state == TrialState.FAILED)
        self.n_running = 0
        self.repeated = 0  # trials in a row that were answered from the leaderboard
        self.exhausted = False  # whether no network within the constraints is found any more

    @property
    def first_round(self) -> int | None:
        """How many trials it has before all studies of its arm learn from each other; None: in hours."""
        trials = self.arm.trials
        if trials is None or len(self.arm.studies) == 1:
            return trials
        return trials - min(AGAIN, trials // 4)

    def draft(
        self,
        costs: NetworkCosts,
        measured: Sequence[Measurement],
        running: Sequence[tuple[str, ...]],
        comparable: Collection[str],
    ) -> Draft | None:
        """Ask for a network within the constraints, of members that do not always fail and of which a task is
        ``comparable``, if any main task is; None if none is found, and none will be."""
        busy, failing, useful = list(running), left_alone(measured), set(comparable) or self._main
        for attempt in range(MAX_REFUSED):
            proposal = self._prepare(measured, busy, useful, attempt)
            if proposal is None:
                break
            trial = self.optuna.ask()
            members = self._members or self.arm.space.members.suggest(trial)
            if self._members is None and (wrong := _why_useless(members, useful, failing)):
                self.optuna.refuse(trial, wrong, 1.0)
                continue
            config = read_config(self.arm.space.sample(trial, members))
            cost = NO_NETWORK if isinstance(config, TreesConfig) else costs.of(config)
            broken = self._constraints.broken_by(cost)
            if broken is None:
                self._note(config.members, trial.params)
                return Draft(trial, config, cost, proposal)
            self.optuna.refuse(trial, *broken)
            busy.append(members)  # so that a strategy moves on from sets that cannot be kept small
        self.exhausted = True
        return None

    def draft_given(self, costs: NetworkCosts, config: TrialConfig, params: Mapping[str, Scalar]) -> Draft:
        """A trial of ``config``, whose hyperparameters were sampled elsewhere as ``params``."""
        while self.optuna.has_queue:  # what an interrupted trial left: it is asked for anew if still wanted
            self.optuna.tell_unstarted(self.optuna.ask())
        space = {parameter.name: parameter.range for parameter in self.arm.space.parameters(config.members)}
        fitting = {name: value for name, value in params.items() if name in space and value in space[name]}
        self.optuna.enqueue(fitting)
        trial = self.optuna.ask()
        sampled = TrialConfig.model_validate(self.arm.space.sample(trial, config.members))
        if sampled.precision == "auto":  # which is settled in what was trained
            sampled = sampled.model_copy(update={"precision": config.precision})
        self._note(config.members, trial.params)
        cost = costs.of(config)
        return Draft(
            trial, config, cost, Proposal(config.members, "the references catch up"), exact=sampled == config
        )

    def tell(self, trial: Trial, state: OptunaState, record: TrialRecord) -> None:
        """End a trial that was started."""
        self._failed.append(state == OptunaState.FAIL)
        self.optuna.tell(trial, state, record)

    @property
    def hopeless(self) -> bool:
        """Whether the study gives up: so many trials failed and none succeeded."""
        return len(self._failed) >= HOPELESS and all(self._failed)

    def _prepare(
        self,
        measured: Sequence[Measurement],
        running: Sequence[tuple[str, ...]],
        useful: Collection[str],
        attempt: int,
    ) -> Proposal | None:
        """Fix what the sampler does not choose, the members and their first branchings.

        None if the strategy has nothing left to propose.
        """
        free = Proposal(self._members or (), "")
        if self.optuna.has_queue:
            return free
        if self._strategy is not None:
            proposal = _propose(self._strategy, measured, running, useful)
            if not proposal.members:
                return None
            members = self.arm.space.members.fix(proposal.members)
            self.optuna.enqueue({**members, **self._known(proposal.members, attempt)})
            return proposal
        if self._members and (known := self._known(self._members, attempt)):
            self.optuna.enqueue(known)
            return replace(free, reason="start")
        return free

    def _known(self, members: tuple[str, ...], attempt: int) -> Mapping[str, Scalar]:
        """What the next training of ``members`` is given: a way of sharing, and what did well elsewhere."""
        if attempt >= STUCK:
            return self._drawn(members, attempt)
        start = self._start(members, attempt)
        if attempt == 0 and self._is_offered(self._begun[members]):
            tried = self._tried if self._strategy is None else self._transfer.tried_alone(members)
            return {**self._transfer.offer(self.arm.name, self.arm.space, members, tried), **start}
        return start

    def _drawn(self, members: tuple[str, ...], attempt: int) -> Mapping[str, Scalar]:
        """An even draw from the whole space of ``members``.

        A sampler that has seen little but networks beyond the constraints proposes more of their kind.
        """
        seed = derive_seed(self.optuna.name, self._begun.total(), attempt)
        trial = create_study(sampler=RandomSampler(seed)).ask()
        self.arm.space.sample(trial, members)
        return trial.params

    def _is_offered(self, number: int) -> bool:
        """Whether training ``number`` of some members begins with what did well elsewhere."""
        if self._strategy is not None:
            return number == 0
        trials, first = self.arm.trials, self.first_round
        start = START if trials is None else min(START, max(1, trials // 3))
        return number < start or (first is not None and first <= number < first + AGAIN)

    def _note(self, members: tuple[str, ...], params: Mapping[str, Scalar]) -> None:
        self._begun[members] += 1
        self._tried.append(setting_of(params, self._tasks))

    def _start(self, members: tuple[str, ...], attempt: int) -> Mapping[str, Scalar]:
        """The way of sharing that the next training of ``members`` has, if it is one of their first.

        Chosen sets each have an order of their own, so that no depth comes before the others everywhere.
        """
        starts, number = self.arm.space.starts(members), self._begun[members]
        if number >= len(starts) or attempt >= RETRIES:
            return {}
        turn = derive_seed(" ".join(members)) if self._strategy is not None else 0
        return starts[(number + turn) % len(starts)]


def _propose(
    strategy: GroupingStrategy,
    measured: Sequence[Measurement],
    running: Sequence[tuple[str, ...]],
    useful: Collection[str],
) -> Proposal:
    """The next set with a ``useful`` task: a strategy moves on from others as if they were in training."""
    busy = list(running)
    for _ in range(MAX_REFUSED):
        proposal = strategy.propose(measured, busy)
        if not proposal.members or not set(useful).isdisjoint(proposal.members):
            break
        busy.append(proposal.members)
    return proposal


def _why_useless(
    members: tuple[str, ...], useful: Collection[str], failing: frozenset[tuple[str, ...]]
) -> str:
    """Why a sampler's free choice of members is not trained, as the name of a constraint; else empty."""
    if set(useful).isdisjoint(members):  # nothing that a design is judged by
        return "main_members"
    return "failing_members" if members in failing else ""
