"""What `grouping.py` says of its replays: shares of what can be gained, and how sure the differences are."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.grouping_tables import is_development

__all__ = ["report"]

LEAST_GAIN = 0.5  # percent
RIVALS = ("random", "hoa", "thompson")  # the floor: the best of them, table by table and budget by budget
SURE = 2.0  # standard errors, over seeds, of a difference that counts
FAMILIES = ("development", "validation")
PER_TASK = {"at most 1": 1.0, "at most 2": 2.0, "at most 4": 4.0, "more": float("inf")}
CASE = ["table", "networks"]


def report(frame: pd.DataFrame) -> str:
    """All tables of the report; ``frame`` has a row for each replay and budget."""
    whole = frame.groupby(CASE)["everything"].transform("mean")
    there = (whole > LEAST_GAIN) & ~frame["table"].str.startswith("nothing")
    frame = frame.assign(
        whole=whole,
        share=(frame["gain"] / whole).where(there),
        family=np.where(frame["table"].map(is_development), *FAMILIES),
    )
    return "\n\n".join(f"{title}\n\n{text}" for title, text in _parts(frame))


def _parts(frame: pd.DataFrame) -> Iterator[tuple[str, str]]:
    for family in FAMILIES:
        part = frame[frame["family"] == family]
        shares, flat = part[part["share"].notna()], part[part["share"].isna()]
        if len(shares):
            yield (
                f"{family.upper()}: share of the gain in percent that all sets measured once give (`whole`),"
                " mean over budgets and its standard error over seeds",
                _by_case(shares, "share"),
            )
        if len(flat):
            yield (
                f"{family.upper()}, nothing to gain: percent, mean over budgets and its error",
                _by_case(flat, "gain"),
            )
    for family in FAMILIES:
        shares = frame[(frame["family"] == family) & frame["share"].notna()]
        if len(shares):
            yield f"{family.upper()}: {SUMMARY}", _summary(shares)
            yield f"{family.upper()}: mean share over cases, by the trainings per task", _by_budget(shares)


SUMMARY = f"""mean share over budgets, then over cases (a table and a size of the design)
  error: of the mean, over cases        worst case, worst budget: the least of one case, of one budget in one
  over NAME, error: by how much the mean over cases is above NAME's, paired by case
  below: how many of the budgets of all cases are below the best of {", ".join(RIVALS)} there by more than
  {SURE:g} standard errors, paired by seed; shortfall: the mean over all of them of what is missing to it"""


def _by_case(frame: pd.DataFrame, value: str) -> str:
    runs = frame.groupby([*CASE, "whole", "strategy", "seed"], sort=False)[value].mean()
    groups = runs.groupby(level=[*CASE, "whole", "strategy"], sort=False).agg(["mean", "sem"])
    text = groups["mean"].map("{:.2f}".format) + "±" + groups["sem"].fillna(0.0).map("{:.2f}".format)
    wide = text.unstack("strategy").fillna("").reset_index()
    return wide.assign(whole=wide["whole"].round(2)).set_index([*CASE, "whole"]).to_string()


def _by_budget(shares: pd.DataFrame) -> str:
    """A row for each range of budgets, its errors over cases."""
    per_task = pd.cut(shares["budget"] / shares["tasks"], [0.0, *PER_TASK.values()], labels=list(PER_TASK))
    by = [*CASE, "trainings per task", "strategy"]
    cases = shares.assign(**{by[2]: per_task}).groupby(by, observed=True)["share"].mean()
    means = cases.groupby(level=by[2:], observed=True).agg(["mean", "sem"]).fillna(0.0)
    text = means["mean"].map("{:.2f}".format) + "±" + means["sem"].map("{:.2f}".format)
    return text.unstack("strategy").to_string()


def _summary(shares: pd.DataFrame) -> str:
    """A row for each strategy that was replayed on every table."""
    cases = shares.groupby([*CASE, "strategy"])["share"].mean().unstack("strategy").dropna(axis=1)
    budgets = shares.groupby([*CASE, "budget", "strategy"])["share"].mean().unstack("strategy")
    floors = [rival for rival in RIVALS if rival in cases]
    rows = {}
    for name, column in cases.items():
        row: dict[str, object] = {
            "mean": column.mean(),
            "error": column.sem(),
            "worst case": column.min(),
            "worst budget": budgets[name].min(),
        }
        for rival in floors:
            apart = column - cases[rival]
            row[f"over {rival}"], row[f"error {rival}"] = apart.mean(), apart.sem()
        if floors:
            row |= _against_floor(shares, str(name), floors)
        rows[name] = row
    return pd.DataFrame(rows).T.sort_values("mean", ascending=False).round(3).to_string()


def _against_floor(shares: pd.DataFrame, name: str, rivals: list[str]) -> dict[str, object]:
    """How often, and by how much, a strategy is below the best of the rivals at a budget of a case."""
    by = [*CASE, "budget"]
    runs = shares.pivot_table(index=[*by, "seed"], columns="strategy", values="share")
    best = runs[rivals].groupby(level=by).mean().idxmax(axis=1)
    parts = []
    for rival in rivals:
        apart = (runs[name] - runs[rival]).groupby(level=by).agg(["mean", "sem"])
        parts.append(apart[best == rival])
    apart = pd.concat(parts)
    below = apart["mean"] < -SURE * apart["sem"].fillna(0.0)
    shortfall = (-apart["mean"]).clip(lower=0.0)
    return {"below": int(below.sum()), "of": len(apart), "shortfall": shortfall.mean()}
