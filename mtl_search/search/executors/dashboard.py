"""Ray's dashboard, as a sweep has it."""

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self, final

__all__ = ["Dashboard", "dashboards_here"]

PORTS = range(8265, 8316)  # that Ray tries one after the other for its dashboard


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
    from ray.job_submission import JobStatus, JobSubmissionClient

    for port in PORTS:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            continue
        url = f"http://127.0.0.1:{port}"
        try:
            jobs = JobSubmissionClient(url).list_jobs()
        except (
            Exception
        ):  # it is something else, or somebody else's, whatever its answer makes of Ray's client
            continue
        running = [job.metadata or {} for job in jobs if job.status == JobStatus.RUNNING]
        yield url, tuple(metadata["sweep"] for metadata in running if "sweep" in metadata)
