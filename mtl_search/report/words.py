"""Numbers and names as people read them."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from mtl_search.analysis import verdict_words
from mtl_search.analysis.verdict_words import listed

__all__ = [
    "amount",
    "arm_name",
    "counted",
    "design_name",
    "design_names",
    "duration",
    "interval",
    "listed",
    "percent",
    "plain",
    "setting",
    "value",
]

MINUS, THIN, FIXED = "\N{MINUS SIGN}", "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"

_ARMS = {
    "single_task": "single task",
    "shared_equal": "all in one, equal",
    "shared_tuned": "all in one, tuned",
    "linear": "linear",
    "search": "search",
    "pooled": "networks of all arms",
    "control": "control: each task alone",
}


def percent(number: float, digits: int = 2) -> str:
    r"""A gain with its sign; an unknown one is a dash.

    >>> percent(1.264), percent(-0.004), percent(float("nan"))
    ('+1.26\u202f%', '0.00\u202f%', '–')
    """
    if not math.isfinite(number):
        return "–"
    text = f"{abs(number):.{digits}f}"
    sign = "" if float(text) == 0 else "+" if number > 0 else MINUS
    return f"{sign}{text}{THIN}%"


def interval(low: float, high: float) -> str:
    r"""Both ends of an interval in percent on one line, empty where there is none.

    >>> interval(0.5, 1.25)
    '+0.50\xa0to\xa0+1.25\u202f%'
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f"{percent(low).removesuffix(f'{THIN}%')}{FIXED}to{FIXED}{percent(high)}"


def value(number: float) -> str:
    """A metric in four significant digits."""
    return f"{number:.4g}".replace("-", MINUS) if math.isfinite(number) else "–"


def setting(text: str) -> str:
    """A sampled parameter: numbers in four digits, whatever else as it is.

    >>> setting("0.00080712345"), setting("256"), setting("auto")
    ('0.0008071', '256', 'auto')
    """
    try:
        return text if text.isdigit() else f"{float(text):.4g}"
    except ValueError:
        return text


def amount(number: float) -> str:
    r"""A count in three digits and a unit.

    >>> amount(950), amount(34_100), amount(2_500_000)
    ('950', '34.1\u202fk', '2.5\u202fM')
    """
    return verdict_words.amount(number).replace(" ", THIN)


def duration(seconds: float) -> str:
    r"""A time in its two largest units.

    >>> duration(4.2), duration(75), duration(3_700)
    ('4.2\u202fs', '1\u202fmin 15\u202fs', '1\u202fh 2\u202fmin')
    """
    if seconds < 60:
        return f"{seconds:.2g}{THIN}s" if seconds < 10 else f"{seconds:.0f}{THIN}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{THIN}min {rest}{THIN}s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours}{THIN}h {minutes}{THIN}min"


def counted(n: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "network"), counted(3, "network")
    ('1 network', '3 networks')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def arm_name(arm: str) -> str:
    """An arm in words; those of the user under their own name."""
    return _ARMS.get(arm, arm)


def design_name(row: Mapping[str, Any]) -> str:
    """A row of designs or of the summary in words: its arm, and its number of networks where that varies.

    >>> design_name({"arm": "search", "n_networks": 2})
    'search, 2 networks'
    """
    alone = row["arm"] in ("single_task", "linear", "control")
    networks = "" if alone else f", {counted(row['n_networks'], 'network')}"
    return f"{arm_name(row['arm'])}{networks}"


def design_names(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The names of designs by ``design_id``, which tells apart those that have the same.

    >>> one = {"arm": "search", "n_networks": 2, "design_id": "4c1a"}
    >>> design_names([one, {**one, "design_id": "9f3b"}, {**one, "n_networks": 3, "design_id": "77e0"}])
    {'4c1a': 'search, 2 networks (4c1a)', '9f3b': 'search, 2 networks (9f3b)', '77e0': 'search, 3 networks'}
    """
    names = {row["design_id"]: design_name(row) for row in rows}
    often = Counter(names.values())
    return {key: f"{name} ({key})" if often[name] > 1 else name for key, name in names.items()}


def plain(name: str) -> str:
    """A name from the data for a figure's text, where plotly would read markup."""
    return escape(name)
