"""The types of input: one file each, with what is fitted on train and how a column becomes a tensor.

A type offers a frozen value with ``fit`` (from train rows) and ``encode`` (of any rows), and what a network
must know of it goes into ``InputShape``. ``mtl_search.data.encoding`` decides which columns are of which type
and holds one value per type.
"""

from mtl_search.data.inputs.categorical import CategoricalInputs
from mtl_search.data.inputs.numeric import NumericInputs

__all__ = ["CategoricalInputs", "NumericInputs"]
