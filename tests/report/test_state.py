from dataclasses import replace
from pathlib import Path

import pandas as pd

from mtl_search.leaderboard import Leaderboard, Standing, only_process
from mtl_search.report.page import render
from mtl_search.report.state import REFRESH, state
from mtl_search.report.tables import Tables
from tests.fixtures.hospital import HOSPITAL

NOW = pd.Timestamp("2026-01-02 03:04:05", tz="UTC")


def test_a_sweep_that_came_to_its_end_has_no_state(tables: Tables) -> None:
    assert tables.standing is Standing.DONE
    assert state(tables, NOW) is None


def test_an_interrupted_sweep_says_where_and_how_to_go_on(unconfirmed: Tables) -> None:
    found = state(unconfirmed, NOW)
    assert (found.title, found.refresh) == ("This sweep was interrupted.", 0)
    assert found.text.startswith(
        f"{len(unconfirmed.trials)} trials ended, the last one in the search, at 2025-"
    )
    assert found.command == f"mtl-search resume {unconfirmed.path}"


def test_a_sweep_at_work_loads_itself_again(tmp_path: Path) -> None:
    Leaderboard.create(tmp_path, HOSPITAL)
    with only_process(tmp_path):
        tables = Tables.read(tmp_path)
    found, text = state(tables, NOW), render(tables, NOW)
    assert (found.title, found.refresh) == ("This sweep is running.", REFRESH)
    assert "No trial has ended yet. This page is as of 03:04:05 UTC" in found.text
    assert f'id="live" data-seconds="{REFRESH}" data-written="2026-01-02T03:04:05+00:00"' in text
    assert "was stopped before" not in text
    assert 'id="live"' not in render(replace(tables, standing=Standing.INTERRUPTED), NOW)


def test_of_a_sweep_at_work_gains_are_over_the_best_single_tasks_so_far(unconfirmed: Tables) -> None:
    """References are final, and in the tables, only at the end."""
    unsettled = replace(
        unconfirmed,
        tasks=unconfirmed.tasks.assign(reference=float("nan")),
        metrics=unconfirmed.metrics.assign(gain=float("nan")),
        trials=unconfirmed.trials.assign(mean_gain=float("nan")),
    )._unsettled()
    before, after = (one.trials.set_index("trial_id")["mean_gain"] for one in (unconfirmed, unsettled))
    complete = unconfirmed.evidence["trial_id"]
    pd.testing.assert_series_equal(before[complete], after[complete], rtol=1e-3)
