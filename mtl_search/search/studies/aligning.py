"""Aligning: a study in a database is made what the tables say, whichever of both was ahead.

- What the database lacks is added; a trial that it has as running is ended, by the record if there is one,
  else as failed and ``interrupted``, since Optuna deletes no trial.
- A study that says otherwise than the tables (they come from a backup, say) is deleted and written anew.
- Trials that are none of the sweep's, which somebody added with Optuna's tools, stay.
"""

import math
from collections.abc import Iterator, Mapping

from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial

from mtl_search.records import TrialRecord
from mtl_search.search.studies.mirror import INTERRUPTED, TRIAL_ID, Entries

__all__ = ["align"]


def align(
    storage: RDBStorage,
    entries: Entries,
    study: str,
    objective: str,
    about: Mapping[str, str],
    finished: Mapping[str, tuple[FrozenTrial, TrialRecord]],
) -> Iterator[None]:
    """Make ``study`` hold the trials that are ``finished``, by their names; a step after each write.

    It is made if it is not there, with these attributes.
    """

    def there() -> list[FrozenTrial]:
        """The sweep's trials that the study has."""
        try:
            number = storage.get_study_id_from_name(study)
        except KeyError:
            number = entries.add_study(study, objective)
        entries.open_study(study, number, objective)
        for key, value in about.items():
            storage.set_study_user_attr(number, key, value)
        return [one for one in storage.get_all_trials(number, deepcopy=False) if TRIAL_ID in one.user_attrs]

    trials = there()
    yield
    if not _agree(trials, finished):
        storage.delete_study(storage.get_study_id_from_name(study))
        trials = there()
        yield
    known = {one.user_attrs[TRIAL_ID] for one in trials if INTERRUPTED not in one.user_attrs}
    for one in trials:
        if not one.state.is_finished():
            _end(entries, one, finished)
            yield
    for trial_id, (trial, record) in finished.items():
        if trial_id not in known:
            entries.add_finished(study, trial, record)
            yield


def _end(entries: Entries, one: FrozenTrial, finished: Mapping[str, tuple[FrozenTrial, TrialRecord]]) -> None:
    """End a trial of a process that is gone."""
    trial_id = one.user_attrs[TRIAL_ID]
    entries.follow(trial_id, one._trial_id, one.intermediate_values)
    if trial_id in finished:
        trial, record = finished[trial_id]
        entries.end(trial_id, trial.state, trial.value, record)
    else:
        entries.interrupt(trial_id)


def _agree(trials: list[FrozenTrial], finished: Mapping[str, tuple[FrozenTrial, TrialRecord]]) -> bool:
    """Whether the trials that have ended, as a database says, are ``finished`` and ended so, each once."""
    sound = [one for one in trials if INTERRUPTED not in one.user_attrs]
    names = [one.user_attrs[TRIAL_ID] for one in sound]
    ended = [(one, finished.get(one.user_attrs[TRIAL_ID])) for one in sound if one.state.is_finished()]
    return len({*names}) == len(names) and all(known and _same(one, known[0]) for one, known in ended)


def _same(one: FrozenTrial, other: FrozenTrial) -> bool:
    if one.state is not other.state or (one.value is None) is not (other.value is None):
        return False
    return one.value is None or other.value is None or math.isclose(one.value, other.value)
