"""What is kept of a worker's error."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from ray import cloudpickle
from ray.exceptions import NodeDiedError, ObjectLostError, OutOfMemoryError, RayActorError, RayTaskError

from mtl_search.records import TrialState
from mtl_search.search.executors.worker_errors import as_actor_error, error_of, worker_failure

TRACEBACK = """\x1b[36mray::TrainJob.train()\x1b[39m (pid=7)
  File "somewhere.py", line 3, in build_stage
    return nn.Linear(width, 0 / 0)
                            ~~^~~
ZeroDivisionError: division by zero"""


def raised() -> RayTaskError:
    return RayTaskError("train", TRACEBACK, ZeroDivisionError("division by zero"), "ray::x", 7, "127.0.0.1")


def test_what_a_worker_raised_is_the_trials_own() -> None:
    outcome = worker_failure(raised())
    assert (outcome.state, outcome.lost) == (TrialState.FAILED, False)
    first, *others = str(outcome.error).splitlines()
    assert first == "ZeroDivisionError: division by zero"
    assert '  File "somewhere.py", line 3, in build_stage' in others
    assert "\x1b" not in str(outcome.error)
    assert "~~^~~" not in str(outcome.error)


def test_what_kept_a_worker_from_starting_is_no_loss() -> None:
    error = RayActorError(error_msg=f"The actor died in its creation\n{TRACEBACK}", actor_init_failed=True)
    outcome = worker_failure(error)
    assert not outcome.lost
    assert str(outcome.error).startswith("ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize(
    "error",
    [
        RayActorError(error_msg="The worker died\n\texit type: SYSTEM_ERROR"),
        as_actor_error(OutOfMemoryError("the node is running low on memory")),
        NodeDiedError("the node is gone"),
        ObjectLostError("ff" * 28, None, "train()"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_the_infrastructure_lost(error: Exception) -> None:
    outcome = worker_failure(error)
    assert (outcome.state, outcome.lost) == (TrialState.FAILED, True)
    assert str(outcome.error).startswith("RuntimeError: the worker process died: ")
    assert "\n" not in str(outcome.error)


def test_a_memory_kill_keeps_its_reason() -> None:
    assert "running low" in str(worker_failure(as_actor_error(OutOfMemoryError("running low"))).error)


@pytest.mark.parametrize("error", [raised(), RayActorError()], ids=lambda error: type(error).__name__)
def test_what_tune_knows_stays_as_it_is(error: Exception) -> None:
    assert as_actor_error(error) is error


class TestErrorOfATrial:
    def trial(self, folder: Path, pickled: bytes | None, text: str | None) -> SimpleNamespace:
        paths = []
        for name, content in (("error.pkl", pickled), ("error.txt", None if text is None else text.encode())):
            if content is not None:
                (folder / name).write_bytes(content)
            paths.append(str(folder / name))
        return SimpleNamespace(pickled_error_file=paths[0], error_file=paths[1])

    def test_the_error_itself(self, tmp_path: Path) -> None:
        error = error_of(self.trial(tmp_path, cloudpickle.dumps(RayActorError(error_msg="gone")), "text"))
        assert isinstance(error, RayActorError)
        assert str(error) == "gone"

    @pytest.mark.parametrize("pickled", [None, b"no pickle"])
    def test_its_text_where_it_cannot_be_read(self, tmp_path: Path, pickled: bytes | None) -> None:
        error = error_of(self.trial(tmp_path, pickled, "Failure # 1\nKeyError: 'x'"))
        assert str(worker_failure(error).error).splitlines()[0] == "KeyError: 'x'"

    def test_none_at_all(self) -> None:
        error = error_of(SimpleNamespace(pickled_error_file=None, error_file=None))
        assert "without an error" in str(error)
