"""What a search looks for: which members share which stages, and which networks make the best design.

A `Branching` is a partition of a network's members per stage, each refining the one before. That is the
same as a tree, and as an ultrametric matrix of cuts; the partitions are what is stored, since they are
what a network is built from and what a reader can check by eye. Its text is canonical, so that equal
trees are equal strings: samplers, tables and hashes take the text. Task names stand in it unquoted, hence
`check_task_name`.

A tree is sampled as one integer per pair of members, which average linkage makes a tree (`close_cuts`):
parameters do not depend on one another, similar parameters give similar trees, and a tree's own cuts give
the tree itself, so that none is out of reach.

`compose` is facility location, and it is asked for after every few trials. A Lagrangian bound (`pricing`) is
so tight on this problem that a few hundred cheap steps leave a handful of networks to try: a tenth of a
second for 2,000 networks of 8 tasks, where SciPy's mixed-integer program takes two
(``benchmarks/composition.py``). `shrink` is apart from `compose`: how noisy a gain is, only replicates can
say.
"""

from mtl_search.design.branching import MOST_STAGES, Branching
from mtl_search.design.compose import Candidate, Composition, compose, composition, undominated
from mtl_search.design.counting import count_branchings, count_designs, count_networks
from mtl_search.design.design import Design, DesignNetwork, design_id
from mtl_search.design.names import check_task_name, is_of_branching
from mtl_search.design.shrinkage import shrink
from mtl_search.design.tree import close_cuts

__all__ = [
    "MOST_STAGES",
    "Branching",
    "Candidate",
    "Composition",
    "Design",
    "DesignNetwork",
    "check_task_name",
    "close_cuts",
    "compose",
    "composition",
    "count_branchings",
    "count_designs",
    "count_networks",
    "design_id",
    "is_of_branching",
    "shrink",
    "undominated",
]
