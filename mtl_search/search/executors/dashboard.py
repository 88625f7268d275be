"""Ray's dashboard, as a sweep has it."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self, final
from urllib.request import Request, urlopen

__all__ = ["Dashboard", "dashboards_here", "ray_token"]

PORTS = range(8265, 8316)  # that Ray tries one after the other for its dashboard
WAIT = 10.0  # seconds for one to answer


@final
@dataclass(frozen=True, slots=True)
class Dashboard:
    """Where it is, or why there is none.

    ``token``: whether its page asks for Ray's token first, which ``ray get-auth-token`` prints.
    """

    url: str
    token: bool = True
    missing: str = ""

    @classmethod
    def at(cls, address: str | None) -> Self:
        """The one that Ray says it started at ``address`` (``HOST:PORT``); nothing if it did not."""
        if address:
            return cls(f"http://{address}", token=os.environ.get("RAY_AUTH_MODE", "token") != "disabled")
        try:  # what its processes import first
            import ray.dashboard.optional_deps  # noqa: F401
        except ImportError as error:
            return cls("", missing=f"{error.name} is not installed (pip install 'ray[default]')")
        return cls("", missing="it did not start (see dashboard.log in /tmp/ray/session_latest/logs)")


def dashboards_here() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The Ray dashboards that answer on this machine, each with the sweeps that are running there."""
    header = {"Authorization": f"Bearer {ray_token()}"}
    for port in PORTS:
        url = f"http://127.0.0.1:{port}"
        try:
            with urlopen(Request(f"{url}/api/jobs/", headers=header), timeout=WAIT) as answer:
                jobs = json.load(answer)
            running = [job["metadata"] or {} for job in jobs if job["status"] == "RUNNING"]
        except (OSError, ValueError, KeyError, TypeError):  # nobody, something else, or somebody else's
            continue
        yield url, tuple(metadata["sweep"] for metadata in running if "sweep" in metadata)


def ray_token() -> str:
    """Ray's, from where Ray takes it."""
    if token := os.environ.get("RAY_AUTH_TOKEN"):
        return token
    file = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
    return file.read_text(encoding="utf-8").strip() if file.is_file() else ""
