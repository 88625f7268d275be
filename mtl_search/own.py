"""A user's own classes beside those that are built in, by their import path ``module:Class``.

To import a module is to run it. A sweep file is the user's, who runs it. A bundle, or a sweep that is only
exported, may be somebody else's, and is read within `own_code`, which refuses unless that was allowed. It is
asked where modules are imported, and nowhere else: a way there that was overlooked is refused too.
"""

import logging
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from inspect import isabstract
from typing import TypeGuard, TypeVar

from pydantic import BaseModel, ValidatorFunctionWrapHandler, WrapValidator

from mtl_search.errors import Mismatch, without_controls

__all__ = ["import_own", "is_path", "own_code", "own_or", "path_of"]

BUILT_IN = "mtl_search."
_LOGGER = logging.getLogger(__name__)
_MAY_IMPORT: ContextVar[bool] = ContextVar("may import own code", default=True)

M = TypeVar("M", bound=BaseModel)
C = TypeVar("C")


@contextmanager
def own_code(*, allowed: bool) -> Iterator[None]:
    """Within it, a user's own class is a Mismatch that names it unless it is ``allowed``."""
    before = _MAY_IMPORT.set(allowed)
    try:
        yield
    finally:
        _MAY_IMPORT.reset(before)


def is_path(name: object) -> TypeGuard[str]:
    """Whether a part of this name is a user's own; what is no text is no name."""
    return isinstance(name, str) and ":" in name


def path_of(kind: type) -> str | None:
    """Where a user's own class is imported from; None for one that is built in."""
    return None if kind.__module__.startswith(BUILT_IN) else f"{kind.__module__}:{kind.__qualname__}"


def own_or(
    base: type[M], what: str, key: str = "name", find: Callable[[type], type] = lambda found: found
) -> WrapValidator:
    """Accepts an instance of ``base``, and a mapping whose ``key`` is a ``module:Class`` as the user's own.

    ``find``: the options' class, from the class at the path.
    """

    def accept(value: object, parse: ValidatorFunctionWrapHandler) -> object:
        if isinstance(value, base):
            path = getattr(value, key)
            if is_path(path) and import_own(path, base, what, find) is not type(value):
                raise Mismatch(f"{what} module:Class", f"{path!r}, which is another class")
            return value
        if isinstance(value, Mapping) and is_path(path := value.get(key)):
            return import_own(path, base, what, find).model_validate(value, strict=False)
        return parse(value)

    return WrapValidator(accept)


def import_own(
    path: str, base: type[C], what: str, find: Callable[[type], type] = lambda found: found
) -> type[C]:
    """The class at a path; a Mismatch unless it is a ``base`` that can be made.

    A warning is logged before a module is imported for the first time.
    """
    module = path.partition(":")[0]
    if not _MAY_IMPORT.get():
        hint = "if you trust who made it: --allow-own-code, in Python own_code=True"
        raise Mismatch(f"{what} name without code to import", repr(path), hint)
    if module not in sys.modules:
        _LOGGER.warning("importing %s: code that a file names is run", without_controls(path))
    try:
        found = pkgutil.resolve_name(path)
    except (ImportError, AttributeError, ValueError) as error:
        raise Mismatch(f"{what} module:Class", f"{path!r}: {error}") from None
    except (Exception, SystemExit) as error:  # whatever the user's module does when it is imported
        found_there = f"{path!r}: {type(error).__name__}: {error}"
        raise Mismatch(f"{what} module:Class that can be imported", found_there) from error
    found = find(found) if isinstance(found, type) else found
    if not isinstance(found, type) or not issubclass(found, base):
        raise Mismatch(f"{what} module:Class", f"{path!r}, which is none")
    if isabstract(found):
        lacking = ", ".join(sorted(getattr(found, "__abstractmethods__", ())))
        raise Mismatch(f"{what} module:Class", f"{path!r}, which lacks {lacking}")
    return found
