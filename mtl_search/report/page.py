"""The page itself: sections put into the template, in one file that needs nothing else."""

import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from markupsafe import Markup, escape

from mtl_search.leaderboard import replace_file
from mtl_search.report.answer import answer
from mtl_search.report.company import COLUMNS, disagreement, together
from mtl_search.report.costs import costs
from mtl_search.report.evidence import evidence
from mtl_search.report.glossary import GLOSSARY, Terms, slug
from mtl_search.report.history import so_far
from mtl_search.report.pictures import examples
from mtl_search.report.progress import progress
from mtl_search.report.reasons import reasons
from mtl_search.report.state import state
from mtl_search.report.strip import strip
from mtl_search.report.tables import Tables
from mtl_search.report.trial_table import trial_table
from mtl_search.report.words import counted

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["REPORT", "write_report"]

REPORT = "report.html"
_SCRIPTS = ("report.js", "terms.js", "trials.js", "live.js")
_WHAT = re.compile(r"^(Train )(each task alone|[\w ]+? networks?)\b")

_BADGES = {"better": "good", "worse": "bad", "no difference shown": "mild", "not confirmed": "mild"}


def write_report(path: Path) -> Path:
    """Write the page of the sweep in folder ``path`` to ``report.html`` there; returns where it is.

    Raises `LeaderboardError` if ``path`` holds no sweep. The page of a sweep at work says so and loads itself
    again; that of an interrupted one says where it stopped and how to go on.
    """
    page = path / REPORT
    text = render(Tables.read(path), pd.Timestamp.now("UTC")).encode()
    replace_file(page, lambda file: file.write(text))
    return page


def render(tables: Tables, now: pd.Timestamp) -> str:
    """The page as text; ``now`` matters for a sweep at work alone."""
    from plotly.offline import get_plotlyjs

    design, confirmed = tables.advised, tables.confirmed(tables.advised)
    return (
        _environment()
        .get_template("report.html")
        .render(
            badges=_BADGES,
            name=tables.name,
            subtitle=_subtitle(tables),
            folder=tables.place,
            sweep_file=tables.sweep_file,
            state=state(tables, now),
            answer=answer(tables),
            so_far=so_far(tables),
            evidence=evidence(tables),
            reasons=reasons(tables),
            examples=examples(tables),
            strip=strip(tables),
            company_columns=COLUMNS,
            company_rows=together(design, confirmed, tables) if design else (),
            disagreement=disagreement(design, confirmed, tables) if design else "",
            costs=costs(tables),
            progress=progress(tables),
            trials=trial_table(tables),
            glossary=GLOSSARY,
            style=_own("report.css"),
            scripts=[_own(name) for name in _SCRIPTS],
            plotly=get_plotlyjs(),
        )
    )


def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("mtl_search.report"),
        autoescape=True,  # names come from data
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["json_in_html"] = _json_in_html
    environment.filters["capitalize_first"] = lambda text: text[:1].upper() + text[1:]
    environment.filters["terms"] = Terms().linked
    environment.filters["slug"] = slug
    environment.filters["strong"] = _strong
    return environment


def _own(name: str) -> str:
    return (files("mtl_search.report") / "templates" / name).read_text(encoding="utf-8")


def _strong(headline: str) -> Markup:
    """What to train in bold: how many networks, or each task alone.

    >>> _strong("Train one network for both tasks (10 parameters).")
    Markup('Train <strong>one network</strong> for both tasks (10 parameters).')
    """
    return Markup(_WHAT.sub(r"\1<strong>\2</strong>", str(escape(headline)), count=1))


def _json_in_html(text: str) -> Markup:
    """JSON that cannot end the script element it stands in."""
    return Markup(text.replace("<", "\\u003c"))


def _subtitle(tables: Tables) -> str:
    """The size of the sweep."""
    n_main = len(tables.main)
    helpers = len(tables.tasks) - n_main
    auxiliary = f" and {counted(helpers, 'auxiliary one')}" if helpers else ""
    trials, arms = counted(len(tables.trials), "trial"), counted(len(tables.trained), "arm")
    return f"{counted(n_main, 'task')}{auxiliary}, {trials} in {arms}"
