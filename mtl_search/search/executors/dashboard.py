"""Ray's dashboard, as a sweep has it."""

import os
from dataclasses import dataclass
from typing import Self, final

__all__ = ["Dashboard"]


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
