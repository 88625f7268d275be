"""The page itself: sections put into the template, in one file that needs nothing else."""

from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from mtl_search.leaderboard import replace_file
from mtl_search.report.answer import answer
from mtl_search.report.costs import costs
from mtl_search.report.evidence import evidence
from mtl_search.report.progress import progress
from mtl_search.report.reasons import reasons
from mtl_search.report.tables import Tables
from mtl_search.report.words import counted

__all__ = ["REPORT", "write_report"]

REPORT = "report.html"

_BADGES = {"better": "good", "worse": "bad", "no difference shown": "mild", "not confirmed": "mild"}


def write_report(path: Path) -> Path:
    """Write the page of the sweep in folder ``path`` to ``report.html`` there; returns where it is.

    Raises `LeaderboardError` if ``path`` holds no sweep. A sweep that was interrupted gets a page that
    says so, with what there is.
    """
    page = path / REPORT
    text = render(Tables.read(path)).encode()
    replace_file(page, lambda file: file.write(text))
    return page


def render(tables: Tables) -> str:
    """The page as text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from plotly.offline import get_plotlyjs

    templates = files("mtl_search.report") / "templates"
    environment = Environment(
        loader=PackageLoader("mtl_search.report"),
        autoescape=True,  # names come from data
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["json_in_html"] = _json_in_html
    environment.filters["capitalize_first"] = lambda text: text[:1].upper() + text[1:]
    return environment.get_template("report.html").render(
        badges=_BADGES,
        name=tables.name,
        subtitle=_subtitle(tables),
        folder=str(tables.path),
        sweep_file=tables.sweep_file,
        answer=answer(tables),
        evidence=evidence(tables),
        reasons=reasons(tables),
        costs=costs(tables),
        progress=progress(tables),
        style=(templates / "report.css").read_text(encoding="utf-8"),
        script=(templates / "report.js").read_text(encoding="utf-8"),
        plotly=get_plotlyjs(),
    )


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
