"""What a search looks for: branchings, designs, and the exact composition of designs."""

from mtl_search.design.branching import Branching
from mtl_search.design.compose import Candidate, Composition, compose
from mtl_search.design.names import check_task_name

__all__ = ["Branching", "Candidate", "Composition", "check_task_name", "compose"]
