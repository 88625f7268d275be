"""Connecting to the database that a sweep file names: at once, or with one message that holds no secret."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import optuna
from optuna.exceptions import OptunaError
from optuna.storages import RDBStorage

from mtl_search.errors import Mismatch, SpecError
from mtl_search.sweep.spec import SweepSpec
from mtl_search.sweep.storage import SECRET, anchored, with_environment

if TYPE_CHECKING:  # it is imported where there is a database
    from sqlalchemy.engine import URL

__all__ = ["connected", "lost", "said"]

CONNECT = 5  # seconds for the server to answer
WAIT = 30  # seconds for what it answers later
LONGEST = 300  # characters of what it said
POSTGRESQL = {"connect_timeout": CONNECT, "tcp_user_timeout": 1000 * WAIT}
MYSQL = {"connect_timeout": CONNECT, "read_timeout": WAIT, "write_timeout": WAIT}
OPTIONS: dict[str, dict[str, Any]] = {
    "psycopg": POSTGRESQL,
    "psycopg2": POSTGRESQL,
    "pymysql": MYSQL,
    "mysqldb": MYSQL,
    "pysqlite": {"timeout": WAIT},
}
INSTALL = {
    "postgresql": "pip install 'mtl_search[postgresql]'",
    "mysql": "pip install PyMySQL",
    "sqlite": "a Python with SQLite",
}


@contextmanager
def connected(spec: SweepSpec) -> Iterator[RDBStorage | None]:
    """The database of ``spec``, None if it names none; SpecError if it cannot be used."""
    text, place = spec.settings.storage, ("storage",)
    if text is None:
        yield None
        return
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    expected = f"a database that answers at {text}"
    try:
        url = with_environment(anchored(text, spec.base))
        storage = _opened(url)
    except Mismatch as wrong:
        raise wrong.at(spec.document.place(place)) from None
    except ImportError as error:
        backend = url.get_backend_name()
        missing = f"no module for {backend} ({error.__cause__ or error})"
        raise spec.document.error(place, expected, missing, f"install it: {INSTALL[backend]}") from error
    except (SQLAlchemyError, OptunaError, RuntimeError) as error:
        raise _refusal(spec, expected, said(error, url)) from None
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _opened(url: "URL") -> RDBStorage:
    """Optuna's storage at ``url``, with its tables made if they are not there."""
    from sqlalchemy.exc import DBAPIError

    known = OPTIONS.get(url.get_driver_name(), {})
    options = {name: value for name, value in known.items() if name not in url.query}
    text = url.render_as_string(hide_password=False).replace("{", "{{").replace("}", "}}")

    def make() -> RDBStorage:
        return RDBStorage(text, {"connect_args": options, "pool_pre_ping": True})

    try:
        return make()
    except DBAPIError as error:
        if not any(word in str(error) for word in ("already exists", "duplicate key")):
            raise
    return make()  # another sweep has made the tables at the same moment


def _refusal(spec: SweepSpec, expected: str, found: str) -> SpecError:
    hint = "start or name another one, or leave out storage: the studies are then a file in the results"
    return spec.document.error(("storage",), expected, found, hint)


def lost(spec: SweepSpec, place: str, found: str) -> SpecError:
    """That the database of the sweep at ``place`` takes nothing any more."""
    folder = shlex.quote(place)
    hint = (
        f"what was recorded is in {folder}, and mtl-search resume {folder} goes on and writes what the "
        "database lacks; without the database if storage: is taken out of its sweep.yaml"
    )
    return spec.document.error(("storage",), "a database that takes what happens", found, hint)


def said(error: BaseException, url: "URL") -> str:
    """What a database said, in one line and without the secrets that led to it."""
    text = " ".join(str(_innermost(error)).split()) or type(error).__name__
    secrets = [url.password, *(value for key, value in url.query.items() if SECRET.search(key))]
    for secret in secrets:
        if secret:
            text = text.replace(str(secret), "***")
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _innermost(error: BaseException) -> BaseException:
    """What the driver raised, which SQLAlchemy and Optuna wrap."""
    while (inner := getattr(error, "orig", None) or error.__cause__) is not None:
        error = inner
    return error
