"""JournalledStudy: an Optuna study that thinks in memory and writes one line per event to the journal.

Optuna's journal storage writes (and waits for the disk) once per parameter and once per report. Here a
trial is asked and pruned in memory; the journal gets it whole when it starts and when it ends. Any tool
that reads Optuna journals, such as its dashboard, reads this one.
"""

import math
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.storages.journal._file import LOCK_FILE_SUFFIX
from optuna.trial import FrozenTrial, Trial, TrialState

from mtl_search.records import EpochReport
from mtl_search.search.pruners import VALID, Pruner
from mtl_search.search.samplers import Sampler

__all__ = ["Journal", "JournalledStudy"]

TRIAL_ID = "trial_id"
SCORES = "scores"  # {epoch: score}; Optuna's own place for these costs a write to the disk an epoch
INTERRUPTED = "interrupted"


class Journal:
    """The file ``journal.log`` of a sweep, which holds its studies; open in one process at a time."""

    def __init__(self, path: Path) -> None:
        _mend(path)
        self.storage = JournalStorage(JournalFileBackend(str(path)))


class JournalledStudy:
    """One study of an arm; higher values are better.

    When opened again it holds all finished trials. Those that were running when the sweep stopped are
    told with the value that ``recorded`` (trial_id to score, None where the trial was never recorded)
    knows of them, or are put back in the queue.
    """

    def __init__(
        self,
        journal: Journal,
        name: str,
        sampler: Sampler,
        pruner: Pruner,
        max_epochs: int,
        recorded: Callable[[str], tuple[TrialState, float] | None],
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.name = name
        self._storage = journal.storage
        persisted = optuna.create_study(
            storage=self._storage, study_name=name, load_if_exists=True, direction="maximize"
        )
        self._study_id = persisted._study_id
        requeued = self._settle(persisted, recorded)
        started = persisted.get_trials(deepcopy=False)
        trials = [t for t in started if INTERRUPTED not in t.user_attrs]
        seed = zlib.crc32(f"{sampler.seed}/{name}/{len(started)}".encode())
        self.study = optuna.create_study(
            study_name=name,
            sampler=sampler.build(seed),
            pruner=pruner.build(max_epochs),
            direction="maximize",
        )
        for trial in trials:
            self.study.add_trial(_remembered(trial))
        for params in requeued:
            self.enqueue(params)
        self.n_finished = len(trials)
        self._journal_ids: dict[int, int] = {}

    @property
    def trial_prefix(self) -> str:
        """What the names of its trials begin with."""
        return self.name.replace("/", ".")

    def enqueue(self, params: Mapping[str, object]) -> None:
        """Let the next trial that is asked have these parameters; it draws those that are missing."""
        self.study.enqueue_trial(dict(params))

    @property
    def has_queue(self) -> bool:
        """Whether trials wait that were enqueued."""
        return bool(self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,)))

    def ask(self) -> Trial:
        """A new trial, in memory alone until it is ``started``."""
        return self.study.ask()

    def start(self, trial: Trial) -> str:
        """Write ``trial``, all of whose parameters were suggested, to the journal; its trial_id."""
        frozen = optuna.trial.create_trial(
            state=TrialState.RUNNING, params=trial.params, distributions=trial.distributions
        )
        journal_id = self._storage.create_new_trial(self._study_id, template_trial=frozen)
        number = self._storage.get_trial_number_from_id(journal_id)
        trial_id = f"{self.trial_prefix}-{number:04d}"
        self._storage.set_trial_user_attr(journal_id, TRIAL_ID, trial_id)
        trial.set_user_attr(TRIAL_ID, trial_id)
        self._journal_ids[trial.number] = journal_id
        return trial_id

    def report(self, trial: Trial, report: EpochReport, signed: Mapping[str, float]) -> bool:
        """Note an epoch (``signed``: value per main member, higher is better); whether to stop the trial."""
        series: dict[str, list[float]] = trial.user_attrs.get(VALID, {})
        trial.set_user_attr(VALID, {task: [*series.get(task, []), value] for task, value in signed.items()})
        if math.isnan(report.score):
            return False
        trial.set_user_attr(SCORES, {**trial.user_attrs.get(SCORES, {}), report.epoch: report.score})
        trial.report(report.score, report.epoch)
        return trial.should_prune()

    def refuse(self, trial: Trial, constraint: str, excess: float) -> None:
        """End a trial that breaks a constraint, so that the sampler learns of it; never started."""
        trial.set_constraint(constraint, excess)
        self.study.tell(trial, state=TrialState.PRUNED)

    def tell_unstarted(self, trial: Trial) -> None:
        """End a trial that was asked and is not wanted; no sampler learns from it."""
        self.study.tell(trial, state=TrialState.FAIL)

    def tell(self, trial: Trial, state: TrialState, score: float) -> None:
        """End a started trial. A score that is not finite makes it a failed one."""
        journal_id = self._journal_ids.pop(trial.number)
        for name in (VALID, SCORES):
            self._storage.set_trial_user_attr(journal_id, name, trial.user_attrs.get(name, {}))
        state = self._end(journal_id, state, score)
        self.study.tell(trial, score if state == TrialState.COMPLETE else None, state=state)
        self.n_finished += 1

    def _settle(
        self,
        persisted: optuna.Study,
        recorded: Callable[[str], tuple[TrialState, float] | None],
    ) -> list[dict[str, object]]:
        """End in the journal what was running when the sweep stopped; the parameters of what was lost."""
        lost: list[dict[str, object]] = []
        for trial in persisted.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            known = recorded(trial.user_attrs.get(TRIAL_ID, ""))
            if known is None:
                lost.append(trial.params)
                self._storage.set_trial_user_attr(trial._trial_id, INTERRUPTED, True)
                self._storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
            else:
                self._end(trial._trial_id, *known)
        return lost

    def _end(self, journal_id: int, state: TrialState, score: float) -> TrialState:
        """End a trial in the journal; the state it now has."""
        if not math.isfinite(score):
            state = TrialState.FAIL
        values = None if state == TrialState.FAIL else [score]
        self._storage.set_trial_state_values(journal_id, state, values)
        return state


def _mend(path: Path) -> None:
    """Undo what a process that was killed while it wrote left behind.

    A line without its end, which would spoil the next one, and Optuna's lock, which it would wait for.
    """
    path.with_name(path.name + LOCK_FILE_SUFFIX).unlink(missing_ok=True)
    if path.exists():
        with path.open("rb+") as file:
            file.truncate(file.read().rfind(b"\n") + 1)


def _remembered(trial: FrozenTrial) -> FrozenTrial:
    """A finished trial of the journal with its scores where pruners look for them."""
    return optuna.trial.create_trial(
        state=trial.state,
        value=trial.value,
        params=trial.params,
        distributions=trial.distributions,
        user_attrs=trial.user_attrs,
        intermediate_values={int(epoch): v for epoch, v in trial.user_attrs.get(SCORES, {}).items()},
    )
