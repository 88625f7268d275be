"""The kinds of input, one file each: what is fitted on train, and how columns become a tensor.

``mtl_search.data.encoding`` decides which columns are of which kind. Adding one takes its file, its part of
`InputShape`, and its name in ``KINDS`` and in the union below.
"""

from typing import Annotated, TypeAlias

from pydantic import Field

from mtl_search.data.inputs.categorical import CategoricalInputs
from mtl_search.data.inputs.fitted import FittedInputs
from mtl_search.data.inputs.numeric import NumericInputs

__all__ = ["KINDS", "AnyInputs", "CategoricalInputs", "FittedInputs", "NumericInputs"]

KINDS: tuple[type[NumericInputs | CategoricalInputs], ...] = (NumericInputs, CategoricalInputs)

AnyInputs: TypeAlias = Annotated[NumericInputs | CategoricalInputs, Field(discriminator="kind")]
"""Fitted inputs of any kind."""
