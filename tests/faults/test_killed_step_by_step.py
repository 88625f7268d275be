"""A driver that is killed again and again, at moments of every phase, and goes on each time."""

import random
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from mtl_search.leaderboard import Leaderboard
from mtl_search.records import Phase, TrialRecord
from mtl_search.search import run_sweep
from mtl_search.sweep import SweepSpec
from tests.fixtures.forked import forked
from tests.fixtures.victims import go_on

PATIENCE = 120.0  # seconds for one process; it takes less than one


def finished(path: Path) -> int:
    """How many trials have ended."""
    log = path / "trials.log"
    return log.read_bytes().count(b'{"finish": ') if log.exists() else 0


def kill_after(process: BaseProcess, path: Path, trials: int, seconds: float) -> bool:
    """Kill it so many seconds after so many more trials have ended; False if it came to its end before."""
    wanted, until = finished(path) + trials, time.monotonic() + PATIENCE
    while finished(path) < wanted and process.is_alive() and time.monotonic() < until:
        time.sleep(0.001)
    process.join(seconds)
    if process.exitcode is None:
        process.kill()
        process.join()
    return process.exitcode != 0


def records(path: Path) -> list[TrialRecord]:
    return Leaderboard(path).records() if (path / "trials.log").exists() else []


def kept(trials: list[TrialRecord]) -> list[Any]:
    """What is never another one of a trial that has ended."""
    values = [[(m.task, m.split, m.name, m.value) for m in trial.metrics] for trial in trials]
    return [(t.trial_id, t.config, t.seed, t.score, of_it) for t, of_it in zip(trials, values, strict=True)]


def searched(trials: list[TrialRecord]) -> Counter[str]:
    """Trials of the search by arm, but those by which references catch up."""
    arms = [trial.arm for trial in trials if trial.phase == Phase.SEARCH]
    begun = next(place for place, arm in enumerate(arms) if arm != "single_task")
    return Counter(arms[:begun]) + Counter(arm for arm in arms[begun:] if arm != "single_task")


def test_no_trial_is_lost_or_doubled(tiny_sweep: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    value = tiny_sweep(budget={"trials": 6, "repeats": 1, "finalists": 1, "seeds": 2})
    moments, path = random.Random(7), tmp_path / "tiny"
    before: list[TrialRecord] = []
    killed_in: list[Phase] = []
    for number in range(100):
        process = forked(go_on, tmp_path, value)
        trials = number and moments.randint(1, 4)  # at first before there is anything
        if not kill_after(process, path, trials, moments.uniform(0.0, 0.05)):
            break
        assert process.exitcode == -9, "killed, and ended by nothing else"
        now = records(path)
        assert kept(now[: len(before)]) == kept(before)
        killed_in += [r.phase for r in now[-1:]]
        before = now
    assert len(killed_in) >= 5
    assert set(killed_in) == set(Phase)
    after = records(path)
    assert len({r.trial_id for r in after}) == len(after)
    assert kept(after[: len(before)]) == kept(before)
    assert {r.state.value for r in after} == {"complete"}
    again = Counter((r.phase, r.config_id, r.seed) for r in after if r.phase != Phase.SEARCH)
    assert max(again.values()) == 1
    whole = run_sweep(SweepSpec.from_value(value), tmp_path, name="whole", inline=True).board
    assert searched(after) == searched(whole.records())
    board = Leaderboard(path)
    assert set(board.frame("summary")["n_seeds"]) == set(whole.frame("summary")["n_seeds"]) == {2}
