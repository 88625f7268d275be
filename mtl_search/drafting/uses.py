"""What columns are for: groups, times, and those that are no inputs, each with the reason."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import final

from mtl_search.drafting.profiles import Holds, Profile

__all__ = ["Uses", "uses_of"]

ENTITY = re.compile(
    r"(?i)(^|[_\W])(id|uid|uuid|guid|key|patient|subject|person|customer|client|user|member|account|household|"
    r"student|employee|driver|device|machine|speaker|vehicle|family|case|session|mrn)(_?(id|no|nr|number|key|code))?$"
)
ID_END = re.compile(r"[a-z](Id|ID|Key)$")
ENTITIES = 20  # fewer different ones are categories
REPEATED = 0.05  # different ones in a row, fewer of which are categories
TIME = re.compile(r"(?i)date|time|day|created|visit|order|month|stamp|when|admi|opened|started")
NOT_OF_ROW = re.compile(
    r"(?i)birth|dob|born|expir|discharge|death|cancel|(^|_)(updated|modified|ended|end|closed)"
)
MOMENTS = 20  # fewer different ones say little of order
DIFFERENT = 0.5  # of texts, from which most are new in each split


@final
@dataclass(frozen=True, slots=True)
class Uses:
    """``drop`` and ``inputs`` with their reasons; ``group`` and ``time`` are a column and its reason."""

    drop: Mapping[str, str] = field(default_factory=dict)
    group: tuple[str, str] | None = None
    time: tuple[str, str] | None = None
    notes: tuple[str, ...] = ()


def uses_of(profiles: Mapping[str, Profile], tasks: Collection[str], media: Collection[str] = ()) -> Uses:
    """What can be told from the columns alone; those of ``tasks`` and ``media`` have their use."""
    others = {name: profile for name, profile in profiles.items() if name not in tasks and name not in media}
    group, of_group = _group(others)
    time, of_time = _time(others)
    used = {found[0] for found in (group, time) if found}
    reasons = {name: _useless(profile) for name, profile in others.items() if name not in used}
    return Uses({name: why for name, why in reasons.items() if why}, group, time, (*of_group, *of_time))


def _useless(profile: Profile) -> str | None:
    if profile.holds is Holds.NOTHING:
        return "no value in any row"
    if profile.distinct == 1 and not profile.missing:
        return "one value in all rows"
    if profile.holds in (Holds.LISTS, Holds.OTHER):
        return f"no input: {profile.type}, unless inputs says that it is an image or a series"
    if profile.infinite:
        return "infinite numbers in it"
    if profile.identifies:
        unless = ", unless inputs says that it is text" if profile.holds is Holds.TEXT else ""
        return f"identifies rows: nearly all differ{unless}"
    if profile.holds is Holds.TEXT and profile.distinct > DIFFERENT * profile.known:
        return f"text that seldom repeats: {profile.distinct:,} different in {profile.known:,}"
    return None


def _group(profiles: Mapping[str, Profile]) -> tuple[tuple[str, str] | None, tuple[str, ...]]:
    """Of the columns that name what rows are of, the one with the fewest different values."""
    found = [profile for profile in profiles.values() if _is_entity(profile)]
    if not found:
        return None, ()
    best = min(found, key=lambda profile: profile.distinct)
    if best.missing:
        rows = f"{best.missing:,} row{'s' * (best.missing != 1)}"
        note = f"rows of one {best.name!r} belong together, but {rows} have none: no group is drafted"
        return None, (note,)
    each = best.known / best.distinct
    rows = f", about {each:.2g} rows each" if each >= 1.5 else ""
    reason = f"repeats{rows}: all rows of one stay in one split"
    return (best.name, reason), ()


def _is_entity(profile: Profile) -> bool:
    named = ENTITY.search(profile.name) or ID_END.search(profile.name)
    plain = profile.holds in (Holds.TEXT, Holds.WHOLE)
    many = profile.distinct >= max(ENTITIES, REPEATED * profile.known)
    return bool(named and plain and many and not profile.identifies and profile.distinct < profile.known)


def _time(profiles: Mapping[str, Profile]) -> tuple[tuple[str, str] | None, tuple[str, ...]]:
    """Of the dates that tell when a row came to be, the one that is named so, else the first."""
    found = [
        profile
        for profile in profiles.values()
        if profile.holds is Holds.DATES
        and profile.distinct >= MOMENTS
        and not NOT_OF_ROW.search(profile.name)
    ]
    whole = [profile for profile in found if not profile.missing]
    if not whole:
        return None, tuple(
            f"{profile.name!r} is a date, but not in all rows: no split by time is drafted"
            for profile in found
        )
    best = next((profile for profile in whole if TIME.search(profile.name)), whole[0])
    return (best.name, "a date: the latest rows are test, as in use"), ()
