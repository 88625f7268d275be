"""The studies in a database: SQLite in a file, and a PostgreSQL that the tests start."""

import math
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path

import optuna
import pytest
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from mtl_search.errors import LeaderboardError, SpecError
from mtl_search.records import Phase, TrialRecord
from mtl_search.records import TrialState as Ended
from mtl_search.search import Snapshot, Watch, resume_sweep, run_sweep
from mtl_search.search.studies import database
from mtl_search.search.studies.connecting import connected
from mtl_search.search.studies.database import Database
from mtl_search.search.studies.memory import TOLD
from mtl_search.search.studies.mirror import Entries
from mtl_search.sweep import SweepSpec
from mtl_search.sweep.storage import with_environment
from tests.fixtures.boards import synthetic_trial
from tests.fixtures.postgresql import PASSWORD, PostgreSQL, running_postgresql

MakeSpec = Callable[..., SweepSpec]
Pair = tuple[FrozenTrial, TrialRecord]
SPACE: dict[str, BaseDistribution] = {"lr": FloatDistribution(0.0, 1.0)}
NUMBERS = count()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    """With an empty database ``optuna``."""
    with running_postgresql() as made:
        made.make("optuna")
        yield made


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of a database that all tests share, as sweeps do."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('databases')}/studies.db"
    return str(request.getfixturevalue("server").url("optuna"))


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTERS_PASSWORD", PASSWORD)
    monkeypatch.setattr(database, "AGAIN", 0.05)


@pytest.fixture
def storage(url: str, tiny_spec: MakeSpec) -> Iterator[RDBStorage]:
    with connected(tiny_spec(storage=url)) as opened:
        assert opened is not None
        yield opened


@pytest.fixture
def sweep() -> str:
    """What the names of a sweep's studies begin with."""
    return f"hospital-{next(NUMBERS)}"


def ended(number: int, state: Ended = Ended.COMPLETE, score: float | None = None) -> Pair:
    """A trial that ended, as the tables make it again."""
    score = 0.1 * number if score is None else score
    record = synthetic_trial(f"search-{number:04d}", state=state, score=score)
    value = None if state is Ended.FAILED else score
    trial = optuna.trial.create_trial(
        state=TOLD[state], value=value, params={"lr": 0.5}, distributions=SPACE, intermediate_values={1: 1.5}
    )
    return trial, record


def opened(storage: RDBStorage, sweep: str, *finished: Pair) -> Database:
    """The studies as a process opens them that has just started."""
    made = Database(storage, sweep, {"folder": "/results"}, lambda found: LeaderboardError("x", "y", found))
    made.add_study("search", "gain", finished)
    made.publish()
    return made


def start(mirror: Database, number: int) -> str:
    trial_id = f"search-{number:04d}"
    running = optuna.trial.create_trial(
        state=TrialState.RUNNING, params={"lr": 0.5}, distributions=SPACE, user_attrs={"trial_id": trial_id}
    )
    mirror.start("search", trial_id, running)
    return trial_id


def trials(storage: RDBStorage, sweep: str) -> list[FrozenTrial]:
    study = optuna.load_study(study_name=f"{sweep}/search", storage=storage)
    assert study.metric_names == ["gain"]
    assert study.direction.name == "MAXIMIZE"
    assert study.user_attrs == {"folder": "/results"}
    return study.get_trials(deepcopy=False)


def said(found: Sequence[FrozenTrial]) -> dict[str, tuple[TrialState, float | None]]:
    """What there is of each trial, without those that were interrupted."""
    sound = [one for one in found if "interrupted" not in one.user_attrs]
    known = {one.user_attrs["trial_id"]: (one.state, one.value) for one in sound}
    assert len(known) == len(sound), "each once"
    return known


