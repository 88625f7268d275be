"""``mtl-search submit``: a new sweep as a job of a cluster, whose driver runs there."""

import argparse
import shlex
import sys
from pathlib import Path

from mtl_search.commands.options import add_budget, add_file, add_name, check_may_be_seen
from mtl_search.commands.parsing import DONE, INTERRUPTED, Commands, command
from mtl_search.errors import UserError
from mtl_search.uris import below, is_uri

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Add the command."""
    one = command(commands, "submit", "run a sweep as a job of a Ray cluster elsewhere", submit)
    add_file(one)
    one.add_argument(
        "--address", required=True, metavar="URL", help="of the cluster's dashboard: http://HOST:8265"
    )
    one.add_argument(
        "--results",
        required=True,
        metavar="DIR",
        help="where its folder is made: a URI, or an absolute path there that outlives the job",
    )
    add_name(one)
    add_budget(one)
    one.add_argument("--shared", action="store_true", help="paths are the same there: leave data in place")
    one.add_argument("--detach", action="store_true", help="do not follow it: say how to, and end")


def submit(arguments: argparse.Namespace) -> int:
    """Hand the sweep to the cluster and follow it; Ctrl-C ends the following alone, and says so."""
    results = arguments.results
    if not (Path(results).is_absolute() or is_uri(results)):
        hint = "the job's own folder is deleted with it"
        raise UserError("--results", "an absolute path on the cluster", repr(results), hint)
    check_may_be_seen("--results", results)
    from mtl_search.scratch import scratch_folder
    from mtl_search.search.remote import Jobs, pack
    from mtl_search.sweep import load_sweep
    from mtl_search.sweep.file import SWEEP_FILE, with_changes

    spec = load_sweep(arguments.file)
    changes = {"name": arguments.name, "trials": arguments.trials, "hours": arguments.hours}
    if any(change is not None for change in changes.values()):
        spec = with_changes(spec, **changes)
    name = spec.settings.name
    jobs = Jobs.at(arguments.address)
    with scratch_folder() as scratch:
        pack(spec, scratch / "sweep", shared=arguments.shared)
        job = jobs.submit(
            name, ["run", SWEEP_FILE, "--results", results, "--address", "auto"], scratch / "sweep"
        )
    sys.stdout.write(f"{name} is job {job.number} of {job.url}\n")
    look = f"mtl-search watch {shlex.quote(below(results, name))}"
    for what, how in {**job.commands, "look": look}.items():
        sys.stdout.write(f"  {what:<6}  {how}\n")
    sys.stdout.flush()
    if arguments.detach:
        return DONE
    try:
        return jobs.follow(job, show)
    except KeyboardInterrupt:
        sys.stderr.write(f"{name} goes on as job {job.number}; to end it: {job.commands['stop']}\n")
        return INTERRUPTED


def show(text: str) -> None:
    """What the job printed, at once."""
    sys.stdout.write(text)
    sys.stdout.flush()
