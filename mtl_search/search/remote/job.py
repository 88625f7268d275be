"""Jobs: a cluster's list of them, and one that runs a sweep."""

import json
import os
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from mtl_search.errors import ResourceError
from mtl_search.search.executors.addresses import DASHBOARD, dashboard_url
from mtl_search.search.executors.dashboard import ray_token
from mtl_search.search.executors.quiet import silent
from mtl_search.search.remote.luggage import START

__all__ = ["Job", "Jobs"]

WAIT = 10.0  # seconds for the cluster to answer
EVERY = 2.0  # seconds between two looks at a job
PATIENCE = 60.0  # seconds without an answer, after which a job is not followed any more
TOKEN = (
    "give the cluster's token (ray get-auth-token, there) in RAY_AUTH_TOKEN, or have it in ~/.ray/auth_token"
)
YOUNG = "No available agent"  # of a cluster that has just begun
TALKATIVE = ("ray.dashboard.modules.dashboard_sdk", "ray._private.runtime_env.packaging")
OVERRIDES = "RAY_API_SERVER_ADDRESS"  # before RAY_ADDRESS, which Ray puts before what is given


@final
@dataclass(frozen=True, slots=True)
class Job:
    """One that was handed to a cluster."""

    number: str
    url: str

    @property
    def commands(self) -> dict[str, str]:
        """What follows it, and what stops it."""
        return {
            "follow": f"ray job logs --follow --address {self.url} {self.number}",
            "stop": f"ray job stop --address {self.url} {self.number}",
        }


@final
class Jobs:
    """The jobs of the cluster whose dashboard is at a URL."""

    def __init__(self, url: str, client: Any) -> None:
        self.url, self._client = url, client

    @classmethod
    def at(cls, address: str) -> "Jobs":
        """Those at ``http://HOST:PORT``; ResourceError if no Ray answers there, or not to us."""
        url = _checked(address)
        with _asking(url):
            from ray.job_submission import JobSubmissionClient

            return cls(url, JobSubmissionClient(url, headers=_allowed()))

    def submit(self, name: str, arguments: Sequence[str], luggage: Path) -> Job:
        """Have ``mtl-search`` run with ``arguments`` in a copy of the folder ``luggage``.

        A cluster that has just begun is waited for.
        """
        end = time.monotonic() + PATIENCE
        with _asking(self.url), silent(*TALKATIVE):
            while True:
                try:
                    number = self._client.submit_job(
                        entrypoint=shlex.join(["python3", START, *arguments]),
                        runtime_env={"working_dir": str(luggage)},
                        metadata={"job_name": name, "sweep": name},
                    )
                    return Job(number, self.url)
                except RuntimeError as error:
                    if YOUNG not in str(error) or time.monotonic() > end:
                        raise
                    time.sleep(EVERY)

    def follow(
        self,
        job: Job,
        write: Callable[[str], object],
        sleep: Callable[[float], None] = lambda seconds: time.sleep(seconds),
    ) -> int:
        """Hand on what the job prints until it ends; its exit code.

        ResourceError if the cluster does not answer any more, which need not end the job.
        """
        known, silent = "", 0.0
        while True:
            try:
                info, said = self._client.get_job_info(job.number), self._client.get_job_logs(job.number)
            except (RuntimeError, OSError) as error:
                silent += EVERY
                if silent >= PATIENCE:
                    raise _refusal(self.url, error, f"try: {job.commands['follow']}") from error
            else:
                silent = 0.0
                write(said[len(known) :])
                known = said
                if info.status.is_terminal():
                    return _code(info, write)
            sleep(EVERY)


def _code(info: Any, write: Callable[[str], object]) -> int:
    """The job's exit code; if it has none, it never began, and why is said."""
    if info.driver_exit_code is not None:
        code = int(info.driver_exit_code)
        return code if code >= 0 else 128 - code  # ended by a signal, as shells say it
    if info.status == "STOPPED":
        return 130
    if info.status == "SUCCEEDED":
        return 0
    write(f"{info.message}\n")
    return 1


def _checked(address: str) -> str:
    """The URL of a Ray dashboard that answers; before Ray's own client, which waits without an end."""
    url = dashboard_url(address)
    try:
        with urlopen(Request(f"{url}/api/version", headers=_allowed()), timeout=WAIT) as answer:
            json.load(answer)["ray_version"]
    except HTTPError as error:
        if error.code in (401, 403):
            found = "none that it accepts" if ray_token() else "none"
            raise ResourceError("--address", f"a token for {url}", found, TOKEN) from error
        raise ResourceError("--address", DASHBOARD, f"no Ray at {url} ({error})") from error
    except OSError as error:
        raise ResourceError("--address", DASHBOARD, f"nobody at {url} ({error})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ResourceError("--address", DASHBOARD, f"something else at {url}") from error
    return url


def _allowed() -> dict[str, str]:
    """The token, if there is one: Ray's client itself sends it only where this machine's Ray asks for it."""
    token = ray_token()
    return {"Authorization": f"Bearer {token}"} if token else {}


@contextmanager
def _asking(url: str) -> Iterator[None]:
    """Ray's client asks this URL, whatever the environment says; what it raises is one message."""
    from ray.exceptions import RayError

    before = os.environ.get(OVERRIDES)
    os.environ[OVERRIDES] = url
    try:
        yield
    except (RayError, RuntimeError, ValueError, OSError) as error:
        raise _refusal(url, error) from error
    finally:
        del os.environ[OVERRIDES]
        if before is not None:
            os.environ[OVERRIDES] = before


def _refusal(url: str, error: Exception, hint: str | None = None) -> ResourceError:
    said = " ".join(str(error).split())[:500] or type(error).__name__
    return ResourceError("--address", f"a cluster that takes jobs at {url}", said, hint)
