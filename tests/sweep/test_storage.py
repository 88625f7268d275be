"""The URL of a database in a sweep file: which are taken, and that no secret is repeated."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mtl_search.errors import Mismatch, SpecError
from mtl_search.sweep import SweepSpec, load_sweep
from mtl_search.sweep.file import save_sweep
from mtl_search.sweep.storage import anchored, check_storage, with_environment
from tests.conftest import TinySweep

SECRET = "s3cret"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db.example.org/optuna",
        "postgresql://me@db.example.org:5433/optuna?sslmode=require&connect_timeout=3",
        "postgresql://${USER}:${PASSWORD}@${HOST}/optuna?sslpassword=${KEY}",
        "postgresql+psycopg2://me@/optuna?host=/var/run/postgresql",
        "mysql+pymysql://me:${PASSWORD}@db/optuna",
        "sqlite:///studies.db",
        "sqlite:////data/studies.db",
    ],
)
def test_databases(tiny_spec: Callable[..., SweepSpec], url: str) -> None:
    assert tiny_spec(storage=url).settings.storage == url


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("studies.db", "expected the URL of a database, such as postgresql://user@host/name"),
        ("redis://host/0", "expected sqlite:// or postgresql:// or mysql://, found redis://"),
        ("sqlite://", "found a URL without the database's name"),
        ("sqlite:///:memory:", "found a URL without the database's name"),
        ("postgresql://host", "found a URL without the database's name"),
        ("postgresql://host:port/name", "the URL of a database"),
        (f"postgresql://me:{SECRET}@host/name", "expected a password by its name, found a password in plain"),
        (f"postgresql://me:${{USER}}{SECRET}@host/name", "write ${NAME}, a variable of the environment"),
        (f"postgresql://host/name?user=me&password={SECRET}", "PGPASSWORD or PGPASSFILE"),
        (f"postgresql://host/name?sslpassword={SECRET}", "a password by its name"),
        (f"postgresql:/me:{SECRET}@host/name", "the URL of a database"),
        ({"url": f"postgresql://me:{SECRET}@host/name"}, "found a dict"),
        ([f"postgresql://me:{SECRET}@host/name"], "found a list"),
        (7, "found a int"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_without_the_secret(
    tiny_sweep: TinySweep, tmp_path: Path, wrong: object, said: str
) -> None:
    (tmp_path / "x.yaml").write_text(json.dumps(tiny_sweep(storage=wrong)))
    with pytest.raises(SpecError) as caught:
        load_sweep(tmp_path / "x.yaml")
    assert str(caught.value).startswith(f"{tmp_path / 'x.yaml'}:1: storage: ")
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)


def test_variables_are_looked_up_when_it_is_opened() -> None:
    text = "postgresql://${WHO}:${PASSWORD}@${WHERE}:5433/${WHAT}?sslpassword=${PASSWORD}&sslmode=require"
    there = {"WHO": "me", "PASSWORD": "a@b:c/d{e}%", "WHERE": "db", "WHAT": "optuna"}
    url = with_environment(text, there)
    assert (url.username, url.password, url.host, url.port, url.database) == (
        "me", "a@b:c/d{e}%", "db", 5433, "optuna",
    )  # fmt: skip
    assert url.query == {"sslpassword": "a@b:c/d{e}%", "sslmode": "require"}
    with pytest.raises(Mismatch, match="expected the variable WHERE in the environment, found none"):
        with_environment(text, {"WHO": "me", "PASSWORD": SECRET})


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        ("postgresql://host/name", "psycopg"),
        ("postgresql+pg8000://host/name", "pg8000"),
        ("mysql://host/name", "pymysql"),
        ("sqlite:///name", "pysqlite"),
    ],
)
def test_a_url_without_a_driver_gets_ours(text: str, driver: str) -> None:
    assert with_environment(text, {}).get_driver_name() == driver


def test_a_file_is_found_from_wherever_the_sweep_file_stands(tiny_sweep: TinySweep, tmp_path: Path) -> None:
    spec = SweepSpec.from_value(tiny_sweep(storage="sqlite:///a b/studies.db"), tmp_path)
    save_sweep(spec, tmp_path)
    saved = load_sweep(tmp_path / "sweep.yaml").settings.storage
    assert saved == f"sqlite:///{tmp_path}/a b/studies.db"
    assert check_storage(saved) == anchored(saved, Path("/elsewhere")) == saved


@pytest.mark.parametrize(
    "text",
    ["postgresql://${WHO}:${PASSWORD}@/name?host=/run", "sqlite:///file:x.db?uri=true", "sqlite:///${X}"],
)
def test_other_urls_stay_as_they_are(text: str) -> None:
    assert anchored(text, Path("/elsewhere")) == text