def test_a_trial_from_its_start_to_its_end(storage: RDBStorage, sweep: str) -> None:
    with opened(storage, sweep) as mirror:
        for number, state in enumerate(Ended):
            trial_id = start(mirror, number)
            mirror.report(trial_id, 1, 1.25)
            score = math.nan if state is Ended.FAILED else 0.5
            record = synthetic_trial(trial_id, state=state, score=score)
            mirror.end(trial_id, TOLD[state], None if state is Ended.FAILED else 0.5, record)
    found = trials(storage, sweep)
    assert [(one.state, one.value) for one in found] == [
        (TOLD[state], None if state is Ended.FAILED else 0.5) for state in Ended
    ]
    for one in found:
        assert one.params == {"lr": 0.5}
        assert one.intermediate_values == {1: 1.25, 2: 1.5}, "also epochs that could not stop it"
        assert one.user_attrs.items() >= {"members": "age+death", "gain.age": 1.5, "n_params": 1000}.items()
        assert one.duration is not None
        assert one.duration.total_seconds() < 60, "in one time zone"


def test_what_is_interrupted_says_so(storage: RDBStorage, sweep: str) -> None:
    with opened(storage, sweep) as mirror:
        start(mirror, 0)
    (one,) = trials(storage, sweep)
    assert (one.state, one.user_attrs) == (
        TrialState.FAIL, {"trial_id": "search-0000", "interrupted": True},
    )  # fmt: skip


@pytest.mark.parametrize(
    "before",
    [
        pytest.param([], id="empty"),
        pytest.param([0, 1], id="behind"),
        pytest.param([0, 1, 2, 3], id="equal"),
        pytest.param([0, 1, 2, 3, 4], id="ahead"),
        pytest.param([0, 1, 1], id="doubled"),
        pytest.param([0, -1], id="another value"),
    ],
)
def test_opened_again_it_has_what_the_tables_have(storage: RDBStorage, sweep: str, before: list[int]) -> None:
    states = [Ended.COMPLETE, Ended.PRUNED, Ended.FAILED, Ended.COMPLETE, Ended.COMPLETE]
    tables = [ended(number, states[number], math.nan if number == 2 else None) for number in range(4)]
    wrong = {4: ended(4), -1: ended(1, Ended.COMPLETE, 7.0)}
    if before:
        opened(storage, sweep).__exit__(None, None, None)
        entries = Entries(storage)
        name = f"{sweep}/search"
        entries.open_study(name, storage.get_study_id_from_name(name), "gain")
        for number in before:
            entries.add_finished(name, *wrong.get(number, tables[min(number, 3)]))
    with opened(storage, sweep, *tables):
        pass
    assert said(trials(storage, sweep)) == {
        record.trial_id: (trial.state, trial.value) for trial, record in tables
    }


def test_trials_of_a_process_that_was_killed_are_ended(storage: RDBStorage, sweep: str) -> None:
    """One of them was recorded before the database was told."""
    mirror = opened(storage, sweep, ended(0))
    for number in (1, 2):
        mirror.report(start(mirror, number), 1, 1.25)
    settled(mirror)
    with opened(storage, sweep, ended(0), ended(1)):
        pass
    found = trials(storage, sweep)
    assert [one.state for one in found] == [TrialState.COMPLETE, TrialState.COMPLETE, TrialState.FAIL]
    assert found[1].intermediate_values == {1: 1.25, 2: 1.5}
    assert [*said(found)] == ["search-0000", "search-0001"]
    mirror.__exit__(ValueError, ValueError(), None)


def settled(mirror: Database) -> None:
    """Wait until all is written."""
    mirror._queue.join()


def test_what_others_have_added_stays(storage: RDBStorage, sweep: str) -> None:
    with opened(storage, sweep, ended(0)):
        pass
    study = optuna.load_study(study_name=f"{sweep}/search", storage=storage)
    study.enqueue_trial({"lr": 0.25})
    study.set_user_attr("note", "look at this one")
    with opened(storage, sweep, ended(0), ended(1)):
        pass
    again = optuna.load_study(study_name=f"{sweep}/search", storage=storage)
    assert again.user_attrs["note"] == "look at this one"
    states = [one.state for one in again.get_trials(deepcopy=False)]
    assert states == [TrialState.COMPLETE, TrialState.WAITING, TrialState.COMPLETE]


