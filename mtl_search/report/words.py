"""Numbers and names as the page shows them."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from mtl_search.analysis import verdict_words
from mtl_search.analysis.verdict_words import counted, listed, percent
from mtl_search.arm_names import (
    ALONE_ARMS,
    CONTROL,
    LINEAR,
    POOLED,
    SEARCH,
    SHARED_EQUAL,
    SHARED_TUNED,
    SINGLE_TASK,
    TREES,
)
from mtl_search.records import DesignRecord, SummaryRecord

__all__ = [
    "amount",
    "arm_name",
    "counted",
    "design_name",
    "design_names",
    "duration",
    "gain",
    "interval",
    "listed",
    "plain",
    "points",
    "setting",
    "short",
    "some",
    "typeset",
    "value",
]

MINUS, THIN, FIXED = "\N{MINUS SIGN}", "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"

_MINUS = re.compile(r"(?<![\w.])-(?=\d)")
_AMOUNT = re.compile(r"(?<=\d) (?=[kMG]\b)")
_BRACKETS = re.compile(r"\[[^\[\]]*\d\]")
_ARMS = {
    SINGLE_TASK: "single task",
    SHARED_EQUAL: "all in one, equal",
    SHARED_TUNED: "all in one, tuned",
    LINEAR: "linear",
    TREES: "boosted trees",
    SEARCH: "search",
    POOLED: "networks of all arms",
    CONTROL: "control: each task alone",
}


def gain(number: float, digits: int = 2) -> str:
    r"""A gain with its sign as it is set on the page; an unknown one is a dash.

    >>> gain(1.264), gain(-1.5), gain(float("nan"))
    ('+1.26\u202f%', '\u22121.50\u202f%', '–')
    """
    return typeset(percent(number, digits, unknown="–"))


def points(difference: float, digits: int = 1) -> str:
    r"""A difference of gains in percentage points; an unknown one is a dash.

    >>> points(0.31), points(-1.5), points(float("nan"))
    ('+0.3\xa0points', '\u22121.5\xa0points', '–')
    """
    text = gain(difference, digits).removesuffix(f"{THIN}%")
    return f"{text}{FIXED}points" if math.isfinite(difference) else text


def typeset(sentence: str) -> str:
    r"""A sentence with its numbers as they are set on the page: with a minus, and never broken.

    >>> typeset("gains -1.50 % [-2.00, +1.00]")
    'gains \u22121.50\u202f%\xa0[\u22122.00,\xa0+1.00]'
    """
    text = _MINUS.sub(MINUS, sentence).replace(" %", f"{THIN}%").replace("% [", f"%{FIXED}[")
    text = _AMOUNT.sub(THIN, text)
    return _BRACKETS.sub(lambda ends: ends[0].replace(" ", FIXED), text)


def interval(low: float, high: float) -> str:
    r"""Both ends of an interval in percent on one line, empty if there is none.

    >>> interval(0.5, 1.25)
    '+0.50\xa0to\xa0+1.25\u202f%'
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f"{gain(low).removesuffix(f'{THIN}%')}{FIXED}to{FIXED}{gain(high)}"


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


def arm_name(arm: str) -> str:
    """An arm in words; those of the user under their own name."""
    return _ARMS.get(arm, arm)


def design_name(row: DesignRecord | SummaryRecord) -> str:
    """A design in words: its arm, and its number of networks if that varies."""
    alone = row.arm in (*ALONE_ARMS, CONTROL)
    networks = "" if alone else f", {counted(row.n_networks, 'network')}"
    return f"{arm_name(row.arm)}{networks}"


def design_names(rows: Iterable[DesignRecord | SummaryRecord]) -> dict[str, str]:
    """The names of designs by ``design_id``, which is added where two have the same name."""
    names = {row.design_id: design_name(row) for row in rows}
    often = Counter(names.values())
    return {key: f"{name} ({key})" if often[name] > 1 else name for key, name in names.items()}


def short(name: str, most: int = 34) -> str:
    """A name of at most ``most`` letters: of a longer one its beginning and its end.

    >>> short("half_maximal_inhibition_of_aromatase", 20)
    'half_maxim…aromatase'
    """
    return name if len(name) <= most else f"{name[: most // 2]}…{name[1 - most // 2 :]}"


def some(names: Sequence[str], noun: str, most: int = 6) -> str:
    """Names in one line, or how many there are if they are many."""
    return ", ".join(names) if len(names) <= most else counted(len(names), noun)


def plain(name: str) -> str:
    """A name from the data for a figure's text, where plotly would read markup."""
    return escape(name)
