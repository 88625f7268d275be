"""How a sweep stands: the table, the bar, the facts below it, and one line; in narrow terminals too."""

import io
from typing import Any

import pytest
from rich.console import Console

from mtl_search.search import ArmProgress, Count, RunningTrial, Snapshot, Step
from mtl_search.terminal.progress import draw, line

ARMS = (
    ArmProgress("single_task", 3, 1, 0, 0, Count.exactly(4), 0.0),
    ArmProgress("search", 2, 1, 1, 2, Count.exactly(9), 1.234),
    ArmProgress("mine", 0, 0, 0, 0, Count.exactly(9)),
    ArmProgress("confirmation", 0, 0, 0, 0, Count(6, 12, 20)),
)
RUNNING = (
    RunningTrial("search", ("age", "cost"), 7, 20),
    RunningTrial("search", ("age", "cost", "hospital_death", "stay"), 0, 20),
)


def snapshot(**changes: Any) -> Snapshot:
    values: dict[str, Any] = {
        "step": Step.SEARCH,
        "arms": ARMS,
        "done": 8,
        "failed": 1,
        "planned": Count(28, 34, 42),
        "seconds": 61.0,
        "before": 0.0,
        "seconds_left": 107.0,
        "running": RUNNING,
        "chosen": ("age", "cost"),
        "note": "explore may raise the design by 0.42 %",
    }
    return Snapshot(**{**values, **changes})


def shown(view: Snapshot, age: float = 0.0, width: int = 100) -> list[str]:
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False)
    console.print(draw(view, age))
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return [" ".join(each.split()) for each in text.splitlines()]


def test_arms_and_later_steps_in_their_rows() -> None:
    lines = shown(snapshot())
    assert lines[:5] == [
        "arm trials running stopped failed best design",
        "single_task 4/4 1 0.00 %",
        "search 4/9 2 1 1 +1.23 %",
        "mine 0/9",
        "confirmation 0/~12",
    ]


def test_trials_failures_and_times_in_one_line_then_what_is_trained_and_why() -> None:
    assert shown(snapshot())[6:] == [
        "8 of about 34 trials, 1 failed, 1:01 so far, about 1:47 left",
        "training age + cost (epoch 7/20), age + 3 more (epoch 0/20)",
        "chosen age + cost",
        "why a new set: may raise the design by 0.42 %",
        "",
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"starting": True}, "starting workers"),
        ({"before": 300.0}, "1:01 so far (all runs 6:01)"),
        ({"planned": Count.exactly(34)}, "8 of 34 trials"),
        ({"planned": None}, "8 trials"),
        ({"seconds_left": None}, "1:01 so far"),
        ({"running": RUNNING * 2}, "1 more"),
        ({"running": (RunningTrial("search", ("age",)),)}, "training age\n"),
        ({"note": "start"}, "why begins with what did well elsewhere"),
        ({"note": "the references try what the search found"}, "why the references try"),
    ],
)
def test_what_else_may_be_said(change: dict[str, Any], said: str) -> None:
    assert said in "\n".join(shown(snapshot(**change)))


def test_the_clock_runs_on_between_snapshots() -> None:
    assert "1:11 so far, about 1:37 left" in "\n".join(shown(snapshot(), age=10.0))
    assert "about 0:00 left" in "\n".join(shown(snapshot(), age=999.0))


@pytest.mark.parametrize("width", [100, 80, 60, 40])
def test_nothing_is_cut_where_the_terminal_is_narrow(width: int) -> None:
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False)
    console.print(draw(snapshot(before=300.0), 0.0))
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    words = " ".join(text.split())
    for part in ("single_task", "4/9", "+1.23 %", "1 failed", "1:47 left", "20)", "0.42 %"):
        assert part in words
    assert ("stopped" in words) == (width >= 60)


def test_one_line() -> None:
    assert line(snapshot()) == (
        "search: 8 of about 34 trials (1 failed), 1:01 so far, about 1:47 left; "
        "best designs: single_task 0.00 %, search +1.23 %"
    )
    nothing = snapshot(arms=ARMS[2:], planned=None, seconds_left=None, starting=True, failed=0)
    assert line(nothing) == "starting workers: 8 trials, 1:01 so far; best designs: none yet"