def test_sweeps_in_one_database_do_not_mix(storage: RDBStorage, sweep: str) -> None:
    with opened(storage, sweep, ended(0)) as one, opened(storage, f"{sweep}-other") as other:
        start(one, 1)
        start(other, 0)
    assert [one.user_attrs["trial_id"] for one in trials(storage, sweep)] == ["search-0000", "search-0001"]
    assert [*said(trials(storage, f"{sweep}-other"))] == []


def test_a_study_that_somebody_deletes_is_lost(storage: RDBStorage, sweep: str) -> None:
    mirror = opened(storage, sweep)
    settled(mirror)
    storage.delete_study(storage.get_study_id_from_name(f"{sweep}/search"))
    start(mirror, 0)
    settled(mirror)
    assert mirror.is_lost
    with pytest.raises(LeaderboardError), mirror:
        start(mirror, 1)


@pytest.fixture
def busy(tmp_path: Path, tiny_spec: MakeSpec) -> Iterator[tuple[Database, sqlite3.Connection]]:
    """A database in a file that somebody else has for himself."""
    spec = tiny_spec(storage=f"sqlite:///{tmp_path}/x.db")
    with connected(spec) as storage, closing(sqlite3.connect(tmp_path / "x.db")) as other:
        assert storage is not None
        mirror = opened(storage, "x")
        settled(mirror)
        other.execute("begin exclusive")
        start(mirror, 0)
        yield mirror, other
        other.rollback()
        mirror._thread.join()


