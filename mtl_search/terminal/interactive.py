"""``mtl_search.run_sweep`` and ``resume_sweep``: those of the search, seen where somebody looks."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from mtl_search import search
from mtl_search.search import SweepResult
from mtl_search.terminal.watching import watching
from mtl_search.terminal.words import plain_console

__all__ = ["resume_sweep", "run_sweep"]


def _shown(run: Callable[..., SweepResult]) -> Callable[..., SweepResult]:
    """``run`` with the live view as its ``watch`` in a notebook and on a terminal, unless another is given;
    ``watch=mtl_search.search.Watch()`` shows nothing."""

    @wraps(run)
    def shown(*arguments: Any, **options: Any) -> SweepResult:
        console = plain_console()
        if options.get("watch") is not None or not (console.is_terminal or console.is_jupyter):
            return run(*arguments, **options)
        with watching(quiet=False) as watch:
            return run(*arguments, **{**options, "watch": watch})

    return shown


run_sweep = _shown(search.run_sweep)
resume_sweep = _shown(search.resume_sweep)
