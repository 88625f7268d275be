"""What pydantic refused, as an error with place, expectation and finding."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mtl_search.errors import Mismatch, SpecError, did_you_mean, nearest
from mtl_search.space.document import Document
from mtl_search.space.model_fields import keys_at, tags_at
from mtl_search.space.reading import WORDS
from mtl_search.space.wording import Path, inner, show

__all__ = ["OLD_KEYS", "spec_error"]

_EXPECTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "byte_size": "a size such as 4GiB, or a number of bytes",
    "byte_size_unit": "a size such as 4GiB, or a number of bytes",
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dataclass_type": "a mapping",
    "none_required": "null",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "string_too_short": "text of at least {min_length} characters",
    "string_too_long": "text of at most {max_length} characters",
    "string_pattern_mismatch": "text that matches '{pattern}'",
    "too_short": "at least {min_length} entries",
    "too_long": "at most {max_length} entries",
    "literal_error": "{expected}",
    "enum": "{expected}",
}
OLD_KEYS = {  # of earlier sweep files: block and key
    ("sampler", "members"): "it is called 'grouping' now: bayes, random, pairs, exhaustive or optuna",
    ("trial", "branching"): "it is called 'sharing' now",
    ("trunk", "embedding_dim"): "it belongs to encoder: now, {name: table, embedding_dim: auto}",
}
OLD_VALUES = {"composed": "bayes", "all": "exhaustive", "sampler": "optuna"}  # of sampler.grouping
_SCALARS = ("int_type", "float_type", "bool_type", "string_type", "literal_error", "enum")


def spec_error(
    error: ValidationError,
    document: Document,
    path: Path = (),
    *,
    value: object = None,
    origin: Callable[[Path], Path] | None = None,
    model: type[BaseModel] | None = None,
) -> SpecError:
    """The first thing that pydantic refused; unknown keys go first, since a typo also makes a key missing.

    ``path``: where in the document ``value`` stands, which was validated (by default what stands there).
    ``origin`` takes a path within ``value`` to one within the document, if these differ. With ``model``, the
    class that validated, an unknown key or name comes with the nearest valid one.
    """
    if value is None:
        value = document.get(path)
    refused = [_Refused.of(details, value, model) for details in error.errors(include_url=False)]
    first = min(refused, key=lambda one: not one.is_unknown)  # else in the order of pydantic
    same = [one.wrong.expectation for one in refused if one.path == first.path]  # the arms of a union
    place = origin(first.path) if origin is not None else path + first.path
    written = document.get(place)
    within = f" (of {show(written)})" if isinstance(written, Mapping) and first.is_scalar else ""
    expected = " or ".join(dict.fromkeys(same))
    return document.error(place, expected, first.wrong.found + within, first.wrong.hint)


@dataclass(frozen=True, slots=True)
class _Refused:
    """One of the errors of a ValidationError; ``is_scalar``: perhaps an end of a range."""

    path: Path
    wrong: Mismatch
    is_unknown: bool
    is_scalar: bool

    @classmethod
    def of(cls, details: ErrorDetails, value: object, model: type[BaseModel] | None) -> Self:
        kind = details["type"]
        path = _path_within(value, details["loc"], missing=kind == "missing")
        if kind == "union_tag_invalid":
            path = (*path, _discriminator(details))
        unknown = kind == "extra_forbidden"
        scalar = isinstance(details["input"], str | int | float) and not unknown and kind != "missing"
        return cls(path, _mismatch(details, model), unknown, scalar)


def _mismatch(details: ErrorDetails, model: type[BaseModel] | None) -> Mismatch:
    kind, location, given = details["type"], details["loc"], details["input"]
    context = details.get("ctx", {})
    if (own := context.get("error")) is not None:
        return own if isinstance(own, Mismatch) else Mismatch("a valid value", f"{show(given)} ({own})")
    if kind == "missing":
        return Mismatch("a value", "nothing")
    if kind == "extra_forbidden":
        keys = keys_at(model, location[:-1]) if model is not None else []
        old = OLD_KEYS.get((str(location[0]), str(location[-1])))
        hint = old or (nearest(str(location[-1]), keys) if keys else None)
        return Mismatch("a known key", repr(location[-1]), hint)
    tags = tags_at(model, location) if model is not None and kind.startswith("union_tag") else []
    if kind == "union_tag_invalid":
        hint = nearest(context["tag"], tags) if tags else None
        return Mismatch(f"a known {_discriminator(details)}", show(context["tag"]), hint)
    if kind == "union_tag_not_found":
        hint = f"valid: {', '.join(tags)}" if tags else None
        return Mismatch(f"a mapping with {_discriminator(details)}", show(given), hint)
    numbers = {key: f"{x:g}" if isinstance(x, float) else x for key, x in context.items()}
    expected = _EXPECTED[kind].format(**numbers) if kind in _EXPECTED else f"a valid value ({details['msg']})"
    is_grouping = (location[0], location[-1]) == ("sampler", "grouping")
    if is_grouping and isinstance(given, str) and given in OLD_VALUES:
        return Mismatch(expected, show(given), f"it is called {OLD_VALUES[given]!r} now")
    return Mismatch(expected, show(given), _word_meant(given) if kind in _SCALARS else None)


def _word_meant(given: object) -> str | None:
    """A hint if ``given`` is nearly a range, in the place of a scalar."""
    keys = given if isinstance(given, Mapping) else {}
    return next(filter(None, (did_you_mean(str(key), WORDS) for key in keys)), None)


def _discriminator(details: ErrorDetails) -> str:
    return str(details["ctx"]["discriminator"]).strip("'")


def _path_within(value: object, location: Path, *, missing: bool) -> Path:
    """The location without the steps that pydantic adds for the arms of unions and for validators."""
    path: Path = ()
    for index, step in enumerate(location):
        if step in inner(value):
            value = inner(value)[step]
        elif not (missing and index == len(location) - 1):
            continue
        path = (*path, step)
    return path
