"""The ways of sharing a trunk, one file each."""

from typing import Annotated

from pydantic import SerializeAsAny, ValidatorFunctionWrapHandler, WrapValidator

from mtl_search.design.branching import Branching
from mtl_search.errors import Mismatch
from mtl_search.model.part import own_or
from mtl_search.model.sharing.hard import HardSharing
from mtl_search.model.sharing.sharing import Body, Gate, Sharing

__all__ = ["Body", "Gate", "HardSharing", "Sharing", "SharingConfig"]


def _hard(value: object, parse: ValidatorFunctionWrapHandler) -> object:
    """The text of a branching, or a branching, as hard sharing."""
    if isinstance(value, str | Branching):
        return HardSharing.model_validate(value)
    if not isinstance(value, Sharing):
        raise Mismatch("the text of a branching, or a sharing's module:Class", repr(value))
    return value


SharingConfig = Annotated[SerializeAsAny[Sharing], WrapValidator(_hard), own_or(Sharing, "a sharing's")]
"""Any way of sharing; the text of a branching is the hard one."""
