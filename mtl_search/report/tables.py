"""What the page is made of: a sweep's tables and the text of its file, read once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd

from mtl_search.analysis.frames import main_tasks, rows_of, searched
from mtl_search.analysis.verdict_text import recommended
from mtl_search.arm_names import CONTROL, OUR_ARMS, POOLED, REFERENCE_ARMS, SEARCH
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import DesignRecord, Phase, SummaryRecord

__all__ = ["Tables"]


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one sweep, as the sections of the page read them."""

    path: Path
    sweep_file: str
    trials: pd.DataFrame
    metrics: pd.DataFrame
    epochs: pd.DataFrame
    tasks: pd.DataFrame
    designs: list[DesignRecord]
    summary: list[SummaryRecord]

    @classmethod
    def read(cls, path: Path) -> Self:
        """The sweep in folder ``path``; its file may be missing, its tables may not (`LeaderboardError`)."""
        board = Leaderboard(path)
        file = path / "sweep.yaml"
        text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
        trials, metrics, epochs, tasks = map(board.frame, ("trials", "metrics", "epochs", "tasks"))
        return cls(
            path, text, trials, metrics, epochs, tasks, board.design_records(), board.summary_records()
        )

    @property
    def name(self) -> str:
        """The sweep's name."""
        return str(self.trials["sweep"].iloc[0]) if len(self.trials) else self.path.name

    @property
    def arms(self) -> list[str]:
        """The arms in the order they are shown: references, those of the user, the search."""
        found = set(self.trials["arm"]) | {design.arm for design in self.designs}
        users = sorted(found - set(OUR_ARMS))
        return [arm for arm in (*REFERENCE_ARMS, *users, SEARCH, POOLED, CONTROL) if arm in found]

    @property
    def trained(self) -> list[str]:
        """The arms that have trials of their own: not ``pooled``, nor ``control``."""
        there = set(self.trials.loc[self.trials["phase"] == Phase.SEARCH.value, "arm"])
        return [arm for arm in self.arms if arm in there]

    @property
    def main(self) -> tuple[str, ...]:
        """The tasks that count in delta_m."""
        return main_tasks(self.tasks)

    @property
    def evidence(self) -> pd.DataFrame:
        """The trials of the search that were trained to their end, each once."""
        return searched(self.trials)

    def winner(self) -> DesignRecord | None:
        """The recommended design; None without designs."""
        return recommended(self.designs)

    def confirmed(self, design: DesignRecord | None) -> SummaryRecord | None:
        """What the confirmation says of a design, None if it was not trained again."""
        key = design.design_id if design else None
        return next((row for row in self.summary if row.design_id == key), None)

    def trial(self, trial_id: str) -> dict[str, Any]:
        """The row of a trial."""
        return rows_of(self.trials[self.trials["trial_id"] == trial_id])[0]
