"""Words: gains, intervals and times as people read them."""

import io
import math

import pytest
from rich.text import Text

from mtl_search.analysis.verdict_words import percent
from mtl_search.terminal.words import duration, flow, interval, plain_console, plain_table


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0.00 %"), (-0.5, "-0.50 %"), (123.456, "+123.46 %"), (math.nan, "-"), (math.inf, "-")],
)
def test_percent(value: float, shown: str) -> None:
    assert percent(value) == shown


@pytest.mark.parametrize("ends", [(math.nan, 1.0), (1.0, math.inf), (-math.inf, 1.0)])
def test_an_interval_without_an_end(ends: tuple[float, float]) -> None:
    assert interval(*ends) == "-"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (0.6, "0:01"), (59.6, "1:00"), (60, "1:00"), (3599.7, "1:00:00"), (36_000, "10:00:00")],
)
def test_duration(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_text_is_printed_as_it_is() -> None:
    console = plain_console()
    console.file = io.StringIO()
    table = plain_table("a [title]")
    table.add_column("[name]")
    table.add_row("[bold]x[/y]")
    console.print("[red]a[/b]", "1.5")
    console.print(table)
    assert [line.strip() for line in console.file.getvalue().splitlines()] == [
        "[red]a[/b] 1.5",
        "a [title]",
        "[name]",
        "[bold]x[/y]",
    ]


def test_no_character_of_a_name_moves_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    console = plain_console()
    name = "age\x1b[2J\x1b]0;title\x07\r\x9b1m of\u202fpatients"
    table = plain_table(name)
    table.add_column(name)
    table.add_row(Text(name, "bold"))
    console.print(table)
    console.print(name)
    flow(console, name)
    said = capsys.readouterr().out
    assert said.count("age[2J]0;title1m of\u202fpatients") == 5
    assert not set("\x1b\x07\r\x9b") & set(said)
