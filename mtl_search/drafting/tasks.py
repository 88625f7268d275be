"""Tasks: what kind each is, how it is best learned and judged, and why."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.stats import skew

from mtl_search.design.names import SHARED
from mtl_search.drafting.media import Medium
from mtl_search.drafting.parts import labels_of_parts
from mtl_search.drafting.profiles import Holds, Profile
from mtl_search.errors import DataError

__all__ = ["DraftTask", "draft_task"]

NO_MEDIA: Mapping[str, Medium] = MappingProxyType({})
CLASSES = 10  # whole numbers from 0 or 1 up to so many are classes
MOST_CLASSES = 200  # of text
RARE = 0.1  # share of one class of two, below which AUROC flatters
UNEVEN = 5  # the largest class to the smallest, from which accuracy is that of the largest
LONG_TAIL = 2.0  # skewness
FAR = 10.0  # quartile distances from the quartiles, where a value is far out ...
OFTEN = 0.001  # ... and the share of such values from which squares are ruled by them
POSITIVE = ("yes", "true", "y", "t", "1", "positive", "pos", "dead", "died", "event", "ja", "oui", "si", "sí")


@final
@dataclass(frozen=True, slots=True)
class DraftTask:
    """A task as it will stand in the sweep file, and the reason beside it."""

    name: str
    column: str
    kind: str
    options: Mapping[str, Any]
    reason: str
    over: str | None = None
    """The input whose parts are labelled."""

    @property
    def value(self) -> str | dict[str, Any]:
        """As the sweep file says it."""
        column = {"column": self.column} if self.column != self.name else {}
        rest = {**column, **self.options}
        return {"kind": self.kind, **rest} if rest else self.kind


def draft_task(
    profile: Profile, column: pa.ChunkedArray, taken: Sequence[str], media: Mapping[str, Medium] = NO_MEDIA
) -> DraftTask:
    """The task of a column, under a name that is not ``taken``; DataError if nothing can be learned of it."""
    name = _name(profile.name, taken)
    if profile.holds in (Holds.LISTS, Holds.OTHER):
        parts = labels_of_parts(profile.name, column, media)
        if parts is not None:
            return DraftTask(name, profile.name, parts.kind, {}, parts.reason, parts.over)
    _check(profile)
    kind, options, reason = _KINDS[profile.holds](profile, column)
    return DraftTask(name, profile.name, kind, options, reason)


def _check(profile: Profile) -> None:
    place = f"task {profile.name!r}"
    if profile.holds is Holds.NOTHING:
        raise DataError(place, "a column with labels", f"no value in {profile.rows:,} rows")
    if profile.holds not in _KINDS:
        expected = "numbers, classes, lists of labels or masks of an image"
        raise DataError(place, expected, f"{profile.holds} (type {profile.type})")
    if profile.infinite:
        raise DataError(place, "finite numbers", "infinite values in it")
    if profile.distinct < 2:
        value = next(iter(profile.counts), "")
        raise DataError(place, "labels that differ", f"{value!r} in all {profile.known:,} rows that have one")


def _name(column: str, taken: Sequence[str]) -> str:
    """The column's name as tasks may be called."""
    name = re.sub(r"\W+", "_", column).strip("_") if not re.fullmatch(r"\w[\w.\-]*", column) else column
    name = name or "task"
    while name in taken or name == SHARED:
        name += "_"
    return name


def _classes(profile: Profile, column: pa.ChunkedArray) -> tuple[str, dict[str, Any], str]:
    if not profile.counts or profile.distinct > min(MOST_CLASSES, profile.known / 2):
        expected = f"numbers, or at most {MOST_CLASSES} classes that repeat"
        found = f"{profile.distinct:,} different texts in {profile.known:,} rows"
        raise DataError(f"task {profile.name!r}", expected, found)
    return _two(profile) if profile.distinct == 2 else _several(profile)


def _two(profile: Profile) -> tuple[str, dict[str, Any], str]:
    options: dict[str, Any] = {}
    positive = _positive(profile.counts)
    rate = profile.counts[positive] / profile.known
    if isinstance(positive, str):
        options["positive"] = positive
    reason = f"{rate:.1%} are {_say(positive)}"
    if min(rate, 1 - rate) < RARE and min(profile.counts.values()) >= 2:
        options["metric"] = "average_precision"
        reason += ", so few that AUROC would flatter"
    return "binary", options, reason


def _positive(counts: Mapping[Any, int]) -> Any:
    """The class that says yes, else the rarer one of text, the larger one of numbers."""
    if all(isinstance(value, str) for value in counts):
        said = [value for value in counts if value.strip().lower() in POSITIVE]
        return said[0] if len(said) == 1 else min(counts, key=lambda value: (counts[value], value))
    return max(counts)


def _several(profile: Profile) -> tuple[str, dict[str, Any], str]:
    largest, smallest = max(profile.counts.values()), min(profile.counts.values())
    most = next(iter(profile.counts))
    reason = f"{profile.distinct} classes, the largest {_say(most)} with {largest / profile.known:.0%}"
    if largest < UNEVEN * smallest:
        return "multiclass", {}, reason
    reason += f", the smallest with {smallest:,} row{'s' * (smallest != 1)}: all classes count alike"
    return "multiclass", {"metric": "balanced_accuracy"}, reason


def _whole(profile: Profile, column: pa.ChunkedArray) -> tuple[str, dict[str, Any], str]:
    """Few whole numbers without a gap are classes, others are amounts."""
    if profile.distinct == 2:
        return _two(profile)
    gapless = profile.high - profile.low + 1 == profile.distinct
    if profile.low in (0, 1) and gapless and profile.distinct <= CLASSES:
        kind, options, reason = _several(profile)
        return kind, options, f"{reason}; if they are amounts or grades: regression"
    return _number(profile, column)


def _number(profile: Profile, column: pa.ChunkedArray) -> tuple[str, dict[str, Any], str]:
    values = np.asarray(pc.cast(column.drop_null(), pa.float64(), safe=False))
    values = values[np.isfinite(values)]
    low, first, third, high = np.quantile(values, [0, 0.25, 0.75, 1])
    span = f"from {low:.4g} to {high:.4g}, half of them between {first:.4g} and {third:.4g}"
    if low >= 0 and skew(values) > LONG_TAIL and abs(skew(np.log1p(values))) < skew(values) / 2:
        why = f"{span}: on a log scale the largest do not rule"
        return "regression", {"metric": "mae", "transform": "log1p"}, why
    if _far_out(values, first, third) >= OFTEN:
        return "regression", {"loss": "huber"}, f"{span}: huber, since some are far out"
    return "regression", {}, span


def _far_out(values: NDArray[np.float64], first: float, third: float) -> float:
    reach = FAR * (third - first)
    return float(((values < first - reach) | (values > third + reach)).mean()) if reach else 0.0


def _lists(profile: Profile, column: pa.ChunkedArray) -> tuple[str, dict[str, Any], str]:
    labels = pc.value_counts(pc.list_flatten(column)).to_pylist()
    kinds = len(labels)
    if not 2 <= kinds <= MOST_CLASSES:
        expected = f"lists of 2 to {MOST_CLASSES} different labels"
        raise DataError(f"task {profile.name!r}", expected, f"{kinds:,} different ones")
    return "multilabel", {}, f"lists of {kinds} labels"


def _say(value: Any) -> str:
    return str(value)


_KINDS = {
    Holds.TEXT: _classes,
    Holds.FLAGS: lambda profile, column: _two(profile),
    Holds.WHOLE: _whole,
    Holds.NUMBERS: _number,
    Holds.LISTS: _lists,
}
