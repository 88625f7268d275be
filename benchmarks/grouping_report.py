"""What `grouping.py` says of its replays: shares of what can be gained, and how sure the differences are."""

from collections.abc import Iterator

import pandas as pd

from mtl_search.analysis.significance import ALPHA, estimate, holm, verdict

__all__ = ["report"]

LEAST_GAIN = 0.5  # percent
TARGET, TARGET_AT = 0.8, 0.3  # share of the gain, share of the sets
TABLE = ["table", "networks"]


def report(frame: pd.DataFrame) -> str:
    """All tables of the report; ``frame`` has a row for each replay and budget."""
    whole = frame.groupby(TABLE)["everything"].transform("mean")
    there = (whole > LEAST_GAIN) & ~frame["table"].str.startswith("nothing")
    frame = frame.assign(whole=whole, share=(frame["gain"] / whole).where(there))
    return "\n\n".join(f"{title}\n\n{text}" for title, text in _parts(frame))


def _parts(frame: pd.DataFrame) -> Iterator[tuple[str, str]]:
    shares, flat = frame[frame["share"].notna()], frame[frame["share"].isna()]
    if len(shares):
        yield (
            "SHARES of the gain in percent that all sets measured once give (column `whole`), mean and"
            " standard error over seeds",
            _by_budget(shares, "share"),
        )
    if len(flat):
        yield "NOTHING TO GAIN: percent, mean and standard error over seeds", _by_budget(flat, "gain")
    if {"random"} < set(frame["strategy"]) and frame["seed"].nunique() > 1:
        yield from _against_random(frame)
    if len(shares):
        yield (
            "MEAN SHARE over budgets, then over tables and sizes of the design (error: over these)",
            _overall(shares),
        )
        allowed = shares[shares["budget"] <= (TARGET_AT * shares["sets"]).round()]
        near = allowed[allowed["budget"] == allowed.groupby(TABLE)["budget"].transform("max")]
        yield (
            f"WITH {TARGET_AT:.0%} OF THE SETS MEASURED, or the most trainings if fewer",
            _by_budget(near, "share"),
        )
        yield "THE SAME, over tables and sizes of the design", _overall(near)


def _by_budget(frame: pd.DataFrame, value: str) -> str:
    by = [*TABLE, "whole", "budget"]
    groups = frame.groupby([*by, "strategy"], sort=False)[value].agg(["mean", "sem"])
    text = groups["mean"].map("{:.2f}".format) + "±" + groups["sem"].fillna(0.0).map("{:.2f}".format)
    wide = text.unstack("strategy").fillna("").reset_index()
    return wide.assign(whole=wide["whole"].round(2)).set_index(by).to_string()


def _overall(shares: pd.DataFrame) -> str:
    tables = shares.groupby([*TABLE, "strategy"])["share"].mean().unstack("strategy")
    everywhere = tables.dropna(axis=1)  # a strategy that needs what some tables lack is in the parts above
    rows = {
        name: {
            "mean": column.mean(),
            "error": column.sem(),
            "least": column.min(),
            f"from {TARGET}": int((column >= TARGET).sum()),
            "of": len(column),
        }
        for name, column in everywhere.items()
    }
    return pd.DataFrame(rows).T.sort_values("mean", ascending=False).round(3).to_string()


def _against_random(frame: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Paired by seed: gain in percent less that of random sets, averaged over budgets and at each."""
    over = _differences(frame, TABLE)
    mine = over[over["strategy"] == "bayes"]
    if len(mine):
        yield (
            "BAYES LESS RANDOM in percent, paired by seed, mean over budgets (p: two-sided t test, Holm"
            " over tables and sizes)",
            mine.set_index(TABLE).drop(columns="strategy").round(4).to_string(),
        )
    at = _differences(frame, [*TABLE, "budget"])
    counts = pd.DataFrame(
        {
            (grain, verdict): found[found["verdict"] == verdict].groupby("strategy").size()
            for grain, found in (("mean over budgets", over), ("each budget", at))
            for verdict in ("better", "worse")
        },
        index=over["strategy"].unique(),
    )
    counts = counts.fillna(0).astype(int)
    counts["mean over budgets", "of"] = over.groupby("strategy").size()
    counts["each budget", "of"] = at.groupby("strategy").size()
    yield (
        f"SIGNIFICANTLY better or worse than random (p < {ALPHA} after Holm over the tests of a strategy)",
        counts.sort_index(axis=1, level=0, sort_remaining=False).to_string(),
    )


def _differences(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """A row for each strategy and group: mean difference, its error, p-values and the verdict."""
    runs = frame.groupby([*by, "seed", "strategy"], sort=False)["gain"].mean().unstack("strategy")
    rows = []
    for name in runs.columns.drop("random"):
        apart = (runs[name] - runs["random"]).dropna().rename("difference")
        groups = [(key, group) for key, group in apart.groupby(by, sort=False) if len(group) > 1]
        found = [estimate(group) for _, group in groups]
        corrected = holm([one.p for one in found])
        for (key, _), one, p in zip(groups, found, corrected, strict=True):
            rows.append(
                {
                    **dict(zip(by, key, strict=True)),
                    "strategy": name,
                    "difference": one.mean,
                    "error": one.sd / one.n**0.5,
                    "p": one.p,
                    "p_holm": p,
                    "verdict": str(verdict(one.mean, p)),
                }
            )
    return pd.DataFrame(rows)
