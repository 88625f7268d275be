"""Boosted trees: what people would use on a table if there were no networks, as a reference.

LightGBM rather than scikit-learn's histogram gradient boosting: its models are text that any version reads,
where scikit-learn has pickles alone. It is imported only where trees are trained or used.

`TreesTraining` has the shape of `mtl_search.training.loop.Training`, so that whatever trains, evaluates and
records networks does so with trees. They see what networks see: the encoded inputs of a Dataset, except that
a missing number is missing again. Numbers were only shifted and stretched, which trees hardly notice. An
epoch is `ROUNDS` rounds of boosting, so that the best number of rounds is found as the best epoch is: by
the default metric on valid.
"""

from mtl_search.training.trees.config import TreesConfig
from mtl_search.training.trees.forest import Forest
from mtl_search.training.trees.training import TreesTraining

__all__ = ["Forest", "TreesConfig", "TreesTraining"]
