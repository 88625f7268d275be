"""Which keys and tags a pydantic model accepts at the location of an error."""

from collections.abc import Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag

__all__ = ["keys_at", "tags_at"]

Location = Sequence[str | int]
Arm = tuple[object, tuple[str, ...]]  # a type that is no union, and the tags that a location may call it by


def keys_at(model: type[BaseModel], location: Location) -> list[str]:
    """The keys of the mapping at ``location``; none if that is no model."""
    return list(dict.fromkeys(key for arm, _ in _at(model, location) for key in _fields(arm)))


def tags_at(model: type[BaseModel], location: Location) -> list[str]:
    """The tags that discriminate the models of the union at ``location``."""
    return [tag for _, tags in _at(model, location) for tag in tags]


def _at(annotation: object, location: Location) -> list[Arm]:
    """The types that a value at ``location`` may have."""
    arms = list(_arms(annotation))
    if not location:
        return arms
    step, rest = location[0], location[1:]
    for arm, tags in arms:
        if step in tags or (len(arms) > 1 and step == getattr(arm, "__name__", None)):
            return _at(arm, rest)  # the step is no key, it names an arm of a union
    for arm, _ in arms:
        inner = _inner(arm, step)
        if inner is not None:
            return _at(inner, rest)
    return []


def _inner(arm: object, step: str | int) -> object:
    """The annotation of what is at ``step`` within a value of this type, None if there is none."""
    if isinstance(step, str) and step in _fields(arm):
        return _fields(arm)[step]
    origin, arguments = get_origin(arm), get_args(arm)
    if not isinstance(origin, type) or not arguments:
        return None
    if issubclass(origin, Mapping):
        return arguments[1]
    if not issubclass(origin, Sequence | set | frozenset):
        return None
    return arguments[step if origin is tuple and isinstance(step, int) and step < len(arguments) else 0]


def _arms(annotation: object, tags: tuple[str, ...] = ()) -> Iterator[Arm]:
    """The arms of a union, nested ones too, without annotations; any other type is its own only arm."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        given = tuple(item.tag for item in arguments[1:] if isinstance(item, Tag))
        yield from _arms(arguments[0], tags + given)
    elif origin in (Union, UnionType):
        for arm in arguments:
            yield from _arms(arm)
    elif annotation is not NoneType:
        yield annotation, tags or _literal_tags(annotation)


def _literal_tags(annotation: object) -> tuple[str, ...]:
    """The one value that a `name: Literal["mlp"]` of this model admits."""
    literals = [get_args(field) for field in _fields(annotation).values() if get_origin(field) is Literal]
    return tuple(str(values[0]) for values in literals if len(values) == 1)


def _fields(annotation: object) -> dict[str, object]:
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return {}
    return {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
