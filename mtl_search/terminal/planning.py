"""What is trained in all, by step and arm, in words."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mtl_search.arm_names import CONTROL
from mtl_search.search import Count, Part, Step, TrialPlan
from mtl_search.sweep import SweepSpec
from mtl_search.terminal.words import plain_table

__all__ = ["plan_table", "show_plan", "total_words"]


def show_plan(console: Console, plan: TrialPlan, spec: SweepSpec) -> None:
    """Print how many trials each step trains, and why these."""
    console.print(Text("What is trained", "bold"))
    console.print(plan_table(plan, spec))
    if spec.settings.budget.hours is not None:
        console.print("  what follows the search is bounded by the hours too")
    console.print()


def plan_table(plan: TrialPlan, spec: SweepSpec) -> Table:
    """A row a step, then its arms."""
    table = plain_table()
    for title in ("  step", "trials", "range", "of which"):
        table.add_column(title, justify="right" if title in ("trials", "range") else "left")
    for step in Step:
        parts, count = plan.within(step), plan.of(step)
        if step is Step.SEARCH and not parts:
            table.add_row(f"  {step}", "", "", f"as many as {spec.settings.budget.hours:g} hours allow")
        elif parts:
            arms = (
                ", ".join(_arms(parts)) if len(parts) > 1 else "single_task, tuned as what the search found"
            )
            table.add_row(f"  {step}", _expected(count), _range(count), arms)
    return table


def total_words(plan: TrialPlan) -> str:
    """All steps, in a few words; empty under a budget of hours.

    >>> total_words(TrialPlan((Part(Step.SEARCH, "search", Count.exactly(1)),)))
    '1 trial'
    >>> total_words(TrialPlan((Part(Step.SEARCH, "search", Count(24, 48, 90)),)))
    'about 48 trials (24 to 90)'
    """
    total = plan.total
    if not plan.within(Step.SEARCH):
        return ""
    between = "" if total.is_exact else f" ({_range(total)})"
    return f"{_expected(total)} trial{'s' * (total.expected != 1)}{between}"


def _expected(count: Count) -> str:
    return f"{count.expected:,}" if count.is_exact else f"about {count.expected:,}"


def _range(count: Count) -> str:
    return "" if count.is_exact else f"{count.low:,} to {count.high:,}"


def _arms(parts: tuple[Part, ...]) -> Iterator[str]:
    for part in parts:
        name = "controls" if part.arm == CONTROL else part.arm
        yield f"{name} {'' if part.count.is_exact else '~'}{part.count.expected}"
