"""A process at work on a store: what anybody sees there after each object that is put or deleted."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import fsspec
import pandas as pd
import pytest

from mtl_search.errors import LeaderboardError, StoreError
from mtl_search.leaderboard import Leaderboard, Standing, TrialStart, place_of, standing
from mtl_search.stores import claim, home_at, log_parts, new_home, opened, publishing
from mtl_search.stores.store import Store
from tests.fixtures.boards import TASKS, synthetic_trial

TRIALS = [f"trial-{number}" for number in range(3)]


class Killed(BaseException):
    """A process that ends here."""


def work(uri: str) -> Iterator[str]:
    """A sweep of a few trials; says each that was recorded."""
    home = new_home(uri, "sweep")
    with home.alone(new=True):
        (home.folder / "sweep.yaml").write_text("name: sweep\n")
        board = Leaderboard.create(home.folder, TASKS, home.publish)
        for trial in TRIALS:
            board.start(TrialStart(trial, "search", {}, {}))
            (home.folder / "outputs").mkdir(exist_ok=True)
            (home.folder / "outputs" / f"{trial}.safetensors").write_text(trial)
            board.record(synthetic_trial(trial))
            yield trial
        board.flush()
        board.settle({"age": 12.5})
        board.end()
    home.publish_page()


def done(uri: str) -> list[str]:
    return [*work(uri)]


def ids(uri: str) -> list[str]:
    with opened(f"{uri}/sweep") as sweep:
        found = Leaderboard(sweep.folder).records(whole=True)
    assert all(record.metrics and record.history for record in found)
    return [record.trial_id for record in found]


@contextmanager
def after_each(monkeypatch: pytest.MonkeyPatch, look: Callable[[], None]) -> Iterator[None]:
    """Look after each object that is put or deleted by the work itself, as anybody might."""
    write, delete = Store.write, Store.delete
    main = threading.current_thread()

    def put(store: Store, name: str, content: bytes) -> None:
        write(store, name, content)
        if threading.current_thread() is main:
            look()

    def remove(store: Store, name: str) -> None:
        delete(store, name)
        if threading.current_thread() is main:
            look()

    def remove_all(store: Store, name: str) -> None:
        for part in [part for part in store.entries() if part.startswith(name)]:
            remove(store, part)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "write", put)
        patched.setattr(Store, "delete", remove)
        patched.setattr(Store, "delete_below", remove_all)
        yield


def test_a_sweep_anywhere_is_read_by_all(anywhere: str) -> None:
    assert done(anywhere) == TRIALS
    assert ids(anywhere) == TRIALS
    store = Store.at(anywhere).below("sweep")
    assert not any(name.startswith((".", "trials.log.")) for name in store.entries()), "as a plain folder"
    plain = pd.read_parquet(f"{store.path}/trials.parquet", filesystem=store.filesystem)
    assert plain["trial_id"].tolist() == TRIALS
    with opened(f"{anywhere}/sweep", kept=True) as sweep:
        assert standing(sweep.folder) is Standing.DONE
        assert place_of(sweep.folder) == f"{anywhere}/sweep"
        assert (sweep.folder / "outputs" / "trial-0.safetensors").read_text() == "trial-0"
    assert not sweep.folder.exists()


def test_at_any_moment_each_trial_is_there_once_and_what_was_recorded_is(
    memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_parts, "MOST", 4)
    recorded: list[str] = []
    files = fsspec.filesystem("memory")
    table = f"{memory.removeprefix('memory:/')}/sweep/trials.parquet"
    looks = [0]

    def look() -> None:
        if files.exists(table):
            looks[0] += 1
            seen = ids(memory)
            assert seen in ([*recorded], TRIALS[: len(recorded) + 1])
            plain = pd.read_parquet(files.open(table))["trial_id"].tolist()
            assert plain == TRIALS[: len(plain)]
            assert set(plain) <= set(seen)

    with after_each(monkeypatch, look):
        for trial in work(memory):
            recorded += [trial]
    assert looks[0] > 20


def test_killed_after_any_put_it_goes_on_elsewhere(memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim, "LEASE", 0.05)
    monkeypatch.setattr(claim, "RENEWED", 0.02)
    _, left = work_until_killed(f"{memory}/whole", 1_000, monkeypatch)
    for last in range(16, 1_000 - left, 7):
        go_on_after(f"{memory}/{last}", last, monkeypatch)


def work_until_killed(uri: str, last: int, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], int]:
    """Begin a sweep, be killed after so many requests that change something; what was recorded, and how many
    were left."""
    left, recorded = [last], list[str]()

    def dying(action: Callable[..., None]) -> Callable[..., None]:
        def do(*arguments: object) -> None:
            if left[0] > 0:
                action(*arguments)
                left[0] -= threading.current_thread() is threading.main_thread()
            if left[0] == 0 and threading.current_thread() is threading.main_thread():
                raise Killed

        return do

    with monkeypatch.context() as patched, suppress(Killed):
        for name in ("write", "delete", "delete_below"):
            patched.setattr(Store, name, dying(getattr(Store, name)))
        recorded.extend(work(uri))
    return recorded, left[0]


def go_on_after(uri: str, last: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another process finds and makes of it."""
    recorded, left = work_until_killed(uri, last, monkeypatch)
    assert left == 0
    if new_home(uri, "sweep").is_free():
        assert (done(uri), recorded) == (TRIALS, [])
        return
    assert set(recorded) <= set(ids(uri))
    home = home_at(f"{uri}/sweep")
    with home.alone(new=False):
        board = Leaderboard(home.folder, home.publish)
        known = board.recover()
        board.record(*(synthetic_trial(trial) for trial in TRIALS if trial not in known))
    assert ids(uri) == TRIALS


