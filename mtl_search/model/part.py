"""What encoders, trunks and ways of sharing have in common: frozen options with a name."""

import pkgutil
from abc import ABC
from collections.abc import Mapping
from inspect import isabstract
from typing import ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidatorFunctionWrapHandler, WrapValidator

from mtl_search.errors import Mismatch

__all__ = ["Part", "own_or"]

BUILT_IN = "mtl_search.model."


class Part(BaseModel, ABC):
    """The configuration of a part of a network, which builds it.

    A part must be new with each call and draw its initial values from torch's global generator.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    cost_free: ClassVar[frozenset[str]] = frozenset()
    """The options that change neither the number of parameters nor the FLOPs, such as dropout."""

    name: str = ""

    def model_post_init(self, context: object) -> None:
        """Name a class of the user's own by its import path, from which it is read again."""
        kind = type(self)
        if not kind.__module__.startswith(BUILT_IN):
            object.__setattr__(self, "name", f"{kind.__module__}:{kind.__qualname__}")

    @property
    def cost_key(self) -> tuple[type, str]:
        """Equal for parts that cost the same."""
        return type(self), repr(self.model_dump(exclude=set(self.cost_free)))


P = TypeVar("P", bound=Part)


def own_or(base: type[P], what: str) -> WrapValidator:
    """Accepts an instance of ``base``, and a mapping named ``module:Class`` as the user's own class."""

    def accept(value: object, parse: ValidatorFunctionWrapHandler) -> object:
        if isinstance(value, base):
            if ":" in value.name and _import(value.name, base, what) is not type(value):
                raise Mismatch(f"{what} module:Class", f"{value.name!r}, which is another class")
            return value
        if isinstance(value, Mapping) and ":" in str(value.get("name")):
            return _import(str(value["name"]), base, what).model_validate(value, strict=False)
        return parse(value)

    return WrapValidator(accept)


def _import(path: str, base: type[P], what: str) -> type[P]:
    try:
        found = pkgutil.resolve_name(path)
    except (ImportError, AttributeError, ValueError) as error:
        raise Mismatch(f"{what} module:Class", f"{path!r}: {error}") from None
    if not isinstance(found, type) or not issubclass(found, base):
        raise Mismatch(f"{what} module:Class", f"{path!r}, which is none")
    if isabstract(found):
        lacking = ", ".join(sorted(found.__abstractmethods__))
        raise Mismatch(f"{what} module:Class", f"{path!r}, which lacks {lacking}")
    return found
