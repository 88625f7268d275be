"""OptunaStudy: an Optuna study that thinks in memory, of trials that the leaderboard keeps.

Optuna's own storages write (and wait for the disk) once per parameter and once per report, and would be a
second truth. Here a trial is asked and pruned in memory; the leaderboard's log gets it when it starts, and
its record when it ends. From these alone a study is made again. A mirror in Optuna's own format is written
along for the tools that read it: its journal, without a wait for the disk, or a database, by a thread.
"""

import json
import math
from collections.abc import Mapping
from typing import final

import optuna
from optuna.trial import Trial, TrialState

from mtl_search.leaderboard import Leaderboard, TrialStart
from mtl_search.records import EpochReport, TrialRecord
from mtl_search.search.studies.memory import Past, distributions_as_text, trial_prefix
from mtl_search.search.studies.mirror import TRIAL_ID, Mirror
from mtl_search.seeds import derive_seed
from mtl_search.sweep.pruners import VALID, Pruner
from mtl_search.sweep.samplers import Sampler

__all__ = ["OptunaStudy"]

AGAIN = "again"  # user attribute of a trial that is queued again: its name before it was interrupted
CRASHES = "crashes"  # another: how often in a row the sweep ended with it, unasked


@final
class OptunaStudy:
    """One study of an arm; higher values are better.

    When opened again it holds all finished trials, and those that were running when the sweep stopped wait in
    its queue. The name of a trial is used once.
    """

    def __init__(
        self,
        board: Leaderboard,
        mirror: Mirror,
        name: str,
        sampler: Sampler,
        pruner: Pruner,
        max_epochs: int,
        past: Past,
        objective: str,
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.name = name
        self._board, self._mirror = board, mirror
        mirror.add_study(name, objective, past.finished)
        seed = derive_seed(sampler.seed, name, past.next_number)
        self.study = optuna.create_study(
            study_name=name,
            sampler=sampler.build(seed),
            pruner=pruner.build(max_epochs),
            direction="maximize",
        )
        self.study.add_trials([trial for trial, _ in past.finished])
        for one in past.interrupted:
            attributes = {AGAIN: one.start.trial_id, CRASHES: one.crashes}
            self.study.enqueue_trial(dict(one.start.params), user_attrs=attributes)
        self.n_finished = len(past.finished)
        self._next_number = past.next_number

    @property
    def trial_prefix(self) -> str:
        """What the names of its trials begin with."""
        return trial_prefix(self.name)

    def enqueue(self, params: Mapping[str, object]) -> None:
        """Let the next trial that is asked have these parameters; it draws those that are missing."""
        self.study.enqueue_trial(dict(params))

    def try_again(self, record: TrialRecord) -> None:
        """Train a trial again that failed for a cause that may have passed, beyond the budget."""
        self.enqueue({name: json.loads(value) for name, value in record.params.items()})
        self.n_finished -= 1

    @property
    def has_queue(self) -> bool:
        """Whether trials wait that were enqueued."""
        return bool(self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,)))

    def ask(self) -> Trial:
        """A new trial, in memory alone until it is ``started``."""
        return self.study.ask()

    @staticmethod
    def crashes(trial: Trial) -> int:
        """How often in a row the sweep's process ended while this trial was running, and nobody had asked."""
        return int(trial.user_attrs.get(CRASHES, 0))

    def start(self, trial: Trial) -> str:
        """Write ``trial``, all of whose parameters were suggested, to the log; its trial_id."""
        trial_id = f"{self.trial_prefix}-{self._next_number:04d}"
        again = trial.user_attrs.get(AGAIN)
        texts = distributions_as_text(trial.distributions)
        self._board.start(TrialStart(trial_id, self.name, trial.params, texts, again))
        self._next_number += 1
        trial.set_user_attr(TRIAL_ID, trial_id)
        running = optuna.trial.create_trial(
            state=TrialState.RUNNING,
            params=trial.params,
            distributions=trial.distributions,
            user_attrs={TRIAL_ID: trial_id},
        )
        self._mirror.start(self.name, trial_id, running)
        return trial_id

    def report(self, trial: Trial, report: EpochReport, signed: Mapping[str, float]) -> bool:
        """Note an epoch (``signed``: value per main member, higher is better); whether to stop the trial."""
        series: dict[str, list[float]] = trial.user_attrs.get(VALID, {})
        trial.set_user_attr(VALID, {task: [*series.get(task, []), value] for task, value in signed.items()})
        if math.isnan(report.score):
            return False
        self._mirror.report(trial.user_attrs[TRIAL_ID], report.epoch, report.score)
        trial.report(report.score, report.epoch)
        return trial.should_prune()

    def refuse(self, trial: Trial, constraint: str, excess: float) -> None:
        """End a trial that breaks a constraint, so that the sampler learns of it; never started."""
        trial.set_constraint(constraint, excess)
        self.study.tell(trial, state=TrialState.PRUNED)

    def tell_unstarted(self, trial: Trial) -> None:
        """End a trial that was asked and is not wanted; no sampler learns from it."""
        self.study.tell(trial, state=TrialState.FAIL)

    def tell(self, trial: Trial, state: TrialState, record: TrialRecord) -> None:
        """End a started trial that was recorded. A score that is not finite makes it a failed one."""
        score = record.score
        if not math.isfinite(score):
            state = TrialState.FAIL
        known = None if state == TrialState.FAIL else score
        self._mirror.end(trial.user_attrs[TRIAL_ID], state, known, record)
        self.study.tell(trial, score if state == TrialState.COMPLETE else None, state=state)
        self.n_finished += 1
