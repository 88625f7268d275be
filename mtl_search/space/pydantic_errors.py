"""What pydantic refused, told with place, expectation and finding."""

import ast
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from mtl_search.errors import SpecError, nearest
from mtl_search.space.document import Document
from mtl_search.space.model_fields import keys_at, tags_at
from mtl_search.space.reading import WORDS
from mtl_search.space.wording import Mismatch, Path, inner, show, told

__all__ = ["spec_error"]

_EXPECTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
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
    "missing": "a value",
    "extra_forbidden": "a known key",
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
    "union_tag_invalid": "a known {discriminator}",
    "union_tag_not_found": "a mapping with {discriminator}",
}
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

    ``path``: where in the document stands ``value``, which was validated (by default what stands there).
    ``origin`` takes a path within ``value`` to one within the document, where these differ. ``model``, the
    class that validated, lets unknown keys be told with the nearest valid one.
    """
    if value is None:
        value = document.get(path)
    refused = [_Refused(details, value, model) for details in error.errors(include_url=False)]
    refused.sort(key=lambda one: one.kind != "extra_forbidden")  # stable: else in the order of pydantic
    first = refused[0]
    same = [one for one in refused if one.path == first.path]  # the arms of a union
    expected = " or ".join(dict.fromkeys(one.expected for one in same))
    place = origin(first.path) if origin is not None else path + first.path
    written = document.get(place)
    within = f" (of {show(written)})" if isinstance(written, Mapping) and first.is_scalar else ""
    return document.error(place, expected, first.found + within, first.hint)


class _Refused:
    """One of the errors of a ValidationError."""

    def __init__(self, details: Mapping[str, Any], value: object, model: type[BaseModel] | None) -> None:
        self.kind = str(details["type"])
        self._message, self._input = str(details["msg"]), details["input"]
        self._context: Mapping[str, Any] = details.get("ctx", {})
        self._location, self._model = details["loc"], model
        self.path = _path_within(value, self._location, missing=self.kind == "missing")
        if self.kind == "union_tag_invalid":
            self.path = (*self.path, self._discriminator)

    @property
    def expected(self) -> str:
        if (own := self._own) is not None:
            return own.expected
        if self.kind in _EXPECTED:
            values = {key: f"{x:g}" if isinstance(x, float) else x for key, x in self._context.items()}
            return _EXPECTED[self.kind].format(**{**values, "discriminator": self._discriminator})
        start, _, rest = self._message.partition("Input should be ")
        return rest if not start else f"a valid value ({self._message})"

    @property
    def found(self) -> str:
        if (own := self._own) is not None:
            return own.found
        if self.kind == "missing":
            return "nothing"
        if self.kind == "extra_forbidden":
            return repr(self._location[-1])
        if self.kind == "union_tag_invalid":
            return repr(self._context["tag"])
        return show(self._input)

    @property
    def hint(self) -> str | None:
        if (own := self._own) is not None:
            return own.hint
        if self.kind == "extra_forbidden" and self._model is not None:
            keys = keys_at(self._model, self._location[:-1])
            return nearest(str(self._location[-1]), keys) if keys else None
        if self.kind == "union_tag_invalid":
            return nearest(self._context["tag"], ast.literal_eval(f"[{self._context['expected_tags']}]"))
        if self.kind == "union_tag_not_found" and self._model is not None:
            tags = tags_at(self._model, self._location)
            return f"valid: {', '.join(tags)}" if tags else None
        if self.kind in _SCALARS and isinstance(self._input, Mapping):
            close = [word for key in self._input for word in get_close_matches(str(key), WORDS, n=1)]
            return f"did you mean {close[0]!r}?" if close else None
        return None

    @property
    def is_scalar(self) -> bool:
        """Whether what was refused is a number, a text and the like: perhaps an end of a range."""
        return isinstance(self._input, str | int | float) and self.kind not in ("extra_forbidden", "missing")

    @property
    def _discriminator(self) -> str:
        return str(self._context.get("discriminator", "")).strip("'")

    @property
    def _own(self) -> Mismatch | None:
        """What a validator of ours said, where it was one."""
        error = self._context.get("error")
        return error and (told(error) or Mismatch("a valid value", f"{show(self._input)} ({error})"))


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