def test_a_store_that_does_not_answer_ends_the_run_and_loses_nothing(
    memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = work(memory)
    assert next(recorded) == TRIALS[0]

    def broken(store: Store, name: str, content: bytes) -> None:
        raise StoreError(store.place, "a store that answers", "no network")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "write", broken)
        said = rf"no network; what was recorded is kept; go on with: mtl-search resume {memory}/sweep"
        with pytest.raises(StoreError, match=said):
            next(recorded)
    assert ids(memory) == TRIALS[:1]


def test_one_that_answers_again_after_a_while_is_waited_for(
    memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "PAUSES", (0.0, 0.0))
    write, failures = Store.write, iter([True, False, False] * 100)

    def shaky(store: Store, name: str, content: bytes) -> None:
        if not name.startswith(".claims") and next(failures):
            raise StoreError(store.place, "a store that answers", "no network")
        write(store, name, content)

    monkeypatch.setattr(Store, "write", shaky)
    assert done(memory) == TRIALS
    assert ids(memory) == TRIALS


def test_there_has_to_be_one_to_go_on_with_and_none_to_begin(memory: str) -> None:
    with pytest.raises(LeaderboardError, match="expected the folder of a sweep, found none there"):
        home_at(f"{memory}/sweep").alone(new=False).__enter__()
    assert done(memory) == TRIALS
    with pytest.raises(
        LeaderboardError, match=rf"{memory}/sweep: expected no sweep .* resume {memory}/sweep, or"
    ):
        new_home(memory, "sweep").check_free()
    Store.at(memory).write("other/notes.txt", b"")
    assert not new_home(memory, "other").is_free()


def test_a_copy_is_gone_with_the_home(memory: str) -> None:
    home = new_home(memory, "sweep")
    folder = home.folder
    assert folder.is_dir()
    del home
    assert not folder.exists()


def test_a_path_may_be_said_as_a_uri(tmp_path: Path) -> None:
    assert new_home(tmp_path.as_uri(), "sweep").folder == tmp_path / "sweep"
    assert home_at(f"{tmp_path.as_uri()}/sweep").place == str(tmp_path / "sweep")
