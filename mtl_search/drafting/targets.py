"""Columns that look like targets: what people call outcomes, and what can be learned at all."""

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from mtl_search.drafting.profiles import Holds, Profile
from mtl_search.errors import DataError, nearest

__all__ = ["columns_named", "likely_targets"]

LIKELY = re.compile(
    r"(?i)(^|[_\W])(y|targets?|labels?|outcomes?|class|response|results?|churn(ed)?|deaths?|dead|died|mortality|"
    r"surviv\w*|diagnos\w*|defaults?|fraud|clicked|converted|conversion|readmi\w*|prices?|costs?|charges?|sales|"
    r"revenue|spend(ing)?|amount|profit|quality|ratings?|scores?|grade|risk|severity|progression|demand|yield|"
    r"length_of_stay|los)($|[_\W\d])"
)
CLASSES = 20
SHOWN = 5


def likely_targets(profiles: Mapping[str, Profile]) -> tuple[str, ...]:
    """Up to five columns, the likeliest first: by their names, else the last of the table."""
    able = [name for name, profile in profiles.items() if _can_be(profile)]
    named = [name for name in able if LIKELY.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name))]
    return tuple(named[:SHOWN] or able[::-1][:2])


def columns_named(text: str, columns: Sequence[str]) -> tuple[str, ...]:
    """The columns that ``text`` names, with commas between them, which may be in names too.

    ``class*`` stands for all that begin so, unless a column is called that. DataError for what is no column.

    >>> columns_named("IC50, nM,class*", ["IC50, nM", "class1", "class2", "age"])
    ('IC50, nM', 'class1', 'class2')
    """
    pieces, found = text.split(","), dict[str, None]()
    while pieces:
        for length in range(len(pieces), 0, -1):
            name = ",".join(pieces[:length]).strip()
            matching = [name] if name in columns else _matching(name, columns) if length == 1 else []
            if matching:
                found.update(dict.fromkeys(matching))
                pieces = pieces[length:]
                break
        else:
            name = pieces[0].strip()
            found_ = f"no column {name!r}" if name else "nothing"
            raise DataError("tasks", "columns of the table", found_, nearest(name, columns))
    return tuple(found)


def _matching(pattern: str, columns: Sequence[str]) -> list[str]:
    return [name for name in columns if "*" in pattern and fnmatchcase(name, pattern)]


def _can_be(profile: Profile) -> bool:
    if profile.identifies or profile.distinct < 2 or profile.infinite:
        return False
    if profile.holds is Holds.TEXT:
        return profile.distinct <= CLASSES
    return profile.holds in (Holds.FLAGS, Holds.WHOLE, Holds.NUMBERS, Holds.LISTS)
