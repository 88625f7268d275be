"""Sweeps from Python show their progress where somebody looks, and nowhere else."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mtl_search.search import SweepResult, Watch
from mtl_search.terminal import interactive
from mtl_search.terminal.watching import Watches


@pytest.mark.parametrize("where", ["force_terminal", "force_jupyter", None])
def test_where_progress_is_shown(where: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, Any] = {where: True} if where else {}
    monkeypatch.setattr(interactive, "plain_console", lambda: Console(file=io.StringIO(), **options))
    seen: list[Any] = []

    def run(spec: object, watch: Watch | None = None) -> SweepResult:
        seen.append(watch)
        return SweepResult(Path(), interrupted=False, hopeless=None)

    mine = Watch()
    interactive._shown(run)("spec")
    interactive._shown(run)("spec", watch=mine)
    assert isinstance(seen[0], Watches) if where else seen[0] is None
    assert seen[1] is mine
