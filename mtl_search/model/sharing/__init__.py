"""The ways of sharing a trunk, one file each.

``hard.py`` is a tree of stages. The soft ones follow `SoftSharing`: from ``start`` on there are several
copies of the stages, and each member weighs what they make. ``mmoe``, ``cgc`` and ``ple`` mix experts by
gates (``extraction.py``, ``gating.py``), ``cross_stitch`` mixes networks, all rows alike.

To add a soft kind: write its file, a final `SoftSharing` with a ``name`` and options that builds a `Body`;
put the class into ``Soft`` below; subclass `mtl_search.testing.sharing_suite.SharingSuite` in a test. Ranges
in the options, text, drawing, cost and recorded gates follow. What takes thought is ``Body.parts``, which
module serves whom: by it weightings tell whose gradients meet where.

Not here, as they do not earn their place: sluice networks (Ruder et al. 2019), which stitch halves of each
layer and so differ from ``cross_stitch`` by more numbers to learn; attention masks over a shared trunk (MTAN,
Liu et al. 2019), which need a block of their own for each kind of trunk, while an expert is a chain of the
trunk's own stages.
"""

from typing import Annotated, TypeAlias

from pydantic import Field, SerializeAsAny, ValidatorFunctionWrapHandler, WrapValidator

from mtl_search.design.branching import Branching
from mtl_search.model.sharing.cgc import CgcConfig
from mtl_search.model.sharing.cross_stitch import CrossStitchConfig
from mtl_search.model.sharing.hard import HardSharing
from mtl_search.model.sharing.mmoe import MmoeConfig
from mtl_search.model.sharing.ple import PleConfig
from mtl_search.model.sharing.sharing import Body, Gate, Sharing
from mtl_search.model.sharing.soft import SoftSharing
from mtl_search.own import own_or

__all__ = [
    "Body",
    "CgcConfig",
    "CrossStitchConfig",
    "Gate",
    "HardSharing",
    "MmoeConfig",
    "PleConfig",
    "Sharing",
    "SharingConfig",
    "Soft",
    "SoftSharing",
]

Soft: TypeAlias = MmoeConfig | CgcConfig | PleConfig | CrossStitchConfig


def _hard(value: object, parse: ValidatorFunctionWrapHandler) -> object:
    """The text of a branching, or a branching, as hard sharing."""
    return HardSharing.model_validate(value) if isinstance(value, str | Branching) else parse(value)


SharingConfig = Annotated[
    SerializeAsAny[Annotated[Soft, Field(discriminator="name")]],
    WrapValidator(_hard),
    own_or(Sharing, "a sharing's"),
]
"""Any way of sharing: the text of a branching is the hard one, soft ones are discriminated by their name."""
