"""Search the design space of multi-task learning: which tasks to group, where to split, how to weight.

The tour, in the order of the imports, which go one way only:

``design`` branchings, designs and their exact composition; ``space`` sweep files and ranges; ``tasks``
kinds of targets; ``data`` tables made ready; ``model`` trunks and the branched network; ``weighting`` how
losses are combined; ``training`` one network from its first epoch to its best; ``leaderboard`` the
tables; ``analysis`` what they say; ``search`` the sweep itself; ``testing`` contract suites for people
who extend it; ``terminal`` and ``cli`` what people see.

>>> import mtl_search
>>> sorted(mtl_search.__all__)
['Leaderboard', 'load_sweep', 'resume_sweep', 'run_sweep']
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mtl_search.leaderboard import Leaderboard
    from mtl_search.search import resume_sweep, run_sweep
    from mtl_search.sweep import load_sweep

__all__ = ["Leaderboard", "load_sweep", "resume_sweep", "run_sweep"]


def __getattr__(name: str) -> Any:
    """Import the few names above when they are used, so that ``import mtl_search`` costs nothing."""
    if name == "Leaderboard":
        from mtl_search.leaderboard import Leaderboard

        return Leaderboard
    if name == "load_sweep":
        from mtl_search.sweep import load_sweep

        return load_sweep
    if name in __all__:
        from mtl_search import search

        return getattr(search, name)
    raise AttributeError(f"module 'mtl_search' has no attribute {name!r}")
