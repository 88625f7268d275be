"""The tables of ``tabular.py``, in Markdown: kinds of network, and the bars of the shipped sweeps."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.tabular_sweeps import KINDS
from mtl_search import Leaderboard
from mtl_search.arm_names import SEARCH, SHARED_TUNED, SINGLE_TASK, TREES

__all__ = ["Bars", "bars", "table"]

Seconds = Mapping[str, Mapping[str, float]]

ROWS = {
    SINGLE_TASK: "MLP, each task alone",
    SHARED_TUNED: "MLP, loss weights tuned",
    **{arm: title for arm, (title, _) in KINDS.items()},
    TREES: "LightGBM, each task alone",
}
BARS = {"support2_nine": 0.0, "yeast": 0.0, "census_income": -0.3}
"""What the recommended design of a shipped sweep has to gain over LightGBM, in percent, at least."""


def table(boards: Mapping[str, Leaderboard], seconds: Seconds) -> tuple[str, Mapping[str, object]]:
    """The gains of each kind on each data set as a table, and as values."""
    summaries = {name: board.frame("summary") for name, board in boards.items()}
    found = {name: {arm: _of_arm(summary, arm) for arm in ROWS} for name, summary in summaries.items()}
    heads = [head for name in boards for head in (name, "an epoch", "a training")]
    lines = [f"| network | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|"]
    for arm, title in ROWS.items():
        cells = [cell for name in boards for cell in _cells(found[name], arm, seconds[name])]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    gains = {
        name: {arm: row["delta_m"] for arm, row in of_arms.items() if row is not None}
        for name, of_arms in found.items()
    }
    return "\n".join(lines), {"delta_m": gains, "seconds": seconds}


def _of_arm(summary: pd.DataFrame, arm: str) -> Mapping[str, float] | None:
    """What the confirmation showed of the smallest design of an arm; None if it has none."""
    rows = summary[summary["arms"].map(lambda arms: arm in arms)].sort_values("n_networks")
    return {str(name): value for name, value in rows.iloc[0].items()} if len(rows) else None


def _cells(
    of_arms: Mapping[str, Mapping[str, float] | None], arm: str, seconds: Mapping[str, float]
) -> Iterator[str]:
    """Gain with its interval, the costs of an epoch, and of a training, relative to the shared MLP."""
    row, plain = of_arms[arm], of_arms[SEARCH]
    if row is None or plain is None:
        yield from ("-", "-", "-")
        return
    yield (
        "0"
        if arm == SINGLE_TASK
        else _with_interval(*(row[f"delta_m{end}"] for end in ("", "_low", "_high")))
    )
    yield f"{seconds[arm]:.1f}" if arm in seconds else "-"
    yield f"{row['train_seconds'] / plain['train_seconds']:.1f}"


def _with_interval(mean: float, low: float, high: float) -> str:
    return f"{mean:+.2f} [{low:+.2f}, {high:+.2f}]" if math.isfinite(mean) else "-"


@dataclass(frozen=True, slots=True)
class Bars:
    """The recommended design less LightGBM for each shipped sweep, in words and as values."""

    text: str
    found: Mapping[str, float]


def bars(folder: Path) -> Bars:
    """Of the shipped sweeps whose results are in ``folder``."""
    lines, found = [], {}
    for name, least in BARS.items():
        if not (folder / name / "summary.parquet").exists():
            lines.append(f"{name}: no results in {folder / name}")
            continue
        summary = Leaderboard(folder / name).frame("summary")
        (best,) = summary[summary["chosen"]].to_dict("records")
        difference = best["vs_trees_difference"]
        found[name] = difference
        text = _with_interval(difference, best["vs_trees_low"], best["vs_trees_high"])
        said = "reached" if difference > least else "missed"
        lines.append(f"{name}: recommended design less LightGBM {text} %, wanted more than {least:g}: {said}")
    return Bars("\n".join(lines), found)
