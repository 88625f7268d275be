"""What ``new`` shows: the table as it looks, and the draft with what it does about it."""

import shlex
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.prompt import Prompt
from rich.text import Text

from mtl_search.drafting import Draft, Look, needs_tasks
from mtl_search.terminal.programs import as_json
from mtl_search.terminal.words import flow, plain_console, plain_table, some

__all__ = ["ask_tasks", "draft_json", "show_draft", "show_look"]

SHOWN = 12  # columns of each kind, and of those that are no inputs
MISSING = 5  # columns that miss most


def show_look(look: Look) -> None:
    """Print rows, columns by what they hold, and missing values."""
    console = plain_console()
    sample = look.sample
    rows = f"{sample.n_rows:,} rows" + ("" if sample.is_whole else f" ({len(sample.table):,} looked at)")
    title = Text.assemble((look.source, "bold"), f": {rows}, {len(look.profiles):,} columns")
    flow(console, title)
    for holds, number in Counter(profile.holds for profile in look.profiles.values()).most_common():
        names = [name for name, profile in look.profiles.items() if profile.holds is holds]
        flow(console, f"{holds} ({number:,}): {some(names, SHOWN)}", 2)
    missing = {name: one.missing / one.rows for name, one in look.profiles.items() if one.missing}
    most = sorted(missing, key=lambda name: -missing[name])
    shares = [f"{name} {missing[name]:.1%}" for name in most]
    flow(console, f"missing values: {some(shares, MISSING)}", 2)
    console.print()


def ask_tasks(look: Look) -> str:
    """What to predict, asked for; the error that says so if there is no answer."""
    console = plain_console()
    flow(console, "Which columns are to be predicted? Names with commas between them.")
    try:
        likely = look.likely
        answer = Prompt.ask("tasks", console=console, default=",".join(likely) if likely else None)
    except EOFError:
        answer = None
    if not answer:
        raise needs_tasks(look)
    return answer


def show_draft(draft: Draft, file: Path) -> None:
    """Print the tasks, what is done about columns, what else was seen, the budget, and what is next."""
    console, data = plain_console(), draft.data
    table = plain_table("Tasks")
    for column in ("  task", "kind", "labels", "what they look like"):
        table.add_column(column, justify="right" if column == "labels" else "left", overflow="fold")
    for task in data.tasks:
        known = data.look.profiles[task.column].known / data.look.profiles[task.column].rows
        options = ", ".join(f"{key} {value}" for key, value in task.options.items())
        what = f"{task.reason}; {options}" if options else task.reason
        table.add_row(f"  {task.name}", task.kind, f"{known:.0%}", what)
    console.print(table)
    console.print()
    _show_uses(console, draft)
    for note in data.notes:
        flow(console, Text.assemble(("note:", "yellow"), f" {note}"))
    budget = draft.spec.document.data["budget"]
    assert isinstance(budget, Mapping)
    size = f"{budget['trials']} trials" if "trials" in budget else f"{budget['hours']:g} hours"
    flow(console, Text.assemble(("Budget", "bold"), f": {size}; {draft.time}"))
    flow(console, Text.assemble(("ok", "green"), f": {file} is written; look through it, then"))
    console.print(f"  mtl-search check {shlex.quote(str(file))}", soft_wrap=True)
    console.print(f"  mtl-search run {shlex.quote(str(file))}", soft_wrap=True)


def _show_uses(console: Console, draft: Draft) -> None:
    uses, spec = draft.data.uses, draft.data.spec
    said = [(name, f"split by time: {why}") for name, why in filter(None, [uses.time])]
    said += [(name, f"group: {why}") for name, why in filter(None, [uses.group])]
    said += [(name, f"dropped: {why}") for name, why in uses.drop.items()]
    reasons = draft.data.reasons
    said += [(name, f"{options.kind}: {reasons[name]}") for name, options in spec.inputs.items()]
    missing = spec.missing if isinstance(spec.missing, dict) else {}
    said += [(name, f"missing: {', '.join(map(str, values))}") for name, values in missing.items()]
    if not said:
        return
    table = plain_table("Columns with another use than as they are")
    table.add_column("  column", overflow="fold")
    table.add_column("what is done, and why", overflow="fold")
    for name, what in said[:SHOWN]:
        table.add_row(f"  {name}", what)
    console.print(table)
    if len(said) > SHOWN:
        console.print(f"  and {len(said) - SHOWN:,} more, in the file")
    console.print()


def draft_json(draft: Draft, file: Path) -> str:
    """The same for programs."""
    data = draft.data
    sample = data.look.sample
    value = {
        "file": file,
        "source": data.look.source,
        "rows": sample.n_rows,
        "rows_looked_at": len(sample.table),
        "columns": {
            name: {"holds": one.holds.value, "missing": one.missing / one.rows, "distinct": one.distinct}
            for name, one in data.look.profiles.items()
        },
        "tasks": {
            task.name: {"column": task.column, "kind": task.kind, **task.options, "why": task.reason}
            for task in data.tasks
        },
        "dropped": data.uses.drop,
        "group": data.uses.group and data.uses.group[0],
        "time": data.uses.time and data.uses.time[0],
        "inputs": {name: options.spelled for name, options in data.spec.inputs.items()},
        "missing": data.spec.missing,
        "notes": data.notes,
        "budget": draft.spec.document.data["budget"],
        "expected_seconds": draft.seconds,
    }
    return as_json(value)
