"""What became of a trial whose worker did not answer: what it raised there, or that it was lost."""

import re
from pathlib import Path
from typing import Any

from ray import cloudpickle
from ray.exceptions import RayActorError, RayError, RayTaskError

from mtl_search.records import TrialState
from mtl_search.search.executors.limits import OverLimitError, over_limit
from mtl_search.training import TrialOutcome, failure

__all__ = ["as_actor_error", "error_of", "worker_failure"]

LINES = 12  # of a worker's traceback that are kept
LENGTH = 2000  # in characters
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def error_of(trial: Any) -> BaseException:
    """What ended a trial of Tune, which keeps it only in files next to the trial."""
    pickled, text = trial.pickled_error_file, trial.error_file
    if pickled is not None and Path(pickled).exists():
        try:
            error = cloudpickle.loads(Path(pickled).read_bytes())
        except Exception:  # of a class that cannot be read here; its text can
            error = None
        if isinstance(error, BaseException):
            return error
    known = text is not None and Path(text).exists()
    return RuntimeError(Path(text).read_text() if known else "the worker ended without an error")


def worker_failure(error: BaseException) -> TrialOutcome:
    """The outcome of a trial that ended with ``error``: lost, if the worker died without raising anything.

    The text is the error's type and message, and below them the last lines of the worker's traceback.
    """
    if isinstance(cause := getattr(error, "cause", error), OverLimitError):
        return over_limit(str(cause))
    lines = [line.rstrip() for line in COLOUR.sub("", str(error)).splitlines() if line.strip(" ^~\t")]
    raised = isinstance(error, RayTaskError) or getattr(error, "_actor_init_failed", False)
    if isinstance(error, RayError) and not raised:
        reason = " ".join(line.strip() for line in lines) or type(error).__name__
        return failure(RuntimeError(f"the worker process died: {reason}"[:LENGTH]), lost=True)
    message = lines[-1].strip() if lines else type(error).__name__
    text = "\n".join([message, *lines[:-1][-LINES:]])[:LENGTH]
    return TrialOutcome(TrialState.FAILED, 0, None, float("nan"), (), text)


def as_actor_error(error: BaseException) -> BaseException:
    """``error`` as one that Tune takes for the end of a trial.

    If memory runs short, Ray kills a worker and reports an error that is not one of an actor, which Tune
    takes for the end of everything.
    """
    expected = isinstance(error, RayActorError | RayTaskError)
    return error if expected else RayActorError(error_msg=f"{type(error).__name__}: {error}")
