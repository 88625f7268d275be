"""Storage: the user's database for a sweep's studies, by its URL, in which no secret is written out.

A URL stands in the sweep file, in its copy in the results, in what is said of changes and in errors. So a
password is given by name, as ``${NAME}`` of the environment, or by what the database's own client reads
(libpq: ``PGPASSWORD``, ``PGPASSFILE``, ``pg_service.conf``), and looked up when the database is opened.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mtl_search.errors import Mismatch
from mtl_search.uris import VARIABLE, variable

if TYPE_CHECKING:  # it is imported where there is a database
    from sqlalchemy.engine import URL

__all__ = ["SECRET", "anchored", "check_storage", "with_environment"]

EXPECTED = "the URL of a database, such as postgresql://user@host/name or sqlite:///studies.db"
DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}
SECRET = re.compile(r"pass|secret|token", re.IGNORECASE)  # names of options whose values are
HIDDEN = "a password in plain text, which is not shown"
HINT = "write ${NAME}, a variable of the environment, or leave it to PGPASSWORD or PGPASSFILE"


def check_storage(value: object) -> object:
    """``value`` if it is such a URL, or None; Mismatch else, which repeats nothing that may be secret.

    >>> check_storage("postgresql://me:${SECRET}@db.example.org/optuna")
    'postgresql://me:${SECRET}@db.example.org/optuna'
    """
    if value is None:
        return value
    if not isinstance(value, str):
        raise Mismatch(EXPECTED, f"a {type(value).__name__}")
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise Mismatch(EXPECTED, "something else") from None
    given = {
        "password": url.password,
        **{key: value for key, value in url.query.items() if SECRET.search(key)},
    }
    if any(secret and not VARIABLE.fullmatch(str(secret)) for secret in given.values()):
        raise Mismatch("a password by its name", HIDDEN, HINT)
    backend = url.get_backend_name()
    if backend not in DRIVERS:
        raise Mismatch(" or ".join(f"{name}://" for name in DRIVERS), f"{backend}://")
    if not url.database or url.database == ":memory:":
        raise Mismatch(EXPECTED, "a URL without the database's name")
    return value


def anchored(text: str, base: Path) -> str:
    """The same database wherever the sweep file stands: a file's relative path starts at ``base``."""
    from sqlalchemy.engine import make_url

    url = make_url(text)
    if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith(("file:", "${")):
        return text
    if Path(url.database).is_absolute():
        return text
    path = (base / Path(url.database).expanduser()).resolve()
    return url.set(database=str(path)).render_as_string(hide_password=False)


def with_environment(text: str, environment: Mapping[str, str] = os.environ) -> "URL":
    """What is connected to: each ``${NAME}`` is looked up, and a URL that names no driver gets ours.

    Mismatch for a variable that is not set.
    """
    from sqlalchemy.engine import make_url

    url = make_url(text)

    def found(value: str | None) -> str | None:
        return value and VARIABLE.sub(lambda match: variable(match[1], environment), value)

    if url.drivername in DRIVERS:
        url = url.set(drivername=DRIVERS[url.drivername])
    query = {k: found(value) or "" if isinstance(value, str) else value for k, value in url.query.items()}
    return url.set(
        username=found(url.username),
        password=found(url.password),
        host=found(url.host),
        database=found(url.database),
        query=query,
    )
