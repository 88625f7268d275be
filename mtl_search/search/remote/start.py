"""What a job runs: mtl-search, by the Python that the cluster's own Ray runs by.

A job's command is looked up in the PATH of whoever started the head node, where ``python3`` may be one that
has none of our packages. So this file, which travels beside the package, looks for the interpreter of Ray's
node process, an ancestor of every job, and goes on by it. Whatever Python there is has to read it: it imports
nothing but the standard library before that, and has no syntax that is newer than Python 3.7.

The same process says at which address its cluster is. Ray tells a job the cluster that was started last on
the head node's machine, which is another one where several run.
"""

from __future__ import annotations

import os
import runpy
import shlex
import sys
from pathlib import Path

__all__ = ["interpreter", "start"]

OLDEST = (3, 11)
AGAIN = "--by-the-python-of-ray"  # what this file says to itself
WORKERS, CLUSTER = "--python_worker_command=", "--gcs-address="  # arguments of Ray's node process


def start(arguments: list[str]) -> int:
    """Run mtl-search with ``arguments``, which ends the process; 2, and why, if the Python will not do."""
    again, arguments = arguments[:1] == [AGAIN], arguments[arguments[:1] == [AGAIN] :]
    python = None if again else interpreter()
    cluster = of_ray(CLUSTER)
    if cluster is not None:
        os.environ["RAY_ADDRESS"] = cluster
    if python is not None and python != sys.executable:
        os.execv(python, [python, __file__, AGAIN, *arguments])
    if sys.version_info < OLDEST:
        return _refused(f"Python {'.'.join(map(str, OLDEST))} or newer", again)
    try:
        from mtl_search.search import run_sweep  # noqa: F401  # with all that it needs
    except ImportError as error:
        return _refused(f"one with the packages that mtl_search needs (there is no {error.name})", again)
    sys.argv = ["mtl-search", *arguments]
    runpy.run_module("mtl_search.cli", run_name="__main__")
    return 0


def interpreter(process: int | str = "self") -> str | None:
    """The path of the Python that Ray starts workers by on this node; None if no ancestor is a Ray."""
    command = of_ray(WORKERS, process)
    return None if command is None else shlex.split(command)[0]


def of_ray(name: str, process: int | str = "self") -> str | None:
    """An argument of the Ray that is an ancestor of a process; None if none is."""
    while process not in ("0", 0):
        try:
            arguments = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")
            process = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[1].decode()
        except (OSError, IndexError):
            return None
        if any(argument.startswith(WORKERS) for argument in arguments):
            return next((one[len(name) :] for one in arguments if one.startswith(name)), None)
    return None


def _refused(expected: str, again: bool) -> int:
    whose = "that the cluster's Ray runs by" if again else "in the PATH of the cluster's head node"
    found = f"{sys.executable} ({sys.version.split()[0]}), {whose}"
    hint = (
        f"install it there ({sys.executable} -m pip install ...), or start Ray in an environment that has it"
    )
    sys.stderr.write(f"mtl-search: the job's Python: expected {expected}, found {found}; {hint}\n")
    return 2


if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))
