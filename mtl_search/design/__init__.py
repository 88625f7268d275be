"""What a search looks for: branchings, designs, and the exact composition of designs."""

from mtl_search.design.branching import Branching
from mtl_search.design.compose import Candidate, Composition, compose
from mtl_search.design.counting import count_branchings, count_designs, count_networks, enumerate_branchings
from mtl_search.design.names import check_task_name
from mtl_search.design.tree import close_cuts

__all__ = [
    "Branching",
    "Candidate",
    "Composition",
    "check_task_name",
    "close_cuts",
    "compose",
    "count_branchings",
    "count_designs",
    "count_networks",
    "enumerate_branchings",
]
