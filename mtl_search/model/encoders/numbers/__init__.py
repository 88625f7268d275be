"""How numbers become features, one file a kind: as they are, or embedded column by column."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from mtl_search.model.encoders.numbers.columns import Columns
from mtl_search.model.encoders.numbers.embedding import Quantiles
from mtl_search.model.encoders.numbers.periodic import Periodic
from mtl_search.model.encoders.numbers.piecewise import PiecewiseLinear
from mtl_search.model.encoders.numbers.plain import Plain

__all__ = ["Columns", "NumbersConfig", "Periodic", "PiecewiseLinear", "Plain", "Quantiles"]


def _with_name(given: object) -> object:
    """A name alone stands for the defaults."""
    return {"name": given} if isinstance(given, str) else given


NumbersConfig = Annotated[
    Annotated[Plain | PiecewiseLinear | Periodic, Field(discriminator="name")], BeforeValidator(_with_name)
]
"""Any way to read numbers, discriminated by its name."""