def test_one_that_hangs_is_lost_by_its_silence(
    busy: tuple[Database, sqlite3.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror, began = busy[0], time.monotonic()
    assert not mirror.is_lost
    monkeypatch.setattr(database, "PATIENCE", 0.2)
    with pytest.raises(LeaderboardError, match=r"no answer for"), mirror:
        pass
    assert time.monotonic() - began < 5.0
    busy[1].rollback()
    mirror._thread.join()
    assert trials(RDBStorage(str(mirror._storage.engine.url)), "x") == [], (
        "what waited for the database was not written after all"
    )


def test_an_interrupted_sweep_does_not_wait_for_long(
    busy: tuple[Database, sqlite3.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror, began = busy[0], time.monotonic()
    monkeypatch.setattr(database, "HURRY", 0.2)
    with mirror:
        mirror.hurry()
    assert time.monotonic() - began < 5.0
    assert not mirror.is_lost


def test_the_end_waits_and_says_so(busy: tuple[Database, sqlite3.Connection]) -> None:
    mirror, other = busy
    said: list[str] = []

    def waiting(why: str) -> None:
        said.append(why)
        other.rollback()

    mirror._waiting = waiting
    with mirror:
        pass
    assert {*said} == {"waiting for the database to take the last trials"}
    assert [one.state for one in trials(mirror._storage, "x")] == [TrialState.FAIL], "which was interrupted"


def test_a_server_that_comes_back_has_everything_once(
    server: PostgreSQL, tiny_spec: MakeSpec, sweep: str
) -> None:
    with connected(tiny_spec(storage=server.url("optuna"))) as storage:
        assert storage is not None
        with opened(storage, sweep, ended(0)) as mirror:
            settled(mirror)
            server.stop()
            for number in (1, 2):
                mirror.end(start(mirror, number), TrialState.COMPLETE, 0.1 * number, ended(number)[1])
            time.sleep(0.2)
            server.start()
        assert [*said(trials(storage, sweep))] == ["search-0000", "search-0001", "search-0002"]


# what cannot be opened


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ("postgresql://me:${TESTERS_PASSWORD}@127.0.0.1:9/optuna", "answers at .* found .*refused"),
        ("postgresql://me@host.invalid/optuna", r"found .*host\.invalid"),
        ("postgresql://me:${NOT_THERE}@host/optuna", "expected the variable NOT_THERE in the environment"),
        (
            "mysql+mysqldb://me@host/optuna",
            "found no module for mysql .*MySQLdb.*; install it: pip install Py",
        ),
        ("postgresql+nonsense://me@host/optuna", "postgresql.nonsense"),
        ("sqlite:////nowhere/at/all/x.db", "unable to open database file"),
    ],
)
def test_it_is_said_at_once_and_nothing_is_written(
    tiny_spec: MakeSpec, tmp_path: Path, wrong: str, expected: str
) -> None:
    began = time.monotonic()
    with pytest.raises(SpecError, match=f"<sweep>: storage: .*{expected}") as caught:
        run_sweep(tiny_spec(storage=wrong), tmp_path, inline=True)
    assert time.monotonic() - began < 20.0
    assert PASSWORD not in str(caught.value)
    assert [*tmp_path.iterdir()] == []


def test_a_wrong_password_is_not_repeated(
    server: PostgreSQL, tiny_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESTERS_PASSWORD", "no t@right")
    with (
        pytest.raises(SpecError, match="password authentication failed") as caught,
        connected(tiny_spec(storage=server.url("optuna"))),
    ):
        pass
    assert "right" not in str(caught.value)


def test_a_file_that_is_no_database(tiny_spec: MakeSpec, tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("not a database, but a text that is long enough " * 10)
    with (
        pytest.raises(SpecError, match="file is not a database"),
        connected(tiny_spec(storage=f"sqlite:///{tmp_path}/x.db")),
    ):
        pass


# whole sweeps


class At(Watch):
    """Does something once so many trials are done."""

    def __init__(self, done: int, do: Callable[[], object]) -> None:
        self._done, self._do = done, do

    def changed(self, snapshot: Snapshot) -> None:
        if snapshot.done >= self._done:
            self._done = 10**9
            self._do()


def test_a_sweep_whose_database_goes_away_is_stopped_and_goes_on(
    server: PostgreSQL, tiny_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def go_away() -> None:
        server.stop()
        monkeypatch.setattr(database, "PATIENCE", 0.3)

    spec = tiny_spec(storage=server.url("optuna"), budget={"trials": 400})
    with pytest.raises(
        SpecError, match=r"storage: .*; what was recorded is in .* mtl-search resume"
    ) as caught:
        run_sweep(spec, tmp_path, inline=True, watch=At(5, go_away))
    path = tmp_path / "tiny"
    server.start()
    monkeypatch.setattr(database, "PATIENCE", 60.0)
    result = resume_sweep(path, trials=3, inline=True)
    tables = {r.trial_id: r for r in result.board.records() if r.phase is Phase.SEARCH}
    with connected(spec) as storage:
        assert storage is not None
        studies = {
            one.study_name: one for one in storage.get_all_studies() if one.study_name.startswith("tiny-")
        }
        names = {name.partition("/")[2] for name in studies}
        assert names == {"single_task/cost", "single_task/ill", "shared_equal", "shared_tuned", "search"}
        found = [t for one in studies.values() for t in storage.get_all_trials(one._study_id, deepcopy=False)]
    assert {name: value for name, (_, value) in said(found).items()} == {
        name: record.score for name, record in tables.items()
    }
    assert not (path / "journal.log").exists()
    secrets = (
        PASSWORD.encode(),
        with_environment(spec.settings.storage or "").render_as_string(False).encode(),
    )
    for file in (one for one in path.rglob("*") if one.is_file()):
        assert not any(secret in file.read_bytes() for secret in secrets), file
    assert PASSWORD not in str(caught.value)
    lines = (path / "sweep.yaml").read_text().splitlines()
    (path / "sweep.yaml").write_text("\n".join(line for line in lines if not line.startswith("storage:")))
    resume_sweep(path, inline=True)
    assert (path / "journal.log").stat().st_size > 0, "without the database the file is back"
