"""How values are written in the terminal."""

import math
from collections.abc import Iterator, Sequence
from typing import final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from mtl_search.errors import without_controls

__all__ = ["ago", "duration", "flow", "interval", "plain_console", "plain_table", "some"]


def interval(low: float, high: float) -> str:
    """The ends of an interval in percent; a dash if there is none.

    >>> interval(-0.4, 1.37)
    '[-0.40, +1.37]'
    """
    return f"[{low:+z.2f}, {high:+z.2f}]" if math.isfinite(low) and math.isfinite(high) else "-"


def duration(seconds: float) -> str:
    """Seconds as ``2:03`` or ``1:02:03``.

    >>> duration(123), duration(3723)
    ('2:03', '1:02:03')
    """
    minutes, second = divmod(round(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02d}:{second:02d}" if hour else f"{minute}:{second:02d}"


def ago(seconds: float) -> str:
    """How long ago, in the largest unit of which there are two.

    >>> ago(90), ago(8_000), ago(-3), ago(13 * 86_400)
    ('90 s ago', '2 h ago', '0 s ago', '13 days ago')
    """
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size:,.0f} {unit} ago"
    return f"{max(0.0, seconds):.0f} s ago"


def some(names: Sequence[str], shown: int = 40) -> str:
    """Names with commas, and how many more there are: a table may have thousands of columns.

    >>> some(["a", "b", "c"], shown=2), some([])
    ('a, b and 1 more', 'none')
    """
    text = ", ".join(names[:shown]) or "none"
    return f"{text} and {len(names) - shown:,} more" if len(names) > shown else text


@final
class _Console(Console):
    """One that leaves it to the command line what a closed pipe means (rich ends the process with 1), and
    to nobody else what a terminal does."""

    @override
    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else without_controls(text), style, control)

    @override
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def plain_console(*, soft_wrap: bool = False) -> Console:
    """A console that prints text as it is: names of columns and folders may have brackets."""
    return _Console(highlight=False, markup=False, soft_wrap=soft_wrap)


def flow(console: Console, text: Text | str, by: int = 0) -> None:
    """Print ``text`` in lines of the console's width, each ``by`` characters to the right."""
    text = text if isinstance(text, Text) else Text(text)
    for line in text.wrap(console, console.width - by):
        line.rstrip()
        console.print(Text.assemble(" " * by, line))


def plain_table(title: str | None = None) -> Table:
    """A table without lines, its title to the left."""
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        padding=(0, 1, 0, 0),
        header_style="dim",
    )
