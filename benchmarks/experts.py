"""Ways of sharing on Census-Income, beside what Ma et al. 2018 report: the table of `benchmarks/README.md`.

    mtl-search run search_spaces/census_experts.yaml
    python -m benchmarks.experts results/census_experts

Published are their Tables 1 and 2 (KDD 2018, doi:10.1145/3219819.3220007): mean test AUC of 400 trainings.
The paper also gives the AUC of the best of the 400 on test, which nothing here compares with.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

__all__ = ["designs_of", "table"]

ROOT = Path(__file__).parents[1]
HEAD = """\
| sharing | income | paper | college | paper | never married | paper | parameters | gain, % |
|---|---|---|---|---|---|---|---|---|"""


@dataclass(frozen=True, slots=True)
class Published:
    """Mean AUC on test: of income (Table 1), of education (Table 2) and of marital status (in both)."""

    income: float
    college: float
    never_married: tuple[float, float]


METHODS: tuple[tuple[str, str | None, Published | None], ...] = (
    ("each task alone", "single_task", Published(0.9337, 0.8792, (0.9922, 0.9922))),
    ("shared bottom", "shared_equal", Published(0.9295, 0.8813, (0.9921, 0.9917))),
    ("shared bottom, tuned weights", "shared_tuned", None),
    ("L2-constrained", None, Published(0.9359, 0.8823, (0.9918, 0.9918))),
    ("tensor factorisation", None, Published(0.6765, 0.7256, (0.8412, 0.7497))),
    ("cross-stitch", "cross_stitch", Published(0.9361, 0.8819, (0.9922, 0.9921))),
    ("experts, one gate (OMoE)", None, Published(0.9319, 0.8813, (0.9923, 0.9912))),
    ("experts, a gate a task (MMoE)", "mmoe", Published(0.9359, 0.8826, (0.9927, 0.9924))),
    ("shared and own experts (PLE)", "ple", None),
    ("tree", "search", None),
    ("boosted trees, each task alone", "trees", None),
)
"""Each in words, its arm, and what is published of it."""


def designs_of(summary: pd.DataFrame) -> dict[str, pd.Series]:
    """The confirmed design of each arm; of several the best on valid."""
    found: dict[str, pd.Series] = {}
    for _, design in summary.sort_values("delta_m_valid", ascending=False).iterrows():
        for arm in design["arms"]:
            found.setdefault(arm, design)
    return found


def table(summary: pd.DataFrame, of_tasks: pd.DataFrame) -> str:
    """All methods as Markdown: ours over the seeds of the confirmation, beside what is published."""
    designs, rows = designs_of(summary), []
    values = of_tasks.set_index(["design_id", "task"])
    for name, arm, published in METHODS:
        design = designs.get(arm or "")
        if design is None and published is None:
            continue
        cells = [name]
        for task in ("income", "college", "never_married"):
            cells.append("" if design is None else _ours(values.loc[(design["design_id"], task)]))
            cells.append("" if published is None else _theirs(getattr(published, task)))
        cells += (
            ["", ""]
            if design is None
            else [f"{design['n_params']:,}" if design["n_params"] else "", _gain(design)]
        )
        rows.append(f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |"))
    return "\n".join([HEAD, *rows])


def _ours(result: pd.Series) -> str:
    return f"{result['value']:.4f} ± {result['value_sd']:.4f}"


def _theirs(values: float | tuple[float, float]) -> str:
    return " / ".join(f"{value:.4f}" for value in (values if isinstance(values, tuple) else (values,)))


def _gain(design: pd.Series) -> str:
    """Over each task alone, with its interval."""
    bold = "**" if design["chosen"] else ""
    return (
        f"{bold}{design['delta_m']:+.2f}{bold} [{design['delta_m_low']:+.2f}, {design['delta_m_high']:+.2f}]"
    )


def main() -> None:
    """Print the table of a finished sweep."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("results", nargs="?", type=Path, default=ROOT / "results" / "census_experts")
    folder = options.parse_args().results
    print(
        table(pd.read_parquet(folder / "summary.parquet"), pd.read_parquet(folder / "summary_tasks.parquet"))
    )


if __name__ == "__main__":
    main()
