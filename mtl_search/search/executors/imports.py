"""What workers are asked before the first trial: can they import what it needs, and which GPU they have."""

import pkgutil
from collections.abc import Sequence

import ray
import torch
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from mtl_search.errors import ResourceError

__all__ = ["ask_for_a_gpu", "check_imports", "missing_from", "visible_gpu"]

WAIT = 600.0  # seconds for a worker of each node to start and to import: what imports large libraries is slow


def check_imports(names: Sequence[str]) -> None:
    """ResourceError if a node of the cluster that has CPUs cannot import one of ``names`` (``module:Class``).

    The head of a cluster often has none: it will train nothing. A worker starts in a folder of its own: it
    finds what is installed, what is in ``PYTHONPATH`` and what is in the folder that the sweep was started
    from, if it has that folder.
    """
    nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")] if names else []
    if not nodes:
        return
    ask = ray.remote(num_cpus=0)(missing_from)
    answers = []
    for node in nodes:
        there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        asked = ask.options(scheduling_strategy=there).remote(list(names))
        answers.append((node["NodeManagerAddress"], asked))
    _, late = ray.wait([answer for _, answer in answers], num_returns=len(answers), timeout=WAIT)
    for address, answer in answers:
        if answer in late:
            missing = f"{', '.join(names)} not imported within {WAIT:g} seconds"
        else:
            missing = _said(answer)
        if missing:
            raise ResourceError(
                "trial",
                "a module that every worker can import",
                f"{missing} (on node {address})",
                "install it there, put its folder into PYTHONPATH before Ray starts, or use --inline",
            )


def _said(answer: ray.ObjectRef[str]) -> str:
    """What a worker answered, or why it did not."""
    try:
        said: str = ray.get(answer)
    except RayError as error:
        return str(error).strip().splitlines()[-1]
    return said


def missing_from(names: Sequence[str]) -> str:
    """Why one of ``names`` cannot be imported here; empty if all can.

    >>> missing_from(["pathlib:Path"])
    ''
    >>> missing_from(["pathlib:Path", "no_such_module:Trunk"])
    "no_such_module:Trunk: ModuleNotFoundError: No module named 'no_such_module'"
    """
    for name in names:
        try:
            pkgutil.resolve_name(name)
        except Exception as error:  # whatever the user's module does when it is imported
            return f"{name}: {type(error).__name__}: {error}"
    return ""


def visible_gpu() -> tuple[int, bool]:
    """Bytes of the smallest GPU that is visible here, and whether it has bfloat16."""
    sizes = [torch.cuda.get_device_properties(gpu).total_memory for gpu in range(torch.cuda.device_count())]
    return min(sizes, default=0), bool(sizes) and torch.cuda.is_bf16_supported()


def ask_for_a_gpu() -> tuple[int, bool]:
    """What one worker with a GPU says of it (see `visible_gpu`); zero and False if none answers."""
    ask = ray.remote(num_cpus=0, num_gpus=1e-3)(visible_gpu)
    try:
        answer: tuple[int, bool] = ray.get(ask.remote(), timeout=60.0)
    except RayError:
        return 0, False
    return answer
